"""One declaration is the schema everywhere: shown in a copy of the package to which something is added."""

import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]


def changed(tmp_path, *edits):
    """Copy the core and insert each text after the first place that holds the other."""
    shutil.copytree(ROOT / "triage", tmp_path / "triage", ignore=shutil.ignore_patterns("__pycache__"))
    for file, place, text in edits:
        path = tmp_path / "triage" / file
        before, found, after = path.read_text(encoding="utf-8").partition(place)
        assert found, f"{file} does not hold {place!r}"
        path.write_text(before + found + text + after, encoding="utf-8")
    return tmp_path


def run(folder, code):
    paths = [str(folder), str(ROOT / "plugins"), str(ROOT / "corpora")]
    code = f"import sys; sys.path[:0] = {paths!r}\nimport triage\nassert triage.__file__.startswith({str(folder)!r})\n{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_setting_is_one_line(tmp_path):
    line = (
        '    patience: Annotated[int, "Epochs without progress before training ends.", Between(1, 9)] = 3\n'
    )
    folder = changed(tmp_path, ("config.py", "keep: tuple[str, ...] = ()\n", line))
    (folder / "good.toml").write_text("[pipeline]\npatience = 5\n", encoding="utf-8")
    (folder / "bad.toml").write_text("[pipeline]\npatience = 10\n", encoding="utf-8")
    found = run(
        folder,
        "from triage.config import Experiment, load_experiment\n"
        "assert load_experiment('good.toml').patience == 5\n"
        "assert Experiment.from_json(Experiment(patience=4).to_json()).patience == 4\n"
        "try: load_experiment('bad.toml')\n"
        "except triage.BadOption as error: print(error)\n"
        "import click.testing\n"
        "from triage.cli.train import command\n"
        "print(click.testing.CliRunner().invoke(command, ['--help']).output)\n"
        "print(command.make_context('train', ['x', '--model', 'm', '--patience', '7']).params['patience'])\n",
    )
    assert "patience is 1 to 9, not 10" in found
    assert "--patience INTEGER RANGE" in found
    assert "Epochs without progress before training ends. [3]" in " ".join(found.split())
    assert found.strip().endswith("7")


@pytest.mark.parametrize("form", ["json_lines", "csv_lines"])
def test_a_field_of_a_decision_is_one_line_and_one_more_where_it_is_read_back(tmp_path, form):
    place = '    familiarity: float | None = field(default=None, metadata={"share": True})\n'
    folder = changed(
        tmp_path,
        ("records.py", place, "    desk: str | None = None\n"),
        ("routing/monitoring.py", "    familiarity: float | None = None\n", "    desk: str | None = None\n"),
    )
    found = run(
        folder,
        f"from triage.routing.decision_writer import {form}\n"
        "from triage.routing.decision_reader import read_decisions\n"
        "decision = triage.Decision(1, 'a', 'route', 'q', 'l', 0.5, None, ('confident',), desk='north')\n"
        "stamp = {'model': 'm', 'policy': {'name': 'p', 'options': {}}}\n"
        f"lines = ''.join({form}([decision], stamp))\n"
        "print(lines)\n"
        "open('decisions', 'w', encoding='utf-8').write(lines)\n"
        "(seen,), _ = read_decisions('decisions')\n"
        "assert seen.desk == 'north' and seen.queue == 'q'\n",
    )
    assert "desk" in found
    assert "north" in found


def test_a_kind_is_a_record_a_hook_and_a_row(tmp_path):
    record = (
        '@dataclass(frozen=True, kw_only=True)\nclass Greeter(Extension):\n    """Greets."""\n\n'
        '    kind: ClassVar[str] = "greeter"\n\n\n'
    )
    hook = "@hookspec\ndef triage_greeters() -> Iterable[Extension]:\n    raise NotImplementedError\n\n\n"
    row = "    Kind(record=Greeter, hook=hookspecs.triage_greeters, laws='triage.testing.engines'),\n"
    folder = changed(
        tmp_path,
        ("host/hookspecs.py", 'hookimpl = pluggy.HookimplMarker("triage")\n\n\n', hook),
        ("host/kinds.py", "KINDS: tuple[Kind, ...] = (\n", row),
    )
    path = folder / "triage/host/extensions.py"
    source = path.read_text(encoding="utf-8")
    place = "@dataclass(frozen=True, kw_only=True)\nclass Engine"
    path.write_text(source.replace(place, record + place, 1), encoding="utf-8")
    kinds = folder / "triage/host/kinds.py"
    kinds.write_text(
        kinds.read_text(encoding="utf-8").replace("Engine, Ext", "Engine, Greeter, Ext", 1), encoding="utf-8"
    )
    found = run(
        folder,
        "from triage.host.extensions import Greeter\n"
        "class Plugin:\n"
        "    @triage.hookimpl\n"
        "    def triage_greeters(self):\n"
        "        yield Greeter(name='hello', summary='Says hello', build=lambda: 'hello')\n"
        "plugins = triage.Plugins(strict=True)\n"
        "plugins.register(Plugin())\n"
        "print(*(f'{each.extension.kind} {each.extension.name}' for each in plugins))\n"
        "print(plugins.build(plugins.extension(Greeter, 'hello')))\n"
        "print(plugins.kinds['greeter'].laws)\n",
    )
    assert found.split("\n")[:3] == ["greeter hello", "hello", "triage.testing.engines"]
