"""`triage forecast`: how many documents each queue will get."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from triage import DataError, Plugins, Unavailable, UsageError
from triage.plugin_api import (
    CORPUS,
    Experiment,
    Talk,
    columns_of,
    columns_options,
    json_option,
    load_experiment,
    names_of,
    print_json,
    quiet_option,
    quote_path,
    read,
)
from triage_forecast._kind import Forecaster

if TYPE_CHECKING:
    from triage_forecast._backtest import Backtest, Contender
    from triage_forecast._volumes import Counting, History

YARDSTICK = "last-week"
_NONE = "(none)"  # the queue of what has no label
Day = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("corpus", required=False, shell_complete=CORPUS)
@click.option(
    "--horizon", type=click.IntRange(1, 365), default=14, show_default=True, help="Days to forecast."
)
@click.option(
    "--by",
    type=click.Choice(["queue", "label", "all"]),
    default="queue",
    show_default=True,
    help="What is forecast apart; a label that --config gives no queue is its own.",
)
@click.option(
    "--forecaster",
    "names",
    metavar="NAME",
    multiple=True,
    shell_complete=names_of(Forecaster),
    help="Only these take part; repeatable. `all` adds the slow ones. [all that are fast]",
)
@click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="An option of the forecasters that have it; repeatable.",
)
@click.option("--config", metavar="FILE", help="An experiment file (TOML): its [corpus] and its [queues].")
@click.option(
    "--count",
    type=click.Choice(["all", "review", "route"]),
    default="all",
    show_default=True,
    help="Of a file of decisions: which of them are counted.",
)
@click.option(
    "--missing",
    type=click.Choice(["zeros", "gaps"]),
    default="zeros",
    show_default=True,
    help="A day without a document: nothing came, or nothing is known.",
)
@click.option("--holidays", metavar="FILE", help="CSV with a column date, past and future ones.")
@click.option("--since", type=Day, metavar="DATE", help="Leave out what came before.")
@click.option(
    "--until", type=Day, metavar="DATE", help="The last day that is over. [the last with a document]"
)
@click.option(
    "--per-person-per-day",
    type=click.FloatRange(0, min_open=True),
    metavar="N",
    help="Say how many people each queue needs who do N documents a day.",
)
@click.option("--svg", metavar="FILE", help="Write a picture.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", "json", "csv"]),
    help="csv: a row for each day and queue. [terminal]",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=42, help="Of what learns by chance. [42]")
@columns_options
@json_option
@quiet_option
def command(
    *,
    corpus: str | None,
    horizon: int,
    by: str,
    names: tuple[str, ...],
    settings: tuple[str, ...],
    config: str | None,
    count: str,
    missing: str,
    holidays: str | None,
    since: datetime.datetime | None,
    until: datetime.datetime | None,
    per_person_per_day: float | None,
    svg: str | None,
    form: str | None,
    seed: int,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Forecast how many documents each queue of CORPUS will get on each of the next days.

    CORPUS is a corpus or a file with dates, or what `triage route` wrote as jsonl or csv. Every forecaster
    first forecasts the past, once a week for up to a year and a half, each time from what came before. The
    one that was least off is taken and named, and how it did against last week's same day is said. The
    intervals are made of what was left over; how many days lay in them is measured on later days.

    An error is that of the whole number nearest to the mean: on queues that get few documents, the absolute
    error of a mean would be beaten by a forecast of nothing at all.

    People are counted for all queues together, in whole numbers. For one queue the number is a full-time
    equivalent: people who work for several queues share what is left of each.

    Holt-Winters needs the extra `forecast`, the LSTM the extra `train`. The LSTM takes about a minute and takes
    part only with --forecaster lstm or --forecaster all.

    \b
    Examples:
      triage forecast complaints
      triage forecast past.csv --by all --horizon 28 --svg forecast.svg
      triage forecast past.csv --config triage.toml --per-person-per-day 25 --holidays holidays.csv
      triage forecast decisions.jsonl --count review --per-person-per-day 60 --format csv
      triage forecast past.csv --forecaster lstm --set strategy=recursive --missing gaps
    """
    from triage.plugin_api import write_data
    from triage_forecast._backtest import Backtest, origins_of
    from triage_forecast._choosing import outlook, standings
    from triage_forecast._facts import csv_rows, facts_of
    from triage_forecast._intervals import coverage_of
    from triage_forecast._view import picture, show

    if as_json and form not in (None, "json"):
        raise UsageError(f"--json and --format {form} cannot both be given")
    talk = Talk(quiet=quiet)
    plugins = Plugins.discover(warn=talk.say)
    experiment = load_experiment(config) if config else Experiment()
    corpus = corpus or experiment.location
    if not corpus:
        raise UsageError("name a CORPUS, or a location in the [corpus] of --config")
    contenders = _contenders(talk, plugins, names, settings)
    counting = _counting(missing, holidays, since, until)
    columns = {**experiment.columns, **columns_of(given)}
    counted = _counted(talk, plugins, corpus, columns, by=by, own=experiment.queues, count=count)
    history = _history(talk, counted, counting, by=by)
    origins = origins_of(len(history), horizon)
    backtest = Backtest(history, origins, horizon, ())
    backtest = _rolled(talk, backtest, contenders, seed=seed)
    ranking = standings(backtest)
    best = ranking[0]
    ahead = counting.calendar(history.days.last + datetime.timedelta(days=1), horizon)
    with talk.stage(f"forecasting with {best.trial.name}"):
        found = outlook(backtest, best.trial, contenders[best.trial.name], ahead, seed=seed)
    facts = facts_of(
        backtest,
        ranking,
        coverage_of(backtest, best.trial),
        found,
        corpus=corpus,
        by=by,
        people=per_person_per_day,
    )
    facts["missing"] = missing
    facts["review_share"] = counted.review_share
    if svg:
        picture(svg, backtest, found, facts)
        talk.say(f"wrote {svg}")
    if as_json or form == "json":
        print_json(facts)
    elif form == "csv":
        write_data(csv_rows(facts))
    else:
        show(backtest, found, facts)


def _contenders(
    talk: Talk, plugins: Plugins, names: Sequence[str], settings: Sequence[str]
) -> dict[str, Contender]:
    """Return who takes part, last week's same day always; what is not installed is said."""
    from triage.plugin_api import options_of, parse_settings
    from triage_forecast._backtest import Contender

    everything = "all" in names
    chosen = [name for name in dict.fromkeys(names) if name != "all"]
    if everything or not chosen:
        chosen = [
            name
            for name in plugins.names(Forecaster)
            if _there(talk, plugins, name)
            and (everything or not plugins.extension(Forecaster, name).on_request)
        ]
    if YARDSTICK not in chosen and YARDSTICK in plugins.names(Forecaster):
        chosen.append(YARDSTICK)
    given, used, found = parse_settings(settings), set[str](), {}
    for name in chosen:
        record = plugins.extension(Forecaster, name)
        own = {key: value for key, value in given.items() if key in options_of(record.build)}
        used |= set(own)
        make = partial(plugins.build, record, own)
        found[name] = Contender(
            name, record.called or name, make, record.fits, partial(plugins.attribute_errors_to, record)
        )
    if unused := sorted(set(given) - used):
        raise UsageError(f"none of {', '.join(found)} has an option {', '.join(unused)}")
    return found


def _there(talk: Talk, plugins: Plugins, name: str) -> bool:
    try:
        plugins.extension(Forecaster, name)
    except Unavailable as error:
        talk.say(f"without {name}: {error}")
        return False
    return True


def _counting(
    missing: str, holidays: str | None, since: datetime.datetime | None, until: datetime.datetime | None
) -> Counting:
    from triage_forecast._volumes import Counting, read_holidays

    return Counting(
        missing=missing,  # type: ignore[arg-type]  # click has checked the word
        since=since.date() if since else None,
        until=until.date() if until else None,
        holidays=read_holidays(holidays) if holidays else {},
    )


@dataclass(frozen=True)
class _Counted:
    """What is counted: the day and the queue of each document, and the share of decisions held for review."""

    dated: list[tuple[datetime.date | None, str]]
    review_share: float | None = None


def _counted(
    talk: Talk,
    plugins: Plugins,
    corpus: str,
    columns: dict[str, str],
    *,
    by: str,
    own: Mapping[str, str],
    count: str,
) -> _Counted:
    """Read a corpus, or decisions that `triage route` wrote."""
    from triage.plugin_api import are_decisions, read_decisions

    if are_decisions(corpus):
        decisions, _ = read_decisions(corpus)
        talk.say(f"{len(decisions):,} decisions")
        if not any(seen.date for seen in decisions):
            raise DataError(f"{quote_path(corpus)}: no decision has a date: route a file with dates again")
        share = sum(seen.action == "review" for seen in decisions) / len(decisions)
        talk.say(f"{share:.1%} of them are held for review")
        chosen = [seen for seen in decisions if count in ("all", seen.action)]
        if not chosen:
            raise DataError(f"{quote_path(corpus)}: no decision has the action {count}")
        return _Counted(
            [(seen.date, (seen.label if by == "label" else seen.queue) or _NONE) for seen in chosen], share
        )
    if count != "all":
        raise UsageError(f"--count {count} needs a file of decisions, as `triage route` writes it")
    documents = read(talk, plugins, corpus, columns).documents
    queue_of: Callable[[str], str] = (lambda label: own.get(label, label)) if by == "queue" else str
    return _Counted([(document.date, queue_of(document.label or _NONE)) for document in documents])


def _history(talk: Talk, counted: _Counted, counting: Counting, *, by: str) -> History:
    """Count the documents of each day; what is left out is said."""
    from triage_forecast._choosing import unlikely_end
    from triage_forecast._volumes import ALL, daily

    dated: Iterable[tuple[datetime.date | None, str]] = counted.dated
    if by == "all":
        dated = [(date, ALL) for date, _ in dated]
    history, undated = daily(dated, counting)
    if undated:
        talk.say(f"{undated:,} without a date left out")
    if (ended := unlikely_end(history)) is not None and counting.until is None:
        before = history.days.last - datetime.timedelta(days=1)
        talk.say(
            f"the last day, {history.days.last}, has {ended[0]:.0f}, where {ended[1]:.1f} are usual: if it "
            f"is not over yet, leave it out with --until {before}"
        )
    return history


def _rolled(talk: Talk, backtest: Backtest, contenders: Mapping[str, Contender], *, seed: int) -> Backtest:
    """Let every contender forecast the past; one for which it is too short is left out, and that is said."""
    from dataclasses import replace

    from triage_forecast._backtest import roll

    trials = []
    for contender in contenders.values():
        with talk.stage(f"{contender.name}: backtest") as change:
            try:
                trials.append(
                    roll(
                        contender,
                        backtest.history,
                        backtest.origins,
                        backtest.horizon,
                        seed=seed,
                        tell=change,
                    )
                )
            except DataError as error:
                talk.say(f"without {contender.name}: {error}")
    return replace(backtest, trials=tuple(trials))
