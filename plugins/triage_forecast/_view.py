"""How a forecast is shown to people: tables and a plot on the terminal, panels in a picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from triage_forecast._facts import NEARLY

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from triage_forecast._backtest import Backtest
    from triage_forecast._choosing import Outlook

__all__ = ["picture", "show"]

_SHOWN = 12  # queues in a table
_PANELS = 9  # queues in a picture
_WIDE = 100  # columns of a terminal that hold means and intervals of a week side by side
_WEEKS = 8  # of the past that are drawn
_DAYS = 7  # side by side
_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def show(backtest: Backtest, found: Outlook, facts: dict[str, Any]) -> None:
    """Print a forecast on stdout."""
    from triage.plugin_api import cell, console, safe_text

    out = console()
    days, origins = facts["days"], facts["origins"]
    a_day = days["documents"] / max(days["number"] - days["gaps"], 1)
    number = len(facts["queues"])
    queues = f"{number} queue{'' if number == 1 else 's'}"
    out.print(cell(f"{facts['corpus']}: {queues}, {a_day:.1f} documents a day", style="bold"))
    out.print(
        safe_text(
            f"{days['number']:,} days, {days['first']} to {days['last']}; forecast from {origins['number']} "
            f"of them, {origins['first']} to {origins['last']}, {facts['horizon']} days each time"
        )
    )
    out.print()
    out.print(_standings(facts))
    out.print()
    for sentence in facts["sentences"]:
        out.print(safe_text(f"{sentence}."))
    out.print()
    for line in _plot(backtest, found, out):
        out.print(line)
    sign = "^" if out.options.ascii_only else "▲"
    out.print(
        cell(f"all queues together: what came, and from {sign} the forecast within its interval", style="dim")
    )
    for start in range(0, min(len(facts["dates"]), 2 * _DAYS), _DAYS):
        out.print()
        out.print(_week(facts, found, start, wide=out.width >= _WIDE))
        out.print(safe_text(_total(facts["weeks"][start // _DAYS])))
    if len(facts["dates"]) > 2 * _DAYS:
        out.print(cell(f"and {len(facts['dates']) - 2 * _DAYS} more days; --json has them all", style="dim"))
    if len(facts["queues"]) > _SHOWN:
        out.print(cell(f"and {len(facts['queues']) - _SHOWN} more queues; --json has them all", style="dim"))
    _legend(out, facts)


def _total(week: dict[str, Any]) -> str:
    """Return the sentence with the total of a week."""
    days = f"{week['days']} days from {week['first']}"
    people = f", {week['person_days']:,} person-days" if "person_days" in week else ""
    return f"{days}: {week['mean']:,.0f} documents expected{people}"


def _legend(out: Console, facts: dict[str, Any]) -> None:
    from triage.plugin_api import cell

    lines = [f"Each day: the mean, and the {facts['interval']['level']:.0%} interval."]
    if (each := facts["per_person_per_day"]) is not None:
        lines.append(
            f"people: whole people for all queues at the interval's upper end, at {each:g} documents a day each; "
            "full-time: the share of a person that one queue needs."
        )
    if facts["holidays_ahead"]:
        lines.append("*: a holiday.")
    for line in lines:
        out.print(cell(line, style="dim"))


def _standings(facts: dict[str, Any]) -> Table:
    from rich.table import Table

    from triage.plugin_api import cell

    table = Table(box=None, pad_edge=False)
    table.add_column("forecaster", no_wrap=True)
    shares = any(each["together"]["mape"] is not None for each in facts["forecasters"])
    mape = ["MAPE all"] if shares else []
    for column in ("MAE", "gain", "MASE", "MAE all", "gain", "MASE", *mape, "beats last week"):
        table.add_column(column, justify="right", no_wrap=True)
    for each in facts["forecasters"]:
        whole, chosen = each["together"], each["name"] == facts["chosen"]
        yardstick = each["name"] == "last-week"
        chance = "p < 0.001" if each["p_value"] < 0.001 else f"p = {each['p_value']:.3f}"
        better = "" if yardstick else f"{'yes' if each['better_than_last_week'] else 'no'}, {chance}"
        table.add_row(
            cell(each["name"], style="bold green" if chosen else ""),
            f"{each['mae']:.3f}",
            "" if yardstick else f"{each['gain']:+.1%}",
            _number(each["mase"]),
            f"{whole['mae']:.2f}",
            "" if yardstick else f"{whole['gain']:+.1%}",
            _number(whole["mase"]),
            *([f"{whole['mape']:.1%}"] if shares else []),
            cell(better, style="" if each["better_than_last_week"] or yardstick else "yellow"),
        )
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _plot(backtest: Backtest, found: Outlook, out: Console) -> list[Any]:
    """Return the last weeks and the forecast of all queues together, as lines of text."""
    from triage.plugin_api import Axes, Curve, plot

    past = backtest.history.counts.sum(axis=1)[-7 * _WEEKS :]
    before, ahead = np.arange(len(past)), np.arange(len(past), len(past) + len(found.days))
    mean, lower, upper = found.together
    top = max(float(np.nanmax(past, initial=0.0)), float(upper.max()), 1.0)
    history = backtest.history.days.dates
    axes = Axes(
        x=(0.0, float(ahead[-1])),
        y=(0.0, top),
        x_words=(history[-len(past)].isoformat(), found.days.last.isoformat()),
        y_words=("0", f"{top:.0f}"),
        mark=float(ahead[0]),
    )
    curves = [
        Curve(before, past, "dim"),
        Curve(ahead, lower, "cyan"),
        Curve(ahead, upper, "cyan"),
        Curve(ahead, mean, "bold green"),
    ]
    return plot(curves, axes, ascii=out.options.ascii_only, width=min(out.width, 100), height=9)


def _week(facts: dict[str, Any], found: Outlook, start: int, *, wide: bool) -> Table:
    """Return a week of the forecast, a column for each day; `wide` has means and intervals on one line."""
    from rich.table import Table
    from rich.text import Text

    from triage.plugin_api import cell

    dates = found.days.dates[start : start + _DAYS]
    span = range(start, start + len(dates))
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", max_width=21 if wide else 18, no_wrap=True)
    for i, date in zip(span, dates, strict=True):
        off = "*" if found.days.holidays[i] else ""
        heading = f"{_NAMES[date.weekday()]} {date.day}{off}"
        table.add_column(heading, justify="right", no_wrap=True, min_width=10 if wide else 7)
    rows = [facts["together"], *facts["queues"][:_SHOWN]] if len(facts["queues"]) > 1 else facts["queues"]
    for number, row in enumerate(rows):
        name = cell(row["queue"], width=21 if wide else 18, style="bold" if number == 0 else "")
        means = [f"{row['mean'][i]:.1f}" for i in span]
        within = [_whole(row["lower"][i], row["upper"][i]) for i in span]
        if wide:
            pairs = zip(means, within, strict=True)
            table.add_row(name, *(Text.assemble((a, "bold"), (f" {b:>5}", "dim")) for a, b in pairs))
        else:
            table.add_row(name, *(Text(mean, style="bold") for mean in means))
            table.add_row("", *(Text(interval, style="dim") for interval in within))
        if "people" in row and number == 0:
            needed = (Text(f"{row['people'][i]:d}", style="cyan") for i in span)
            table.add_row(cell("  people", style="dim"), *needed)
        elif "people" in row:
            needed = (Text(f"{row['full_time'][i]:.1f}", style="cyan") for i in span)
            table.add_row(cell("  full-time", style="dim"), *needed)
    return table


def _whole(lower: float, upper: float) -> str:
    """Return the whole numbers within an interval, or the nearest where there is none."""
    low, high = math.ceil(lower - NEARLY), math.floor(upper + NEARLY)
    if low > high:
        low = high = round((lower + upper) / 2)
    return f"{low:d}-{high:d}" if low < high else f"{low:d}"


def picture(path: str, backtest: Backtest, found: Outlook, facts: dict[str, Any]) -> None:
    """Write a forecast as an SVG image: all queues together, and the busiest beneath.

    Raises:
        Unavailable: matplotlib is not installed.
        CannotWrite: the file cannot be written.
    """
    from triage import Unavailable
    from triage.plugin_api import Panel, can_draw, draw_forecast, write_file

    if not can_draw():
        raise Unavailable("--svg needs matplotlib: pip install 'nlp-triage[train]'")
    history = backtest.history
    length = min(7 * _WEEKS, len(history))
    past_days = history.days.dates[-length:]

    def panel(row: dict[str, Any], counts: np.ndarray) -> Panel:
        return Panel(
            title=row["queue"],
            past_days=past_days,
            past=counts[-length:].tolist(),
            days=found.days.dates,
            mean=row["mean"],
            lower=row["lower"],
            upper=row["upper"],
        )

    panels = [panel(facts["together"], history.counts.sum(axis=1))]
    if len(facts["queues"]) > 1:
        panels += [panel(row, history.counts[:, i]) for i, row in enumerate(facts["queues"][:_PANELS])]
    title = f"{facts['corpus']}: {facts['horizon']} days ahead by {facts['chosen']}"
    write_file(path, draw_forecast(panels, title=title))
