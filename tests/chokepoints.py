"""Find what goes round the chokepoints: files opened, lines printed, pages and tables built anywhere else.

It reads code and runs none. Names are followed through imports and aliases (`from os import open as o`),
and what is printed through the assignments of its own function. It is a net for honest mistakes: whoever
hides a call behind `getattr` is not caught.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass

OPENS = "open a user's file with triage.io.files.open_input"
WRITES = "write files with triage.io.files.write_file or AtomicWriter"
PRINTS = "make it safe with triage.io.terminal.safe_text or cell"
PAGES = "build pages with triage.io.html.element"
TABLES = "build CSV with triage.io.files.csv_line"
RUNS = "nothing that was read may be run"

_READING = (
    "io.open", "io.FileIO", "os.open", "gzip.open", "gzip.GzipFile", "bz2.open", "lzma.open", "codecs.open",
    "zipfile.ZipFile", "tarfile.open", "mmap.mmap", "numpy.load", "numpy.loadtxt", "numpy.genfromtxt",
    "numpy.fromfile", "numpy.memmap", "pyarrow.parquet.ParquetFile", "pyarrow.parquet.read_table",
    "safetensors.safe_open", "safetensors.numpy.load_file", "fileinput.input", "linecache.getline",
    "sqlite3.connect", "urllib.request.urlopen", "tomllib.load", "json.load",
)  # fmt: skip
_WRITING = (
    "os.write", "os.rename", "os.replace", "os.unlink", "os.remove", "os.mkdir", "os.makedirs", "os.rmdir",
    "os.removedirs", "os.symlink", "os.link", "os.truncate", "os.ftruncate", "os.mkfifo",
    "numpy.save", "numpy.savez", "numpy.savez_compressed", "numpy.savetxt", "pyarrow.parquet.write_table",
    "pyarrow.parquet.ParquetWriter", "safetensors.numpy.save_file", "json.dump",
)  # fmt: skip
_RUNNING = (
    "pickle", "cPickle", "_pickle", "cloudpickle", "dill", "marshal", "shelve", "joblib", "yaml", "jsonpickle",
    "builtins.eval", "builtins.exec", "builtins.compile", "builtins.__import__", "os.system", "os.popen",
    "torch.load", "keras.models.load_model", "tensorflow.keras.models.load_model", "code", "runpy",
)  # fmt: skip
_RULES = {
    **dict.fromkeys(_READING, OPENS),
    **dict.fromkeys(_WRITING, WRITES),
    **dict.fromkeys(_RUNNING, RUNS),
    "shutil": WRITES,
    "tempfile": WRITES,
    "csv.writer": TABLES,
    "csv.DictWriter": TABLES,
}
_METHODS = {
    **dict.fromkeys(("open", "read_text", "read_bytes"), OPENS),
    **dict.fromkeys(
        ("write_text", "write_bytes", "unlink", "rename", "mkdir", "rmdir", "touch", "symlink_to",
         "hardlink_to", "tofile", "to_parquet", "to_excel", "save", "copyfile"), WRITES
    ),
    "to_csv": TABLES,
    "to_html": PAGES,
    "load_model": RUNS,
}  # fmt: skip
_STREAMS = ("sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__")
_SAFE = {"safe_text", "cell", "to_json", "decisions_table", "len",
         "round", "int", "float", "bool", "Padding", "Table", "Text"}  # fmt: skip
_RICH = (
    "rich.text.Text",
    "rich.text.Text.assemble",
    "rich.text.Text.from_markup",
    "rich.table.Table",
    "rich.panel.Panel",
)
_KEEPS = {
    "join",
    "values",
    "keys",
    "items",
    "strip",
    "rstrip",
    "lstrip",
    "replace",
    "ljust",
    "rjust",
    "title",
}
_NUMBER = re.compile(r".*[dfgGeEn%xX,]")
_ELEMENT = re.compile(
    r"</?(a|b|bdi|body|button|div|em|form|g|h[1-6]|head|html|i|iframe|img|input|li|link|main|meta|object|ol|"
    r"option|p|path|pre|rect|script|section|strong|style|svg|table|tbody|td|text|th|thead|title|tr|ul)"
    r"(\s[^<>]*)?/?>|<span\s|</span>|<!doctype",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Bypass:
    """One place that goes round a chokepoint.

    Attributes:
        file: the path, from the root of the project.
        line: where.
        inside: the function or class it stands in, such as `Costs.table`, or "" at the top.
        what: the name that is called, such as `os.open` or `.read_text`.
        rule: what to do instead.
    """

    file: str
    line: int
    inside: str
    what: str
    rule: str

    def __str__(self) -> str:
        where = f" in {self.inside}" if self.inside else ""
        return f"{self.file}:{self.line}{where}: {self.what}: {self.rule}"


def bypasses(source: str, file: str = "snippet.py") -> list[Bypass]:
    """Return every place in `source` that goes round a chokepoint, by line."""
    walk = _Walk(file)
    walk.visit(ast.parse(source))
    return sorted(walk.found, key=lambda each: each.line)


class _Walk(ast.NodeVisitor):
    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Bypass] = []
        self._names: dict[str, str] = {}  # what a name of this module means, such as {"np": "numpy"}
        self._inside: list[str] = []
        self._scopes: list[ast.AST] = []
        self._texts: set[int] = set()  # constants that are documentation, or HTML by its own maker

    def visit_Module(self, node: ast.Module) -> None:
        for each in ast.walk(node):
            if isinstance(each, ast.Import):
                for alias in each.names:
                    known = alias.name if alias.asname else alias.name.split(".")[0]
                    self._names[alias.asname or known] = known
            elif isinstance(each, ast.ImportFrom) and each.module and not each.level:
                for alias in each.names:
                    self._names[alias.asname or alias.name] = f"{each.module}.{alias.name}"
            elif isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant):
                self._texts.add(id(each.value))
        self._scoped(node, "")

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._scoped(node, node.name)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - ast's own names

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._scoped(node, node.name)

    def _scoped(self, node: ast.AST, name: str) -> None:
        self._inside += [name] if name else []
        self._scopes.append(node)
        self.generic_visit(node)
        self._scopes.pop()
        if name:
            self._inside.pop()

    def _add(self, node: ast.AST, what: str, rule: str) -> None:
        self.found.append(Bypass(self.file, getattr(node, "lineno", 0), ".".join(self._inside), what, rule))

    # --- what a name means

    def _dotted(self, node: ast.AST) -> str:
        """Return the full name of what is called: `numpy.load`, `builtins.open`, or "" for a value's method."""
        if isinstance(node, ast.Name):
            if node.id in self._names:
                return self._names[node.id]
            return f"builtins.{node.id}" if hasattr(builtins, node.id) else ""
        if isinstance(node, ast.Attribute):
            base = self._dotted(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if _rule(alias.name) == RUNS:
                self._add(node, alias.name, RUNS)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module and not node.level and _rule(node.module) == RUNS:
            self._add(node, node.module, RUNS)

    # --- what is called

    def visit_Call(self, node: ast.Call) -> None:
        name = self._dotted(node.func)
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name == "builtins.open":
            self._add(node, "open", OPENS)
        elif rule := _rule(name):
            self._add(node, name, rule)
        elif name.startswith("pandas.") and method.startswith("read_"):
            self._add(node, name, OPENS)
        elif name in ("importlib.import_module", "importlib.__import__") and _rule(_constant(node)) == RUNS:
            self._add(node, _constant(node), RUNS)
        elif method in _METHODS and not name.startswith(("re.", "regex.")):
            self._add(node, f".{method}", _METHODS[method])
        elif method == "replace" and len(node.args) == 1 and not node.keywords:
            self._add(node, ".replace", WRITES)  # of a path: a string's takes two
        for each in node.keywords:
            if each.arg in ("shell", "allow_pickle") and not _is_false(each.value):
                self._add(node, f"{each.arg}=", RUNS)
        self._printing(node, name, method)
        if name.endswith(("html.Markup", "plugin_api.Markup")):
            if all(isinstance(each, ast.Constant) for each in node.args):
                self._texts |= {id(each) for each in node.args}
            else:
                self._add(node, "Markup", PAGES)
        self.generic_visit(node)

    def _printing(self, node: ast.Call, name: str, method: str) -> None:
        receiver = self._dotted(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        if name in ("builtins.print", "click.echo", "click.secho", "rich.print"):
            what = name.removeprefix("builtins.")
        elif method in ("write", "writelines") and receiver.removesuffix(".buffer") in _STREAMS:
            what = f"{receiver}.{method}"
        elif method in ("print", "print_json", "log", "rule", "status", "add_row", "add_column") and not name:
            what = f".{method}"
        elif name in _RICH:
            what = name
        else:
            return
        words = [each for each in node.keywords if each.arg in ("title", "caption", "header", "footer")]
        if not all(self._safe(each) for each in (*node.args, *(word.value for word in words))):
            self._add(node, what, PRINTS)

    # --- what is safe to print

    def _safe(self, node: ast.AST, scope: ast.AST | None = None, depth: int = 0) -> bool:
        """Whether an expression can only give our own words, numbers, or what was made safe."""
        scope = scope or self._scopes[-1]
        if depth > 30:
            return False

        def safe(*parts: ast.AST | None) -> bool:
            return all(part is not None and self._safe(part, scope, depth + 1) for part in parts)

        match node:
            case ast.Constant() | ast.Compare():
                return True
            case ast.Call(func=ast.Name(id=name)) if name in _SAFE:
                return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id="json"), attr="dumps"), keywords=words):
                return all(word.arg != "ensure_ascii" for word in words)
            case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id=name), *_]) if name in _SAFE:
                return True
            case ast.Call(func=ast.Name(id="zip" | "enumerate" | "sorted" | "reversed"), args=args):
                return safe(*args)
            case ast.Call(func=ast.Name(id=name)):
                given = self._returned(name)
                return bool(given) and all(self._safe(each, maker, depth + 1) for maker, each in given)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="Text"), attr="assemble")):
                return True  # what it is made of is looked at by itself
            case ast.Attribute(attr="day" | "month" | "year"):
                return True
            case ast.Call(func=ast.Attribute(value=base, attr=method), args=args) if method in _KEEPS:
                return safe(base, *args)
            case ast.JoinedStr(values=parts) | ast.BoolOp(values=parts):
                return safe(*parts)
            case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
                return safe(*parts)
            case ast.Dict(keys=keys, values=parts):
                return safe(*keys, *parts)
            case ast.FormattedValue(
                value=value, format_spec=ast.JoinedStr(values=[ast.Constant(value=spec)])
            ):
                return bool(_NUMBER.fullmatch(spec)) or safe(value)
            case ast.FormattedValue(value=value, format_spec=None) | ast.Starred(value=value):
                return safe(value)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return safe(left) or safe(right)
            case ast.BinOp(left=left, op=ast.Add(), right=right) | ast.IfExp(body=left, orelse=right):
                return safe(left, right)
            case ast.GeneratorExp(elt=element) | ast.ListComp(elt=element):
                return safe(element)
            case ast.Subscript(value=ast.Name() as value):
                return safe(value)
            case ast.Name(id=name):
                values = list(self._assigned(name, scope))
                return bool(values) and safe(*values)
        return False

    def _assigned(self, name: str, scope: ast.AST) -> Iterator[ast.AST]:
        """Yield what a name is ever given in a function, or else in its module."""
        for where in (scope, self._scopes[0]):
            values = [
                value
                for each in ast.walk(where)
                for target, value in _assignments(each)
                if isinstance(target, ast.Name) and target.id == name
            ]
            yield from values
            if values:
                return

    def _returned(self, name: str) -> list[tuple[ast.AST, ast.AST]]:
        """Return what a function of this module may return, each with the function; nothing for others."""
        return [
            (maker, each.value)
            for maker in ast.walk(self._scopes[0])
            if isinstance(maker, ast.FunctionDef) and maker.name == name
            for each in ast.walk(maker)
            if isinstance(each, ast.Return) and each.value is not None
        ]

    # --- pages

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and id(node) not in self._texts and _ELEMENT.search(node.value):
            self._add(node, "HTML in a string", PAGES)


def _assignments(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Yield names and what they are given; of several names at once, each may get any part of it."""
    unknown = ast.Name(id="", ctx=ast.Load())  # a value that nobody can judge
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((name, value) for target in targets for name in _targets(target))
        case ast.AnnAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value) if value:
            yield target, value
        case ast.AugAssign(target=target, value=value):
            yield target, value
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            yield from ((name, value) for name in _targets(target))
        case ast.arg(arg=name):
            yield ast.Name(id=name, ctx=ast.Store()), unknown
        case ast.Call(func=ast.Attribute(value=target, attr="append" | "extend"), args=[value]):
            yield target, value
        case ast.With(items=items):
            yield from ((item.optional_vars, unknown) for item in items if item.optional_vars)


def _targets(target: ast.AST) -> Iterator[ast.AST]:
    return (each for each in ast.walk(target) if isinstance(each, ast.Name))


def _rule(name: str) -> str:
    """Return the rule for a full name, or for a module that it is of."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if rule := _RULES.get(".".join(parts[:length])):
            return rule
    return ""


def _constant(node: ast.Call) -> str:
    first = node.args[0] if node.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _is_false(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is False
