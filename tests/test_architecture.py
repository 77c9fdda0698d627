"""The shape of the project, held by tests: who may import whom, what start-up costs, what is public."""

import ast
import graphlib
import json
import pathlib
import re
import subprocess
import sys
import tomllib

import pytest

import triage
import triage.plugin_api

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
PLUGINS = sorted((ROOT / "plugins").rglob("*.py")) + sorted((ROOT / "corpora").rglob("*.py"))
SHIPPED = CORE + PLUGINS


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
    allowed = {"sklearn"} if path == ROOT / "triage" / "sklearn.py" else set()  # its base classes
    assert not set(imported(path, inside_functions=False)) & (HEAVY - allowed)


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


@pytest.mark.parametrize("module", [triage, triage.plugin_api], ids=lambda module: module.__name__)
def test_everything_public_exists_and_everything_else_is_not_offered(module):
    source = ast.parse(pathlib.Path(module.__file__).read_text(encoding="utf-8"))
    (typed,) = [node for node in source.body if isinstance(node, ast.If)]
    seen_by_type_checkers = {f"{node.module}.{alias.name}" for node in typed.body for alias in node.names}
    assert seen_by_type_checkers == {f"{home}.{name}" for name, home in module._HOME.items()}
    assert all(hasattr(module, name) for name in module.__all__)
    assert module.__all__ == sorted(module.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        module.nonsense  # noqa: B018


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_built_in_plugin_imports_only_what_is_public(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules = [node.module]
            if node.module == "triage":
                assert {alias.name for alias in node.names} <= {*triage.__all__, "__version__", "testing"}
        else:
            continue
        for module in modules:
            if module.split(".")[0] == "triage":
                assert module in ("triage", "triage.plugin_api") or module.startswith("triage.testing"), (
                    module
                )


def test_every_name_of_the_plugin_api_is_used_by_a_plugin_or_is_a_protocol():
    used = set()
    for path in PLUGINS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "triage.plugin_api":
                used |= {alias.name for alias in node.names}
    rest = set(triage.plugin_api.__all__) - used
    assert {triage.plugin_api._HOME[name] for name in rest} <= {"triage.host.protocols"}


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


FLOORS = [
    {"errors", "records"},
    {"io", "stats"},
    {"host"},
    {"config"},
    {"data"},
    {"models"},
    {"routing"},
    {"evaluation", "testing"},
    {"api", "sklearn"},
    {"cli"},
]
"""The folders and files of the core: each imports only from itself and from those above it in this list."""

DOORS = {"triage", "triage.__main__", "triage.plugin_api"}  # the way in: they may import from every floor


def module_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in CORE}


def imports(path):
    """Yield the modules of the core that a file imports anywhere, for type checkers too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            if [alias.name for alias in node.names] == ["__version__"]:
                continue
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from below & set(MODULES) or {node.module}


def floor(module):
    """Return the number of a module's floor and its folder or file."""
    room = module.split(".")[1]
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms), room


def test_every_folder_of_the_core_is_in_the_list():
    rooms = {module.split(".")[1] for module in MODULES if module not in DOORS}
    assert rooms == set.union(*FLOORS)


@pytest.mark.parametrize("module", sorted(set(MODULES) - DOORS))
def test_a_module_imports_only_from_its_folder_and_from_floors_above(module):
    number, room = floor(module)
    for other in imports(MODULES[module]):
        assert other not in DOORS, f"{module} imports {other}"
        above, other_room = floor(other)
        assert other_room == room or above < number, f"{module} imports {other}"


def test_no_two_modules_of_the_core_import_each_other():
    arrows = {module: set(imports(path)) - {module} for module, path in MODULES.items()}
    list(graphlib.TopologicalSorter(arrows).static_order())  # raises a CycleError that names the circle


CORE_WORDS = {
    "bounded": "a method of scipy's minimizer",
    "complaints": "a function of the samples that laws are checked with",
    "costs": "a reason of a decision",
    "digits": "a setting of the experiment",
    "entities": "a function that reads character references",
    "forecast": "a drawing",
    "html": "the ending of a file",
    "json": "a format",
    "models": "a folder of the core",
    "plain": "a mark for values without a type",
    "rules": "a section of the experiment and a role",
    "terminal": "an attribute of a console",
    "threshold": "a field of a decision",
    "tune": "a part of a corpus",
}
"""Names of extensions that the core uses as words of its own, and for what."""


def strings(path):
    """Yield the string constants of a file that are not docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


@pytest.fixture(scope="module")
def installed():
    return [registered.extension for registered in triage.Plugins.discover()]


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_core_names_no_extension(path, installed):
    names = {each.name for each in installed} - set(CORE_WORDS)
    backends = {each.name for each in installed if each.kind == "backend"}
    for text in strings(path):
        assert text not in names
        assert not backends & set(re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", text)), text


def test_each_role_that_the_core_asks_for_is_taken(installed):
    found = {(each.kind, role) for each in installed for role in each.roles}
    wanted = {("backend", role) for role in ("default", "baseline", "floor")}
    wanted |= {("policy", role) for role in ("default", "promise", "rules")}
    assert found == wanted | {
        ("cleaner", "default"),
        ("corpus", "demo"),
        ("engine", "default"),
        ("report", "default"),
        ("command", "service"),
    }
