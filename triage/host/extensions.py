"""The records that plugins yield: a name, a summary and a factory."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from triage.host.protocols import Classifier, Clean, Decide, Render, Source, Workers

if TYPE_CHECKING:
    import click

__all__ = ["Backend", "Cleaner", "Command", "Corpus", "Engine", "Extension", "Kind", "Policy", "Report"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


ROLES = {
    "default": "used where an experiment or a command names none of its kind",
    "baseline": "what every backend of a comparison is compared with",
    "floor": "what any useful backend beats",
    "demo": "what is shown to somebody who has no data yet",
    "service": "the command that `triage demo --serve` runs",
    "rules": "the policy that is given the rules of the experiment",
    "promise": "the policy that keeps the promise stored with a model",
}
"""What the core uses an extension for, without knowing its name."""


@dataclass(frozen=True, kw_only=True)
class Extension:
    """What all kinds have in common.

    Attributes:
        name: lower-case words joined by hyphens; how users call it.
        summary: one line for `triage plugins`.
        build: a factory. Its keyword-only parameters are the options that users may set; their
            annotations (`Annotated[int, "help"]`) and defaults are the schema. Heavy imports belong in it.
        requires: names of importable modules that `build` needs, such as ("tensorflow",).
        roles: what the core uses it for, as in `ROLES`. Where several have a role the first counts: built-in
            plugins come before others, in the order of their names.
    """

    kind: ClassVar[str] = "extension"

    name: str
    summary: str
    build: Callable[..., Any]
    requires: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check what can be checked without building.

        Raises:
            TypeError: a field of the wrong type.
            ValueError: a name that users could not type, or an empty summary.
        """
        if not isinstance(self.name, str) or not isinstance(self.summary, str):
            raise TypeError("name and summary are strings")
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"the name {self.name!r} is not made of lower-case words joined by hyphens")
        if not self.summary.strip() or "\n" in self.summary:
            raise ValueError(f"{self.name}: summary is one line of text")
        if not callable(self.build):
            raise TypeError(f"{self.name}: build is not callable")
        if isinstance(self.requires, str) or not all(isinstance(module, str) for module in self.requires):
            raise TypeError(f"{self.name}: requires is a tuple of module names")
        if unknown := [role for role in self.roles if role not in ROLES]:
            raise ValueError(f"{self.name}: roles must be of {', '.join(ROLES)}, got {unknown[0]!r}")


@dataclass(frozen=True, kw_only=True)
class Backend(Extension):
    """Learns which label a text belongs to.

    Attributes:
        consumes: "texts" for cleaned strings, "sequences" for token ids of the shared vocabulary.
        cleaners: the cleaning that suits it, where the experiment names none; () for that of the corpus.
        cost: "minutes" where one fit takes so long that five more are not made unless they are asked for.
    """

    kind: ClassVar[str] = "backend"

    build: Callable[..., Classifier]
    consumes: Literal["texts", "sequences"] = "texts"
    cleaners: tuple[str, ...] = ()
    cost: Literal["seconds", "minutes"] = "seconds"

    def __post_init__(self) -> None:
        """Check `consumes` and `cost` too."""
        super().__post_init__()
        if self.cost not in ("seconds", "minutes"):
            raise ValueError(f"{self.name}: cost must be 'seconds' or 'minutes', got {self.cost!r}")
        if self.consumes not in ("texts", "sequences"):
            raise ValueError(f"{self.name}: consumes is 'texts' or 'sequences', not {self.consumes!r}")


@dataclass(frozen=True, kw_only=True)
class Corpus(Extension):
    """A source of documents that has a name.

    Attributes:
        cleaners: the cleaning that suits it, where the experiment names none.
    """

    kind: ClassVar[str] = "corpus"

    build: Callable[..., Source]
    cleaners: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cleaner(Extension):
    """A step from text to text.

    Attributes:
        steps: for a preset, the steps that it stands for: names, or (name, options).
            A preset's own `build` is not called; use `Cleaner.preset` to make one.
        settings: the options that take their value from a setting of the experiment, with its name, such as
            {"language": "stopwords"}.
    """

    kind: ClassVar[str] = "cleaner"

    build: Callable[..., Clean]
    steps: tuple[str | tuple[str, Mapping[str, Any]], ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def preset(
        cls,
        name: str,
        summary: str,
        steps: tuple[str | tuple[str, Mapping[str, Any]], ...],
        *,
        roles: tuple[str, ...] = (),
    ) -> Cleaner:
        """Return a cleaner that applies several others, in order."""
        return cls(name=name, summary=summary, build=_never_built, steps=steps, roles=roles)


@dataclass(frozen=True, kw_only=True)
class Policy(Extension):
    """Decides what goes where by itself.

    Attributes:
        reads: "probabilities" is asked only about documents that the model has a say on; "documents" is
            asked about every readable one, those that are empty after cleaning too.
    """

    kind: ClassVar[str] = "policy"

    build: Callable[..., Decide]
    reads: Literal["probabilities", "documents"] = "probabilities"

    def __post_init__(self) -> None:
        """Check `reads` too."""
        super().__post_init__()
        if self.reads not in ("probabilities", "documents"):
            raise ValueError(f"{self.name}: reads is 'probabilities' or 'documents', not {self.reads!r}")


@dataclass(frozen=True, kw_only=True)
class Report(Extension):
    """Shows evaluations to a person or to a program."""

    kind: ClassVar[str] = "report"

    build: Callable[..., Render]


@dataclass(frozen=True, kw_only=True)
class Command(Extension):
    """A command of `triage`; `build` takes no options and returns a `click.Command`."""

    kind: ClassVar[str] = "command"

    build: Callable[[], click.Command]


@dataclass(frozen=True, kw_only=True)
class Engine(Extension):
    """Runs tasks on worker processes, on this machine or on others."""

    kind: ClassVar[str] = "engine"

    build: Callable[..., Workers]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of extension.

    Attributes:
        record: the record that plugins yield; its `kind` is the name.
        hook: the hook specification that collects it.
        laws: the module with `SUBJECT` and `LAWS` of the kind (see `triage.testing`); "" for none.
        template: what `triage plugins new` starts with, "package/path"; "" for nothing.
        try_it: the command that tries a new extension out. `{name}` is its name; `{demo}` and `{floor}` are
            the corpus and the backend of those roles, `{cleaner}` is the default cleaner.
    """

    record: type[Extension]
    hook: Callable[..., Any]
    laws: str = ""
    template: str = ""
    try_it: str = ""

    @property
    def name(self) -> str:
        """The name of the kind, such as "backend"."""
        return self.record.kind


def _never_built() -> Clean:
    raise TypeError("a preset stands for its steps and is not built itself")
