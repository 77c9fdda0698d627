"""The shape of the project, held by tests: who may import whom, what start-up costs, what is public."""

import ast
import json
import pathlib
import subprocess
import sys
import tomllib

import pytest

import triage

ROOT = pathlib.Path(__file__).resolve().parents[1]
HEAVY = {
    "tensorflow",
    "keras",
    "sklearn",
    "scipy",
    "nltk",
    "pandas",
    "pyarrow",
    "matplotlib",
    "onnx",
    "onnxruntime",
    "statsmodels",
}
CORE = sorted((ROOT / "triage").rglob("*.py"))
SHIPPED = CORE + sorted((ROOT / "plugins").rglob("*.py")) + sorted((ROOT / "corpora").rglob("*.py"))


def imported(path, *, inside_functions):
    """Yield the top-level packages that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    hidden = set()
    for node in ast.walk(tree):
        type_checking = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        if type_checking or (isinstance(node, functions) and not inside_functions):
            hidden |= {id(below) for below in ast.walk(node) if below is not node}
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_core_imports_no_plugin(path):
    assert not {name for name in imported(path, inside_functions=True) if name.startswith("triage_")}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_heavy_is_imported_at_module_level(path):
    assert not set(imported(path, inside_functions=False)) & HEAVY


def modules_after(*words):
    """Run the command line in a fresh process and return the heavy modules that it imported."""
    code = (
        "import sys, json, io, contextlib\n"
        "from triage.__main__ import _run\n"
        f"sys.argv = ['triage', *{list(words)!r}]\n"
        "with contextlib.redirect_stdout(io.StringIO()): code = _run()\n"
        "print(json.dumps([code, sorted({name.split('.')[0] for name in sys.modules})]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    code, modules = json.loads(done.stdout)
    assert code == 0, done.stderr
    return set(modules) & HEAVY


@pytest.mark.parametrize(
    "words",
    [("--help",), ("plugins",), ("plugins", "describe", "tfidf"), ("corpora",), ("forecast", "--help")],
)
def test_looking_around_imports_nothing_heavy(words):
    assert modules_after(*words) == set()


def test_everything_public_exists_and_everything_else_is_not_offered():
    source = ast.parse((ROOT / "triage" / "__init__.py").read_text(encoding="utf-8"))
    (typed,) = [node for node in source.body if isinstance(node, ast.If)]
    seen_by_type_checkers = {f"{node.module}.{node.names[0].name}" for node in typed.body}
    assert seen_by_type_checkers == {f"{module}.{name}" for name, module in triage._HOME.items()}
    assert all(hasattr(triage, name) for name in triage.__all__)
    assert triage.__all__ == sorted(triage.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        triage.nonsense  # noqa: B018


def test_the_version_is_stated_once_for_all():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert triage.__version__ == project["version"]


def test_every_top_level_name_that_is_installed_begins_with_triage():
    names = [path.name for source in ("plugins", "corpora") for path in (ROOT / source).iterdir()]
    names = [name for name in names if name not in ("README.md", "__pycache__")]
    assert names
    assert all(name.startswith("triage_") for name in names)


@pytest.mark.parametrize(
    "package", sorted(path for source in ("plugins", "corpora") for path in (ROOT / source).glob("triage_*/"))
)
def test_in_a_plugin_package_every_file_but_the_first_is_private(package):
    assert all(path.name.startswith("_") for path in package.rglob("*.py"))


def test_every_entry_point_is_a_module_of_this_project():
    points = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"][
        "triage"
    ]
    for module in points.values():
        assert any((ROOT / source / module).is_dir() or (ROOT / source / f"{module}.py").is_file() for source in ("plugins", "corpora"))  # fmt: skip


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_says_first_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
