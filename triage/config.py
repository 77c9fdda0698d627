"""The frozen experiment: everything that decides what is learned and how it is used, and its TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any, Literal

from triage.errors import BadOption, DataError, did_you_mean
from triage.host.options import Between, Option, options_of
from triage.io.files import quote_path
from triage.io.text_tables import read_whole
from triage.stats.calibration import Method

__all__ = ["SETTINGS", "Experiment", "Step", "load_experiment"]

Step = tuple[str, Mapping[str, Any]]
"""A plugin's name and its options."""

_MOST_BYTES = 1 << 20
_MOST_DEPTH = 32
_SECTIONS: dict[str, tuple[str, ...] | None] = {
    "corpus": (
        "location",
        "text-column",
        "label-column",
        "date-column",
        "id-column",
        "encoding",
        "delimiter",
        "sheet",
        "day-first",
        "date-format",
        "corrections",
    ),
    "pipeline": ("cleaners", "keep", "false-alarms"),  # and SETTINGS
    "backend": None,
    "policy": None,
    "queues": None,
    "rules": None,
}


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """What is learned, from what, and what is done with it.

    Attributes:
        location: a corpus plugin's name or a path.
        columns: what the user said about the columns and the encoding.
        corrections: a file of labels that a person has changed, or "".
        cleaners: the cleaning steps in order; None for what the backend asks for, or else the corpus.
        stopwords: the language of the stop words, where a cleaner drops any; None for the cleaner's own.
        keep: stop words that stay.
        max_tokens: the size of the vocabulary, for backends that consume sequences.
        max_length: the number of tokens at which a sequence is cut.
        digits: whether that vocabulary may hold words with a digit, such as somebody's account number.
        min_per_class: labels with fewer documents are set aside.
        split: "grouped", "naive" or "time".
        calibration: "temperature", "isotonic", "venn-abers" or "none".
        false_alarms: the share of documents like those of the training that is sent to a person as out of
            scope; 0 for no such guard.
        folds: the number of folds that out-of-fold answers come from; 0 for a single held-out part, None for 5, or
            1 where a backend takes minutes.
        proof: "folds" to prove promises with out-of-fold answers, "held-out" to keep documents for it that nothing
            is learned from.
        seed: of the split and of the training.
        train_share: the share of the training part that is learned from, for learning curves.
        backend: the backend's name, or "" for the default.
        options: the backend's options, as given.
        policies: the policies in the order in which they are asked, or () for the default.
        queues: the queue of a label; a label without one is its own queue.
        rules: named patterns, asked before the policies.
    """

    location: str = ""
    columns: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    corrections: str = ""
    cleaners: tuple[Step, ...] | None = None
    stopwords: Annotated[str | None, "Language of the stop words, for cleaners that drop them."] = None
    keep: tuple[str, ...] = ()
    max_tokens: Annotated[int, "Size of the vocabulary, for backends that read sequences.", Between(3)] = (
        20_000
    )
    max_length: Annotated[int, "Tokens at which a sequence is cut.", Between(1)] = 250
    digits: Annotated[bool, "Let the vocabulary hold words with a digit, such as an account number."] = False
    min_per_class: Annotated[int, "Set smaller labels aside.", Between(1)] = 10
    split: Annotated[Literal["grouped", "naive", "time"], "How to divide the corpus."] = "grouped"
    calibration: Annotated[Method, "How probabilities are made to mean what they say."] = "temperature"
    false_alarms: float = 0.05
    folds: Annotated[
        int | None,
        "Models that judge documents they have not seen; 0 for one held-out part.",
        Between(0, 100),
    ] = None
    proof: Annotated[
        Literal["folds", "held-out"], "Prove promises with out-of-fold answers, or keep documents for it."
    ] = "folds"
    seed: Annotated[int, "Of the split and of the training.", Between(0, 2**32 - 1)] = 42
    train_share: float = 1.0
    backend: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    policies: tuple[Step, ...] = ()
    queues: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what was given.

        Raises:
            BadOption: something of another type, a number out of range, or an unknown split.
        """
        self._check_types()
        for setting in SETTINGS.values():
            setting.check(getattr(self, setting.parameter))
        if not _is_number(self.false_alarms) or not 0 <= self.false_alarms < 1:
            raise BadOption(f"false-alarms is at least 0 and below 1, not {self.false_alarms!r}")
        if not _is_number(self.train_share) or not 0 < self.train_share <= 1:
            raise BadOption(f"train-share is above 0 and at most 1, not {self.train_share!r}")

    def _check_types(self) -> None:
        """Hold texts and tables to what they are: a file can put anything anywhere."""
        for name in ("location", "corrections", "backend"):
            if not isinstance(getattr(self, name), str):
                raise BadOption(f"{name} is a text, not {_kind(getattr(self, name))}")
        if not all(isinstance(word, str) for word in self.keep):
            raise BadOption("keep is a list of words")
        for name in ("columns", "queues"):
            for key, value in getattr(self, name).items():
                several = key == "text_column" and isinstance(value, tuple)
                if not isinstance(value, str) and not (
                    several and all(isinstance(each, str) for each in value)
                ):
                    raise BadOption(f"{name}: {quote_path(key)} is a text, not {_kind(value)}")
        for key, rule in self.rules.items():
            if not isinstance(rule, Mapping):
                raise BadOption(
                    f"the rule {quote_path(key)} is {{pattern = ..., queue = ... or review = true}}"
                )

    def changed(self, **changes: Any) -> Experiment:
        """Return a copy with these fields, leaving alone those that are None."""
        return replace(self, **{name: value for name, value in changes.items() if value is not None})

    def to_json(self) -> dict[str, Any]:
        """Return the experiment as values that JSON can hold."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Experiment:
        """Take back what `to_json` gave, after JSON made lists of its tuples."""
        steps = {
            name: None if record[name] is None else tuple((step, options) for step, options in record[name])
            for name in ("cleaners", "policies")
        }
        columns = {name: tuple(of) if isinstance(of, list) else of for name, of in record["columns"].items()}
        return cls(**{**record, **steps, "columns": columns, "keep": tuple(record["keep"])})


SETTINGS: dict[str, Option] = {name: each for name, each in options_of(Experiment).items() if each.help}
"""The settings whose annotation is their schema, by their name in [pipeline] and on the command line."""


def load_experiment(path: str) -> Experiment:
    """Read an experiment file.

    Raises:
        NoInput: no such file, or nothing that may be read.
        DataError: it is not TOML (the line is named), or far too large.
        BadOption: a section or a key that does not exist (the near ones are suggested), or a value that
            cannot stand there.
    """
    try:
        record = tomllib.loads(read_whole(path, most=_MOST_BYTES).decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{quote_path(path)}: not an experiment file: {error}") from None
    except (RecursionError, ValueError) as error:  # such as an impossible date, or a number of 5,000 digits
        raise DataError(f"{quote_path(path)}: not an experiment file ({type(error).__name__})") from None
    if _depth(record) > _MOST_DEPTH:
        raise DataError(f"{quote_path(path)}: tables and lists nested more than {_MOST_DEPTH} deep")
    return _from_toml(record, path)


def _from_toml(record: Mapping[str, Any], path: str) -> Experiment:
    for section, content in record.items():
        known = _SECTIONS.get(section)
        if section not in _SECTIONS:
            raise BadOption(
                f"{quote_path(path)}: there is no section {quote_path(section)}.{did_you_mean(section, _SECTIONS)}"
            )
        if not isinstance(content, dict) and not (section == "policy" and isinstance(content, list)):
            raise BadOption(f"{quote_path(path)}: [{section}] is a table")
        known = (*known, *SETTINGS) if known and section == "pipeline" else known
        for key in content if known else ():
            if key not in (known or ()):
                words = did_you_mean(key, known or ())
                raise BadOption(f"{quote_path(path)}: [{section}] has no {quote_path(key)}.{words}")
    corpus, pipeline = dict(record.get("corpus", {})), dict(record.get("pipeline", {}))
    backend = dict(record.get("backend", {}))
    policies = record.get("policy", [])
    policies = policies if isinstance(policies, list) else [policies]
    cleaners = pipeline.pop("cleaners", None)
    if cleaners is not None and not isinstance(cleaners, list):
        raise BadOption(f"{quote_path(path)}: [pipeline] cleaners is a list of names")
    keep = pipeline.pop("keep", [])
    if not isinstance(keep, list):
        raise BadOption(f"{quote_path(path)}: [pipeline] keep is a list of words")
    return Experiment().changed(
        location=corpus.pop("location", None),
        corrections=corpus.pop("corrections", None),
        columns={key.replace("-", "_"): _word(value) for key, value in corpus.items()} or None,
        cleaners=None if cleaners is None else tuple(_step(entry, path, "cleaners") for entry in cleaners),
        keep=tuple(keep) or None,
        **{key.replace("-", "_"): value for key, value in pipeline.items()},
        backend=backend.pop("name", None),
        options=backend or None,
        policies=tuple(_step(entry, path, "policy") for entry in policies) or None,
        queues={label: _word(queue) for label, queue in record.get("queues", {}).items()} or None,
        rules=dict(record.get("rules", {})) or None,
    )


def _step(entry: Any, path: str, where: str) -> Step:
    """A name, or a table with a name and options."""
    if isinstance(entry, str):
        return entry, {}
    if isinstance(entry, dict) and isinstance(entry.get("name"), str):
        return entry["name"], {key: value for key, value in entry.items() if key != "name"}
    raise BadOption(
        f"{quote_path(path)}: each entry of {where} is a name, or a table with a name and options"
    )


def _word(value: Any) -> Any:
    """A whole number where a name is expected is one: `label-column = 3`; `day-first = true` is a yes."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return tuple(map(_word, value))
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _depth(value: Any) -> int:
    """How deep lists and tables are nested; without recursion, which ends at some depth itself."""
    depth, level = 0, [value]
    while level := [
        inner
        for each in level
        if isinstance(each, dict | list)
        for inner in (each.values() if isinstance(each, dict) else each)
    ]:
        depth += 1
    return depth


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    return {dict: "a table", list: "a list", tuple: "a list", bool: "true or false"}.get(
        type(value), type(value).__name__
    )
