"""One function opens a user's file, one writes, one prints, one makes HTML, one makes CSV: nothing goes round."""

from __future__ import annotations

import pathlib
from fnmatch import fnmatchcase
from typing import NamedTuple

import pytest
from chokepoints import OPENS, PAGES, PRINTS, RUNS, TABLES, WRITES, bypasses

ROOT = pathlib.Path(__file__).resolve().parents[1]
SHIPPED = sorted(path for top in ("triage", "plugins", "corpora") for path in (ROOT / top).rglob("*.py"))
# The battery makes faults: damaged files, pipes and hostile models, each in a temporary folder of its own. It
# prints as carefully as the rest, and makes pickles without ever opening one.
BATTERY = "plugins/triage_selftest/"
BATTERY_RULES = {OPENS, WRITES, PAGES, TABLES}
BATTERY_CALLS = {"pickle", "pickle.dumps", "allow_pickle="}


class Allowed(NamedTuple):
    """Places that go round a chokepoint, and why they may.

    `inside` is a function or a pattern of several; `calls` are what it may call, and each must be called there.
    """

    file: str
    inside: str
    calls: tuple[str, ...]
    reason: str


ALLOWED = (
    # The chokepoints themselves.
    Allowed("triage/io/files.py", "open_input", ("os.open", "io.FileIO"), "it is the one that opens"),
    Allowed("triage/io/files.py", "AtomicWriter.*", ("os.open", "os.write", ".replace", ".unlink"), "it is the one that writes"),
    Allowed("triage/io/files.py", "_sync_directory", ("os.open",), "a directory, so that a rename lasts"),
    # A model is a directory: its files are opened and written under rules of their own, stricter ones.
    Allowed("triage/models/bundle/manifest.py", "bytes_of", ("os.open", "io.FileIO"), "reads every file of a bundle: no links, exact sizes"),
    Allowed("triage/models/bundle/reading.py", "_kind", ("os.open",), "8 bytes of a file that was offered as a model, to name its kind"),
    Allowed("triage/models/bundle/locks.py", "_taken", ("os.open",), "the lock file, which is created where there is none"),
    Allowed("triage/models/bundle/locks.py", "Lock.*", ("os.ftruncate", "os.write", ".unlink"), "the lock file says who holds it"),
    Allowed("triage/models/bundle/locks.py", "lock", (".mkdir",), "directories above a model"),
    Allowed("triage/models/bundle/writing.py", "_write_file", ("os.open", "os.write"), "a new file in a directory that is renamed as a whole"),
    Allowed("triage/models/bundle/writing.py", "_sync", ("os.open",), "a directory, so that a rename lasts"),
    Allowed("triage/models/bundle/writing.py", "_[red]*", (".mkdir", ".rename", "shutil.rmtree"), "the exchange of whole directories"),
    Allowed("triage/models/bundle/tensors.py", "to_safetensors", (".save",), "returns bytes"),
    Allowed("triage/models/folds.py", "FoldAnswers.to_bytes", (".save",), "returns bytes"),
    Allowed("triage/models/folds.py", "_keep", (".mkdir",), "the directory of a training's progress"),
    # What is not a user's file, or is a directory.
    Allowed("triage/__main__.py", "_mute_libraries", ("os.open", "open"), "the null device, and a copy of stderr's descriptor"),
    Allowed("triage/__main__.py", "_open_streams", ("os.open", "open"), "the null device, for streams that were closed"),
    Allowed("triage/__main__.py", "_drop_output", ("os.open",), "the null device"),
    Allowed("triage/data/vocabulary.py", "_silent_start", ("open",), "the null device"),
    Allowed("triage/evaluation/evaluate.py", "peak_memory_mb", (".read_text",), "the system's own record of this process"),
    Allowed("triage/evaluation/runs.py", "write_run", (".mkdir", "numpy.savez_compressed"), "the run's directory; the arrays go into memory"),
    Allowed("triage/evaluation/runs.py", "_arrays", ("numpy.load", "zipfile.ZipFile"), "bytes in memory, whose unpacked size is checked first"),
    Allowed("triage/io/excel.py", "_check_size", ("zipfile.ZipFile",), "what open_input gave; only the sizes in its directory are read"),
    Allowed("triage/routing/decision_writer.py", "csv_lines", (".to_csv",), "the cells of a decision, which csv_line joins"),
    Allowed("triage/routing/decision_writer.py", "write_parquet", ("pyarrow.parquet.ParquetWriter",), "writes into an AtomicWriter"),
    Allowed("triage/host/sandbox.py", "launch", ("tempfile.TemporaryDirectory",), "a home for a stranger"),
    Allowed("triage/cli/demo.py", "command", ("tempfile.TemporaryDirectory",), "the demo's model, gone afterwards"),
    Allowed("triage/cli/train.py", "isolated", ("tempfile.TemporaryDirectory",), "the run of an isolated training"),
    Allowed("triage/cli/train.py", "command", ("shutil.rmtree",), "the progress of a training, beside its model"),
    Allowed("triage/cli/export.py", "command", (".mkdir", "shutil.rmtree"), "a new directory, removed again where the export fails"),
    Allowed("plugins/triage_readers/_parquet.py", "ParquetSource._open", ("tempfile.TemporaryFile", "shutil.copyfileobj", "pyarrow.parquet.ParquetFile"), "what open_input gave; a packed file is unpacked first"),
    Allowed("plugins/triage_recurrent/_checkpoints.py", "Checkpoint.save", (".mkdir", ".save"), "a directory; the arrays become bytes"),
    Allowed("plugins/triage_recurrent/_checkpoints.py", "Checkpoint.restore", ("safetensors.safe_open",), "a training's own progress, mapped and not copied"),
    Allowed("plugins/triage_recurrent/_classifier.py", "RecurrentText._learn", (".save",), "Checkpoint's, which writes by write_file"),
    Allowed("plugins/triage_recurrent/_export.py", "_saved_model", (".save",), "TensorFlow writes a SavedModel by itself, into a new directory"),
    Allowed("triage/routing/shards.py", "route_shards", (".unlink", ".rmdir"), "the parts of this run, once the output is whole"),
    Allowed("triage/routing/shards.py", "_open_parts", (".mkdir",), "the directory for the parts"),
    Allowed("plugins/triage_tune/_study.py", "open_study", (".mkdir",), "the directory of a study"),
    Allowed("plugins/triage_tune/_report.py", "show", (".print",), "the lines of a plot: its own signs and numbers"),
    Allowed("plugins/triage_cleaners/_mail.py", "", ("HTML in a string",), "a pattern that finds markup in mail"),
    # The embedded corpora: our own data, which lie in the package.
    Allowed("corpora/triage_complaints/_rows.py", "read", (".open", "gzip.open"), "the package's own data"),
    Allowed("corpora/triage_complaints/_rows.py", "to_csv", ("csv.writer",), "the generated corpus: exactly the generated texts"),
    Allowed("corpora/triage_complaints/generate/__main__.py", "main", (".write_bytes",), "makes the package's own data anew"),
    Allowed("corpora/triage_reviews/__init__.py", "Reviews.__iter__", (".open", "gzip.open"), "the package's own data"),
    Allowed("corpora/triage_reviews/generate/_subjects.py", "read_fragments", (".read_text",), "the package's own data"),
    Allowed("corpora/triage_reviews/generate/__main__.py", "csv_bytes", ("csv.writer",), "the generated corpus: exactly the generated texts"),
    Allowed("corpora/triage_reviews/generate/__main__.py", "main", (".write_bytes",), "makes the package's own data anew"),
    # Pages and reports.
    Allowed("plugins/triage_reports/_html.py", "Html.render", ("HTML in a string",), "the line before the first element"),
    Allowed("plugins/triage_reports/_html.py", "_head", (".read_text", "Markup"), "the package's own style sheet"),
    Allowed("plugins/triage_weekly/_page.py", "page", ("HTML in a string",), "the line before the first element"),
    Allowed("plugins/triage_weekly/_page.py", "_head", (".read_text", "Markup"), "the package's own style sheet"),
    Allowed("plugins/triage_reports/_look.py", "Look.line", ("rich.text.Text.assemble",), "parts that went through pad or safe_text; tests print hostile labels"),
    Allowed("triage/io/plots.py", "_line", ("rich.text.Text.assemble",), "a plot's own signs, and the words of its axes"),
    Allowed("plugins/triage_forecast/_view.py", "show", (".print",), "the lines of a plot: its own signs, days and numbers"),
    Allowed("plugins/triage_reports/_terminal.py", "Terminal.render", (".print",), "lines that Look made of safe parts; tests print hostile labels"),
    # The service.
    Allowed("plugins/triage_service/_http/_page.py", "page_routes", (".read_bytes",), "the package's own page"),
    Allowed("plugins/triage_service/_desk.py", "Desk.unmask", (".log",), "an event in the store's log; nothing is printed"),
    Allowed("plugins/triage_service/_store/_engine.py", "lock_server", (".open",), "the lock file beside a SQLite database"),
    Allowed("plugins/triage_service/_store/_engine.py", "network_file_system", (".read_text",), "the system's own list of mounts"),
    Allowed("plugins/triage_service/_store/_keeping.py", "scrub", ("sqlite3.connect",), "the desk's own database"),
    Allowed("plugins/triage_service/_store/_keeping.py", "backup", (".open", ".replace", ".unlink"), "SQLite writes the copy itself; it is renamed when it is whole"),
    Allowed("plugins/triage_service/_store/_keeping.py", "restore", (".replace", ".unlink"), "SQLite writes the copy itself; it is renamed when it is whole"),
    Allowed("plugins/triage_service/_store/_keeping.py", "_copy", ("sqlite3.connect",), "the desk's own database"),
    Allowed("plugins/triage_service/_store/_keeping.py", "_checkpoint", ("sqlite3.connect",), "the desk's own database"),
    # Measuring beside others: their own habits, on files that were just written into a temporary folder.
    Allowed("plugins/triage_bench/_bench.py", "bench", ("tempfile.TemporaryDirectory", ".write_text"), "where the alternatives work"),
    Allowed("plugins/triage_bench/_alternatives.py", "ScikitLearn.*", ("joblib",), "what scikit-learn's users do, on a file that it just wrote"),
    Allowed("plugins/triage_bench/_alternatives.py", "FastText.*", (".open", ".unlink", ".load_model"), "fastText reads and writes files only"),
    Allowed("plugins/triage_bench/_alternatives.py", "VowpalWabbit.save", (".save",), "its own format"),
    Allowed("plugins/triage_bench/_alternatives.py", "TutorialLstm.*", (".write_text", ".read_text"), "the vocabulary, as the tutorial keeps it"),
    Allowed("plugins/triage_bench/_alternatives.py", "", ("sys.stdout.write",), "an answer for the stopwatch, read by a program"),
    Allowed("plugins/triage_bench/_worker.py", "*", (".mkdir", ".save", ".read_bytes"), "in the folder that the bench made"),
    # The public kit: it makes files to try readers on, and calls their own `open`.
    Allowed("triage/testing/corpora.py", "*", (".open",), "opens a source by the plugin that is checked"),
    Allowed("triage/testing/readers.py", "*", (".open", ".read_bytes", ".write_bytes", ".mkdir", "tempfile.TemporaryDirectory"), "the author's sample, altered in a temporary folder"),
    Allowed("triage/testing/learners.py", "Trained.folder", ("tempfile.mkdtemp",), "a model to be read again"),
    Allowed("triage/testing/scaffold.py", "write_plugin", (".mkdir", ".read_text"), "a new directory, and the package's own templates"),
    Allowed("triage/testing/reports.py", "*", ("HTML in a string",), "hostile labels, which must not become part of a page"),
    Allowed("triage/testing/samples.py", "", ("HTML in a string",), "hostile texts, which must not become part of a page"),
)  # fmt: skip


def found():
    """Yield every bypass in what is shipped."""
    for path in SHIPPED:
        file = path.relative_to(ROOT).as_posix()
        for each in bypasses(path.read_text(encoding="utf-8"), file):
            harmless = each.rule in BATTERY_RULES or each.what in BATTERY_CALLS
            if not (file.startswith(BATTERY) and harmless):
                yield each


def covers(allowed, each):
    return (
        each.file == allowed.file and fnmatchcase(each.inside, allowed.inside) and each.what in allowed.calls
    )


FOUND = list(found())


def test_nothing_goes_round_the_chokepoints():
    strange = [each for each in FOUND if not any(covers(allowed, each) for allowed in ALLOWED)]
    assert not strange, "\n".join(map(str, strange))


@pytest.mark.parametrize("allowed", ALLOWED, ids=lambda allowed: f"{allowed.file}-{allowed.inside}")
def test_what_is_allowed_is_still_there(allowed):
    used = {each.what for each in FOUND if covers(allowed, each)}
    assert used == set(allowed.calls), f"no longer needed in {allowed.file}: {set(allowed.calls) - used}"


SABOTEURS = [
    # --- opening
    ("open('past.csv')", "open", OPENS),
    ("with open(path, encoding='utf-8') as file: pass", "open", OPENS),
    ("import io\nio.open(path)", "io.open", OPENS),
    ("from io import open as reading\nreading(path)", "io.open", OPENS),
    ("import os as system\nsystem.open(path, 0)", "os.open", OPENS),
    ("def f():\n    from os import open as o\n    return o(path, 0)", "os.open", OPENS),
    ("import gzip\ngzip.open(path)", "gzip.open", OPENS),
    ("import pathlib\npathlib.Path(path).open()", ".open", OPENS),
    ("from pathlib import Path\nPath(path).read_text()", ".read_text", OPENS),
    ("folder.joinpath('a').read_bytes()", ".read_bytes", OPENS),
    ("import numpy as np\nnp.load(path)", "numpy.load", OPENS),
    ("from numpy import memmap\nmemmap(path)", "numpy.memmap", OPENS),
    ("def f():\n    import pandas as pd\n    return pd.read_csv(path)", "pandas.read_csv", OPENS),
    ("import pandas\npandas.read_parquet(path)", "pandas.read_parquet", OPENS),
    ("import pyarrow.parquet as pq\npq.read_table(path)", "pyarrow.parquet.read_table", OPENS),
    ("from pyarrow import parquet\nparquet.ParquetFile(path)", "pyarrow.parquet.ParquetFile", OPENS),
    ("import tomllib\ntomllib.load(file)", "tomllib.load", OPENS),
    ("import json\njson.load(file)", "json.load", OPENS),
    ("import zipfile\nzipfile.ZipFile(path)", "zipfile.ZipFile", OPENS),
    # --- writing
    ("path.write_text('x')", ".write_text", WRITES),
    ("path.write_bytes(b'x')", ".write_bytes", WRITES),
    ("import os\nos.write(descriptor, b'')", "os.write", WRITES),
    ("from os import replace\nreplace(a, b)", "os.replace", WRITES),
    ("path.replace(other)", ".replace", WRITES),
    ("path.rename(other)", ".rename", WRITES),
    ("path.unlink()", ".unlink", WRITES),
    ("import shutil\nshutil.copy(a, b)", "shutil.copy", WRITES),
    ("from shutil import rmtree\nrmtree(a)", "shutil.rmtree", WRITES),
    ("import tempfile\ntempfile.NamedTemporaryFile()", "tempfile.NamedTemporaryFile", WRITES),
    ("from tempfile import mkstemp\nmkstemp()", "tempfile.mkstemp", WRITES),
    ("import numpy as np\nnp.save(path, array)", "numpy.save", WRITES),
    ("array.tofile(path)", ".tofile", WRITES),
    ("frame.to_parquet(path)", ".to_parquet", WRITES),
    ("import json\njson.dump(value, file)", "json.dump", WRITES),
    # --- printing
    ("print(text)", "print", PRINTS),
    ("print(f'read {path}')", "print", PRINTS),
    ("print('read ' + path)", "print", PRINTS),
    ("print('read %s' % path)", "print", PRINTS),
    ("print('read {}'.format(path))", "print", PRINTS),
    ("import sys\nsys.stdout.write(line)", "sys.stdout.write", PRINTS),
    ("from sys import stdout\nstdout.write(line)", "sys.stdout.write", PRINTS),
    ("import sys\nsys.stderr.buffer.write(line)", "sys.stderr.buffer.write", PRINTS),
    ("import click\nclick.echo(path)", "click.echo", PRINTS),
    ("from click import secho as say\nsay(path)", "click.secho", PRINTS),
    ("console().print(label)", ".print", PRINTS),
    ("out.print(f'{label}: {count:,}')", ".print", PRINTS),
    (
        "def show(label):\n    line = safe_text(label)\n    line = label\n    out.print(line)",
        ".print",
        PRINTS,
    ),
    ("def show(rows):\n    for row in rows:\n        out.print(row)", ".print", PRINTS),
    ("def name(row):\n    return row.label\ndef show(row):\n    out.print(name(row))", ".print", PRINTS),
    ("table.add_row(cell(a), label)", ".add_row", PRINTS),
    ("table.add_column(label)", ".add_column", PRINTS),
    ("from rich.table import Table\nout.print(Table(title=label))", "rich.table.Table", PRINTS),
    ("import json, sys\nsys.stdout.write(json.dumps(value, ensure_ascii=False))", "sys.stdout.write", PRINTS),
    ("from rich.text import Text\nText(label)", "rich.text.Text", PRINTS),
    ("from rich.text import Text\nText.assemble((label, 'bold'))", "rich.text.Text.assemble", PRINTS),
    ("from rich.text import Text\nText.from_markup(label)", "rich.text.Text.from_markup", PRINTS),
    # --- pages
    ("page = f'<td>{label}</td>'", "HTML in a string", PAGES),
    ("page = '<tr class=\"x\">' + label", "HTML in a string", PAGES),
    ("page = '<script>%s</script>' % label", "HTML in a string", PAGES),
    ("from triage.io.html import Markup\nMarkup(label)", "Markup", PAGES),
    ("from triage.io import html\nhtml.Markup('<b>' + label)", "Markup", PAGES),
    ("frame.to_html()", ".to_html", PAGES),
    # --- tables
    ("import csv\ncsv.writer(out)", "csv.writer", TABLES),
    ("from csv import DictWriter\nDictWriter(out, names)", "csv.DictWriter", TABLES),
    ("frame.to_csv(path)", ".to_csv", TABLES),
    # --- running
    ("import pickle", "pickle", RUNS),
    ("from joblib import load", "joblib", RUNS),
    ("def f():\n    import marshal as m", "marshal", RUNS),
    ("import shelve", "shelve", RUNS),
    ("import yaml\nyaml.load(text)", "yaml", RUNS),
    ("import importlib\nimportlib.import_module('pickle')", "pickle", RUNS),
    ("__import__('pickle')", "builtins.__import__", RUNS),
    ("eval(text)", "builtins.eval", RUNS),
    ("exec(text)", "builtins.exec", RUNS),
    ("import subprocess\nsubprocess.run(line, shell=True)", "shell=", RUNS),
    ("import subprocess\nsubprocess.Popen(line, shell=wanted)", "shell=", RUNS),
    ("import os\nos.system(line)", "os.system", RUNS),
    ("import numpy as np\nnp.load(path, allow_pickle=True)", "allow_pickle=", RUNS),
    ("import keras\nkeras.models.load_model(path)", "keras.models.load_model", RUNS),
]


@pytest.mark.parametrize(("source", "what", "rule"), SABOTEURS, ids=[f"{what} {n}" for n, (_, what, _) in enumerate(SABOTEURS)])  # fmt: skip
def test_every_saboteur_is_caught(source, what, rule):
    caught = bypasses(source, "triage/odd.py")
    assert (what, rule) in {(each.what, each.rule) for each in caught}
    assert all(str(each).startswith("triage/odd.py:") for each in caught)


@pytest.mark.parametrize(
    "source",
    [
        "from triage.io.files import open_input\nopen_input(path)",
        "'a'.replace('a', 'b')",
        "import csv\ncsv.reader(lines)",
        "import json\njson.loads(text)",
        "import subprocess\nsubprocess.run(words, shell=False)",
        "from triage.io.terminal import safe_text\nout.print(safe_text(label))",
        "out.print()",
        "out.print('nothing')",
        "out.print(f'{share:.1%} of {n:,}, {safe_text(label)}')",
        "def show(rows):\n    lines = []\n    for row in rows:\n        lines.append(safe_text(row))\n    out.print(' '.join(lines))",
        "def show(n):\n    word = 'one' if n == 1 else f'{n:d}'\n    out.print(word)",
        "def bar(share):\n    return '#' * round(share)\ndef show(share):\n    out.print(bar(share))",
        "HEADINGS = ('a', 'b')\nfor column in HEADINGS:\n    table.add_column(column)",
        '"""A page has a <td>."""',
        "from triage.io.html import Markup\nMarkup('<br>')",
        "words = '<thing> of <person>'",
    ],
)
def test_honest_code_is_left_alone(source):
    assert bypasses(source) == []


def test_a_bypass_names_its_file_line_and_function():
    source = "class Costs:\n    def read(self, path):\n        return open(path)\n"
    (each,) = bypasses(source, "plugins/triage_odd.py")
    assert str(each) == f"plugins/triage_odd.py:3 in Costs.read: open: {OPENS}"
