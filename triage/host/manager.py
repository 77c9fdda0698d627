"""Find plugins, keep each one's failures to itself, check what it yields, look things up by name."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import itertools
import os
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import pluggy

from triage.errors import PluginFailed, Unavailable, UnknownName
from triage.host import hookspecs
from triage.host.extensions import Backend, Cleaner, Corpus, Extension, Kind, Policy, Report
from triage.host.guard import TookTooLong, aside, ends_a_plugin, name_of_error, seconds_to_load, within
from triage.host.kinds import KINDS
from triage.host.options import build_with, options_of
from triage.host.protocols import Source
from triage.io.files import quote_path
from triage.io.terminal import safe_text
from triage.records import Epoch, Evaluation, Run

__all__ = ["Failure", "Origin", "Plugins", "Registered"]

GROUP = "triage"
_MOST = 1000  # records that one hook may yield
E = TypeVar("E", bound=Extension)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plugin comes from.

    Attributes:
        plugin: the entry point's name, or the module's where it was registered by hand.
        module: the module that holds it.
        distribution: the installed distribution, or "".
        version: of the distribution, or "".
    """

    plugin: str
    module: str
    distribution: str = ""
    version: str = ""

    def __str__(self) -> str:
        """Return the plugin with its distribution, as errors name it."""
        return f"{self.plugin} ({self.distribution} {self.version})" if self.distribution else self.plugin


@dataclass(frozen=True, slots=True)
class Registered:
    """One extension and the plugin it came from."""

    extension: Extension
    origin: Origin

    @property
    def missing(self) -> tuple[str, ...]:
        """The modules it requires that are not installed."""
        return tuple(module for module in self.extension.requires if not _installed(module))


@dataclass(frozen=True, slots=True)
class Failure:
    """A plugin, or one thing that it yielded, that cannot be used, and why."""

    origin: Origin
    reason: str
    error: BaseException | None = None


class Plugins:
    """All plugins of one process; an instance, so that two never share anything.

    Args:
        strict: raise at the first plugin that fails, instead of keeping the failure.
        disable: entry points to skip, by name.
        warn: told in one line when an observer fails; by default a line on stderr.
    """

    def __init__(
        self,
        *,
        strict: bool = False,
        disable: Iterable[str] = (),
        warn: Callable[[str], None] | None = None,
    ) -> None:
        self.strict = strict
        self.disabled = frozenset(disable)
        self.failures: list[Failure] = []
        self._warn = warn or _to_stderr
        self._manager = pluggy.PluginManager("triage")
        self._manager.add_hookspecs(hookspecs)
        self.kinds: dict[str, Kind] = {}
        self._registered: dict[str, dict[str, list[Registered]]] = {}
        for kind in KINDS:
            self._add_kind(kind)
        self._origins: dict[object, Origin] = {}
        self._reported: set[object] = set()

    @classmethod
    def discover(cls, **settings: Any) -> Plugins:
        """Load every entry point of the group `triage`, each in its own guard.

        `TRIAGE_STRICT=1` raises at the first failure; `TRIAGE_DISABLE=a,b` skips those entry points; the files
        in `TRIAGE_PLUGINS`, as `--plugin` sets it, are plugins too.
        """
        settings.setdefault("strict", os.environ.get("TRIAGE_STRICT", "") not in ("", "0"))
        disabled = os.environ.get("TRIAGE_DISABLE", "")
        settings.setdefault("disable", [name.strip() for name in disabled.split(",") if name.strip()])
        plugins = cls(**settings)
        points = plugins._entry_points()
        # pluggy calls what was registered last first: the built-in readers are to come last.
        loaded = [
            (origin, plugin)
            for point in sorted(points, key=lambda point: (not _built_in(point), point.name))
            for origin, plugin in plugins._load(point)
        ]
        # A kind must be known before a plugin yields an extension of it.
        loaded += [
            plugins._load_file(path)
            for path in filter(None, os.environ.get("TRIAGE_PLUGINS", "").split(os.pathsep))
        ]
        for origin, plugin in sorted(loaded, key=lambda each: not hasattr(each[1], "triage_kinds")):
            plugins.register(plugin, origin=origin)
        return plugins

    def _load_file(self, path: str) -> tuple[Origin, object]:
        """Import a file that the user named as a plugin.

        Raises:
            PluginFailed: it cannot be imported.
        """
        name = os.path.splitext(os.path.basename(path))[0]  # noqa: PTH119, PTH122
        origin = Origin(plugin=name, module=name)
        known = sys.modules.get(name)
        if known is not None and getattr(known, "__file__", None) == path:
            return origin, known
        try:
            with aside(), within(seconds_to_load()):
                spec = importlib.util.spec_from_file_location(name, path)
                if known is not None or spec is None or spec.loader is None:
                    raise ImportError("a module of this name is loaded already, or the file is not Python")  # noqa: TRY301
                module = importlib.util.module_from_spec(spec)
                sys.modules[name] = module
                spec.loader.exec_module(module)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if known is None:
                sys.modules.pop(name, None)
            raise PluginFailed(f"the plugin {quote_path(path)} failed: {_reason(error)}") from error
        return origin, module

    def _entry_points(self) -> list[importlib.metadata.EntryPoint]:
        """Return the entry points of the group; a distribution whose list is malformed is kept as a failure."""
        try:
            return list(importlib.metadata.entry_points(group=GROUP))
        except Exception as error:  # noqa: BLE001 - any package on the path may be broken: find which
            del error
        found: dict[tuple[str, str], importlib.metadata.EntryPoint] = {}
        for distribution in importlib.metadata.distributions():
            name = "a package"
            try:
                name = distribution.metadata["Name"] or name
                points = [point for point in distribution.entry_points if point.group == GROUP]
            except Exception as error:  # noqa: BLE001
                reason = f"its entry_points.txt cannot be read ({type(error).__name__}); it is skipped"
                self._failed(Origin(plugin=name, module="", distribution=name), reason, error)
                continue
            for point in points:
                found.setdefault((name, point.name), point)
        return list(found.values())

    def _load(self, point: importlib.metadata.EntryPoint) -> Iterator[tuple[Origin, object]]:
        """Import one entry point in its own guard; yield it unless it is disabled or fails."""
        distribution = point.dist
        origin = Origin(
            plugin=point.name,
            module=point.value,
            distribution=distribution.name if distribution else "",
            version=distribution.version if distribution else "",
        )
        if point.name in self.disabled:
            return
        try:
            with aside(), within(seconds_to_load()):
                plugin = point.load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit at import must not end the tool
            self._not_loaded(origin, _reason(error), error)
            return
        yield origin, plugin

    def register(self, plugin: object, *, origin: Origin | None = None) -> None:
        """Add one plugin: a module, or any object with hooks. Unless strict, failures are kept."""
        if origin is None:
            name = getattr(plugin, "__name__", type(plugin).__name__)
            origin = Origin(plugin=name, module=name)
        for kind in self._collect(plugin, origin, "triage_kinds", Kind):  # first: it may use its own kinds
            if kind.name in self.kinds:
                self._failed(origin, f"triage_kinds yields the kind {kind.name!r}, which exists already")
            else:
                self._add_kind(kind)
        try:
            reason = self._check_hooks(plugin)
        except Exception as error:  # noqa: BLE001 - a module's attributes may raise anything
            reason = _reason(error)
        if not reason:
            try:
                self._manager.register(plugin, name=f"{origin.distribution}:{origin.plugin}")
                self._manager.check_pending()
            except Exception as error:  # noqa: BLE001 - pluggy looks at every attribute of the module
                if self._manager.is_registered(plugin):  # whether it still is depends on pluggy's version
                    self._manager.unregister(plugin)
                reason = _reason(error)
        if reason:
            self._failed(origin, reason)
            return
        self._origins[plugin] = origin
        for kind in self.kinds.values():
            for extension in self._collect(plugin, origin, kind.hook.__name__, kind.record):
                self._keep(extension, origin)

    def _add_kind(self, kind: Kind) -> None:
        """Add a row to the table of kinds, with its hook."""
        if not hasattr(hookspecs, kind.hook.__name__):
            hook = type("Hook", (), {kind.hook.__name__: staticmethod(kind.hook)})
            self._manager.add_hookspecs(hook)
        self.kinds[kind.name] = kind
        self._registered[kind.name] = {}

    def _check_hooks(self, plugin: object) -> str:
        """Say what is wrong with the plugin's hooks, or "": pluggy alone lets misspelt hooks pass."""
        known = {name for name in vars(hookspecs) if name.startswith("triage_")}
        known |= {kind.hook.__name__ for kind in self.kinds.values()}
        hooks = [name for name in dir(plugin) if hasattr(getattr(plugin, name, None), "triage_impl")]
        if unknown := sorted(set(hooks) - known):
            return f"unknown hook {unknown[0]}; the hooks are {', '.join(sorted(known))}"
        if not hooks:
            return "it has no hook: mark one with @triage.hookimpl"
        return ""

    def _collect(self, plugin: object, origin: Origin, hook: str, record: type[R]) -> list[R]:
        """Return what one hook of a plugin yields; what is no `record` is kept as a failure."""
        try:
            implementation = getattr(plugin, hook, None)
        except Exception as error:  # noqa: BLE001 - a module's attributes may raise anything
            self._failed(origin, f"{hook}: {_reason(error)}", error)
            return []
        if implementation is None or not hasattr(implementation, "triage_impl"):
            return []
        try:
            with aside(), within(seconds_to_load()):
                yielded = list(itertools.islice(implementation(), _MOST + 1))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
            self._not_loaded(origin, f"{hook}: {_reason(error)}", error)
            return []
        if len(yielded) > _MOST:
            self._failed(origin, f"{hook} yields more than {_MOST:,} records")
            return []
        for each in yielded:
            if type(each) is not record:
                found = type(each).__name__
                self._failed(origin, f"{hook} must yield triage.{record.__name__} records, got {found}")
        return [each for each in yielded if type(each) is record]

    def _keep(self, extension: Extension, origin: Origin) -> None:
        """Keep one record by its name, where its options can be read."""
        try:
            options_of(extension.build)
        except Exception as error:  # noqa: BLE001 - a signature may hold anything
            self._failed(origin, f"{extension.name}: {_reason(error)}", error)
            return
        self._registered[extension.kind].setdefault(extension.name, []).append(Registered(extension, origin))

    def _not_loaded(self, origin: Origin, reason: str, error: BaseException) -> None:
        """Keep the failure, and say at once what everybody has just waited for."""
        self._failed(origin, reason, error)
        if isinstance(error, TookTooLong):
            self._warn(f"the plugin {origin}: {error}; TRIAGE_DISABLE={origin.plugin} skips it")

    def _failed(self, origin: Origin, reason: str, error: BaseException | None = None) -> None:
        if self.strict:
            raise PluginFailed(f"the plugin {origin} failed: {reason}") from error
        self.failures.append(Failure(origin, reason, error))

    def __iter__(self) -> Iterator[Registered]:
        """Yield everything that is registered, by kind and then by name, clashes included."""
        for kind in self._registered.values():
            for name in sorted(kind):
                yield from kind[name]

    def names(self, kind: type[Extension]) -> list[str]:
        """Return the names of one kind, in order."""
        return sorted(self._registered[kind.kind])

    def summary(self, kind: type[Extension], name: str) -> str:
        """Return the summary of an extension, also where it cannot be used."""
        return self._registered[kind.kind][name][0].extension.summary

    def get(self, kind: type[E], name: str) -> Registered:
        """Look one up by name.

        Raises:
            UnknownName: nothing of that name; the near ones are suggested.
            Unavailable: two plugins claim the name, or a module that it requires is not installed.
        """
        found = self._registered[kind.kind].get(name, [])
        if not found:
            failed = ", ".join(dict.fromkeys(str(failure.origin) for failure in self.failures))
            remedy = f"These plugins failed to load: {failed}; see `triage plugins`." if failed else ""
            raise UnknownName(kind.kind, name, self._registered[kind.kind], remedy=remedy)
        if len(found) > 1:
            owners = " and ".join(str(registered.origin) for registered in found)
            raise Unavailable(
                f"two plugins give a {kind.kind} the name {name!r}: {owners}. "
                f"Uninstall one, or skip it with TRIAGE_DISABLE={found[-1].origin.plugin}"
            )
        if missing := found[0].missing:
            raise Unavailable(
                f"the {kind.kind} {name!r} needs {', '.join(missing)}, not installed here: "
                f"pip install {_remedy(missing, found[0].origin)}"
            )
        return found[0]

    def role(self, kind: type[Extension], role: str) -> str:
        """Return the name of the first extension of a kind that has a role (see `extensions.ROLES`).

        Raises:
            Unavailable: none has it.
        """
        for name, (first, *_) in self._registered[kind.kind].items():
            if role in first.extension.roles:
                return name
        raise Unavailable(
            f"no {kind.kind} with the role {role!r} is installed or enabled: name one, or see `triage plugins`"
        )

    def backend(self, name: str) -> Backend:
        """Return the backend of that name; errors as in `get`."""
        return self.extension(Backend, name)

    def corpus(self, name: str) -> Corpus:
        """Return the corpus of that name; errors as in `get`."""
        return self.extension(Corpus, name)

    def cleaner(self, name: str) -> Cleaner:
        """Return the cleaner of that name; errors as in `get`."""
        return self.extension(Cleaner, name)

    def policy(self, name: str) -> Policy:
        """Return the policy of that name; errors as in `get`."""
        return self.extension(Policy, name)

    def report(self, name: str) -> Report:
        """Return the report of that name; errors as in `get`."""
        return self.extension(Report, name)

    def extension(self, kind: type[E], name: str) -> E:
        """Return the extension of that kind and name; errors as in `get`."""
        extension = self.get(kind, name).extension
        assert isinstance(extension, kind)
        return extension

    def build(self, extension: Extension, settings: dict[str, Any] | None = None) -> Any:
        """Call the extension's factory with checked settings.

        Raises:
            BadOption: a setting that the signature does not allow.
            PluginFailed: the factory raised something else.
        """
        with self.attribute_errors_to(extension):
            return build_with(extension.build, settings or {}, owner=extension.name)

    def attribute_errors_to(self, extension: Extension | str) -> _Blame:
        """Return a context that turns a plugin's exceptions into `PluginFailed`, naming it."""
        if isinstance(extension, str):
            return _Blame(extension)
        return _Blame(f"the {extension.kind} {extension.name!r}")

    def open_corpus(self, location: str, options: dict[str, Any]) -> Source | None:
        """Ask the readers, strangers first, to open `location`; None where none can.

        Raises:
            PluginFailed: a reader raised something that is not a `TriageError`.
        """
        for implementation in reversed(self._manager.hook.triage_open_corpus.get_hookimpls()):
            given = {"location": location, "options": dict(options)}
            origin = self._origins.get(implementation.plugin, "unknown")
            with _Blame(f"the plugin {origin}, asked to read {quote_path(location)},"):
                arguments = {name: given[name] for name in implementation.argnames}
                source = cast("Source | None", implementation.function(**arguments))
            if source is not None:
                return source
        return None

    def epoch_finished(self, run: Run, epoch: Epoch) -> None:
        """Tell every observer."""
        self._notify("triage_epoch_finished", run=run, epoch=epoch)

    def run_finished(self, run: Run, evaluation: Evaluation) -> None:
        """Tell every observer."""
        self._notify("triage_run_finished", run=run, evaluation=evaluation)

    def _notify(self, hook: str, **arguments: Any) -> None:
        """Call each observer in its own guard: pluggy would stop at the first that raises."""
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            values = [arguments[name] for name in implementation.argnames]
            try:
                with aside():
                    implementation.function(*values)
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt | MemoryError):
                    raise
                plugin = implementation.plugin
                if plugin not in self._reported:
                    self._reported.add(plugin)
                    origin = self._origins[plugin]
                    self.failures.append(Failure(origin, f"{hook}: {_reason(error)}", error))
                    self._warn(
                        f"the plugin {origin} failed in {hook} ({_reason(error)}); going on without it"
                    )


class _Blame:
    """Turns what a plugin raises into `PluginFailed`; errors that triage raises on purpose pass.

    What it prints goes to stderr: stdout is for data.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._aside = contextlib.ExitStack()

    def __enter__(self) -> None:
        self._aside.enter_context(aside())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self._aside.close()
        if error is None or not ends_a_plugin(error):
            return
        # Only the type is named: a message may quote the text that it failed on.
        raise PluginFailed(f"{self.name} failed with {name_of_error(error)}{_place(trace)}") from error


def _to_stderr(line: str) -> None:
    """Write a line where nobody else listens."""
    sys.stderr.write(safe_text(line) + "\n")


def _place(trace: types.TracebackType | None) -> str:
    """Return where the innermost frame stands, as ` in file.py:12`."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f" in {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else ""  # noqa: PTH119


def _reason(error: BaseException) -> str:
    """Return the error in one line: its type and its message."""
    try:
        message = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - an error of a plugin may have no text that can be made
        message = ""
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _built_in(point: importlib.metadata.EntryPoint) -> bool:
    return point.dist is not None and point.dist.name == "nlp-triage"


def _installed(module: str) -> bool:
    if module in sys.modules:
        return True
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _remedy(missing: tuple[str, ...], origin: Origin) -> str:
    """Name what pip is to install: our own extras by name, other modules by theirs."""
    if origin.distribution == "nlp-triage" and {"tensorflow", "onnx", "matplotlib"} & set(missing):
        return "'nlp-triage[train]'"
    if origin.distribution == "nlp-triage" and "pyarrow" in missing:
        return "'nlp-triage[parquet]'"
    if origin.distribution == "nlp-triage" and "statsmodels" in missing:
        return "'nlp-triage[forecast]'"
    return " ".join(missing)
