"""The week as a page that fetches nothing and prints on one sheet, and as a table in the terminal."""

from __future__ import annotations

from importlib import resources

import triage
from triage.plugin_api import Child, Markup, element
from triage_weekly._week import Counts, Report

__all__ = ["page", "show"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_QUEUES = 12  # queues of a terminal's table; the page has all


def page(report: Report, *, title: str) -> str:
    """Return the week as one HTML file, in ASCII; every name in it is escaped."""
    body = element(
        "main",
        element("h1", title),
        element("p", f"{report.first:%-d %B} to {report.last:%-d %B %Y}", class_="lead"),
        element("div", *_cards(report), class_="cards"),
        element("h2", "By queue"),
        element("div", _table(report), class_="wide", tabindex="0"),
        element("h2", "Why documents were held for review"),
        _reasons(report),
        element("footer", f"Made by triage {triage.__version__}."),
    )
    whole = element("html", _head(title), element("body", body), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n".encode("ascii", "xmlcharrefreplace").decode("ascii")


def _head(title: str) -> Markup:
    style = resources.files("triage_weekly").joinpath("_page.css").read_text(encoding="utf-8")
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", **{"http-equiv": "Content-Security-Policy"}, content=_POLICY),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name_="color-scheme", content="light dark"),
        element("title", title),
        Markup('<link rel="icon" href="data:,">'),  # else a browser asks the server for one
        element("style", Markup(style)),  # our own file, which holds no text of a user
    )


def _cards(report: Report) -> list[Markup]:
    total = report.total
    cards = [
        ("Received", f"{total.received:,}", _against(total)),
        ("Routed automatically", f"{total.routed:,}", _share(total.routed, total.received)),
        ("Held for review", f"{total.reviewed:,}", _share(total.reviewed, total.received)),
        ("Routed to a wrong queue", *_error(total)),
    ]
    found = [_card(*card) for card in cards]
    if report.promise:
        found.append(_card("Promise", "", report.promise))
    return found


def _card(title: str, value: str, note: str) -> Markup:
    return element(
        "div",
        element("h3", title),
        element("p", value, class_="value") if value else None,
        element("p", note),
        class_="card",
    )


def _against(counts: Counts) -> str:
    if counts.before is None:
        return "nothing is known of the week before"
    change = "" if counts.change is None else f" ({counts.change:+.0%})"
    return f"{counts.before:,} in the week before{change}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%} of what was received" if whole else ""


def _error(counts: Counts) -> tuple[str, str]:
    if counts.error is None or counts.error_bound is None:
        return "not measured", "no routed document of this week was audited"
    return (
        f"{counts.error:.1%}",
        f"{counts.wrong:,} of {counts.audited:,} audited; at most {counts.error_bound:.1%} with 95% confidence",
    )


def _table(report: Report) -> Markup:
    names = ("Queue", "Received", "Week before", "Change", "Routed", "Review", "Audited", "Wrong")
    rows = [
        element(
            "tr",
            element("th", element("bdi", each.queue), scope="row"),
            *(element("td", cell) for cell in _cells(each)),
            class_="total" if each is report.total else None,
        )
        for each in (report.total, *report.queues)
    ]
    head = element("tr", *(element("th", name, scope="col") for name in names))
    return element("table", element("thead", head), element("tbody", *rows))


def _cells(counts: Counts) -> list[str]:
    return [
        f"{counts.received:,}",
        "-" if counts.before is None else f"{counts.before:,}",
        "-" if counts.change is None else f"{counts.change:+.0%}",
        f"{counts.routed:,}",
        f"{counts.reviewed:,}",
        f"{counts.audited:,}",
        f"{counts.wrong:,}" if counts.audited else "-",
    ]


def _reasons(report: Report) -> Child:
    if not report.reasons:
        return element("p", "No document was held for review.")
    most = max(report.reasons.values())
    return element(
        "ul",
        *(
            element(
                "li",
                element("span", element("bdi", reason.replace("_", " "))),
                element("meter", value=count / most, min_="0", max_="1", aria_label=reason),
                element("b", f"{count:,}"),
            )
            for reason, count in report.reasons.items()
        ),
        class_="reasons",
    )


def show(report: Report) -> None:
    """Print the week on stdout; columns are dropped where the terminal is narrow, never digits."""
    from rich.table import Table

    from triage.plugin_api import cell, console, safe_text

    out = console()
    total = report.total
    out.print(cell(f"Week of {report.first:%-d %B %Y}", style="bold"))
    out.print(safe_text(f"{total.received:,} received, {_against(total)}"))
    value, note = _error(total)
    out.print(safe_text(f"Routed to a wrong queue: {value}; {note}"))
    if report.promise:
        out.print(safe_text(f"Promise: {report.promise}"))
    out.print()
    names = ("received", "before", "change", "routed", "review", "audited", "wrong")
    shown = names if out.width >= 90 else ("received", "change", "routed", "review", "wrong")
    table = Table(box=None, pad_edge=False)
    table.add_column("queue", no_wrap=True, overflow="ellipsis", ratio=1 if out.width < 90 else None)
    for name in shown:
        table.add_column(name, justify="right", no_wrap=True)
    for each in (total, *report.queues[:_QUEUES]):
        cells = dict(zip(names, _cells(each), strict=True))
        style = "bold" if each is total else ""
        table.add_row(cell(each.queue, style=style), *(cell(cells[name], style=style) for name in shown))
    out.print(table)
    if len(report.queues) > _QUEUES:
        out.print(cell(f"and {len(report.queues) - _QUEUES} more queues; --json has them all", style="dim"))
    out.print()
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in report.reasons.items())
    out.print(safe_text(f"Held for review because: {reasons or '-'}"))
