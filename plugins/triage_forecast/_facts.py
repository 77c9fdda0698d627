"""A forecast as facts: what JSON holds, and the sentences that a person must read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import datetime

    from triage_forecast._backtest import Backtest
    from triage_forecast._choosing import Errors, Outlook, Standing
    from triage_forecast._intervals import Coverage

__all__ = ["NEARLY", "csv_rows", "facts_of", "people_for", "sentences"]

NEARLY = 1e-9
"""What is so near to a whole number is one."""


def people_for(upper: float, per_day: float) -> int:
    """Return how many people do as many documents as lie within the upper end, who do `per_day` each."""
    return math.ceil(round(math.floor(upper + NEARLY) / per_day, 9))


def facts_of(
    backtest: Backtest,
    ranking: Sequence[Standing],
    coverage: Coverage,
    found: Outlook,
    *,
    corpus: str,
    by: str,
    people: float | None,
) -> dict[str, Any]:
    """Return everything that was found, as JSON holds it."""
    from triage_forecast._choosing import live

    history = backtest.history
    known = history.known
    best = ranking[0]
    queues = [
        _series(name, found.mean[:, i], found.lower[:, i], found.upper[:, i], people=people)
        | {
            "backtest": _errors(best.queues[i]) | {"coverage": coverage.queues[i]},
            "past_mean": float(history.counts[known][-56:, i].mean()) if known.any() else None,
        }
        for i, name in enumerate(history.queues)
    ]
    together = _series("all queues", *found.together[:3], people=people)
    first, last = (history.days.dates[backtest.origins[i]] for i in (0, -1))
    return {
        "corpus": corpus,
        "by": by,
        "horizon": backtest.horizon,
        "days": {
            "first": history.days.first.isoformat(),
            "last": history.days.last.isoformat(),
            "number": len(history),
            "gaps": int((~known).sum()),
            "documents": int(np.nansum(history.counts)),
            "holidays": int(history.days.holidays.sum()),
        },
        "origins": {"number": len(backtest.origins), "first": first.isoformat(), "last": last.isoformat()},
        "chosen": best.trial.name,
        "forecasters": [_standing(standing) for standing in ranking],
        "chosen_anew_at_each_origin": live(backtest),
        "interval": {
            "level": coverage.level,
            "coverage": coverage.each,
            "coverage_together": coverage.together,
            "origins": coverage.origins,
        },
        "sentences": sentences(ranking, coverage),
        "dates": [date.isoformat() for date in found.days.dates],
        "holidays_ahead": [
            date.isoformat() for date, off in zip(found.days.dates, found.days.holidays, strict=True) if off
        ],
        "together": together,
        "weeks": _weeks(found.days.dates, together),
        "queues": queues,
        "per_person_per_day": people,
    }


def _errors(errors: Errors) -> dict[str, Any]:
    return {"mae": errors.mae, "mape": errors.mape, "mase": errors.mase}


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        "name": standing.trial.name,
        **_errors(standing.each),
        "gain": standing.gain,
        "together": _errors(standing.together) | {"gain": standing.gain_together},
        "better_than_last_week": standing.better,
        "p_value": standing.p_value,
        "fits": standing.trial.fits,
        "seconds": standing.trial.seconds,
    }


def _series(name: str, *ends: Any, people: float | None) -> dict[str, Any]:
    found: dict[str, Any] = {"queue": name}
    for key, values in zip(("mean", "lower", "upper"), ends, strict=True):
        found[key] = [float(value) for value in values]
    if people is not None:
        found["people"] = [people_for(value, people) for value in found["upper"]]
        found["full_time"] = [round(math.floor(value + NEARLY) / people, 2) for value in found["upper"]]
    return found


def _weeks(dates: Sequence[datetime.date], series: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the expected total of each seven days, and the person-days that the daily numbers add up to."""
    return [
        {
            "first": dates[start].isoformat(),
            "days": len(dates[start : start + 7]),
            "mean": sum(series["mean"][start : start + 7]),
            **({"person_days": sum(series["people"][start : start + 7])} if "people" in series else {}),
        }
        for start in range(0, len(dates), 7)
    ]


def csv_rows(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield a header and a row for each day and queue, for a spreadsheet; all queues together come first."""
    from triage.plugin_api import csv_line

    staffed = facts["per_person_per_day"] is not None
    yield csv_line(("date", "queue", "mean", "lower", "upper", *(("people", "full_time") if staffed else ())))
    for row in (facts["together"], *facts["queues"]):
        for i, date in enumerate(facts["dates"]):
            numbers = [f"{row[key][i]:.2f}" for key in ("mean", "lower", "upper")]
            staff = [row["people"][i], f"{row['full_time'][i]:.2f}"] if staffed else []
            yield csv_line((date, row["queue"], *numbers, *staff))


def sentences(ranking: Sequence[Standing], coverage: Coverage) -> list[str]:
    """Return what one must know: who was chosen, who is no better than last week, what intervals hold."""
    best = ranking[0]
    naive = best.trial.name == "last-week"
    gain, whole = (
        "" if naive else f", {_off(share)}{words}"
        for share, words in ((best.gain, " than last week's same day"), (best.gain_together, ""))
    )
    found = [
        (
            f"{_sentence(best)} ({best.trial.name}) was least off and is used: {best.each.mae:.3f} a day "
            f"and queue{gain}; all queues together {best.together.mae:.2f} a day{whole}"
        )
    ]
    found += [
        f"{_sentence(each)} is not better than last week's same day: {each.each.mae:.3f} a day and queue, "
        f"{_off(each.gain)}, p = {each.p_value:.2f}"
        for each in ranking
        if each.trial.name != "last-week" and not each.better
    ]
    if coverage.each is None or coverage.together is None:
        found.append("There are too few origins to see how many days the intervals hold")
    else:
        found.append(
            f"Of the days that came later, {coverage.together:.1%} lay in the {coverage.level:.0%} interval "
            f"of all queues together, {coverage.each:.1%} in that of their queue"
        )
    return found


def _sentence(standing: Standing) -> str:
    called = standing.trial.called
    return called[:1].upper() + called[1:]


def _off(gain: float) -> str:
    return f"{abs(gain):.1%} {'less' if gain >= 0 else 'more'}"
