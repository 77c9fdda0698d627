"""The report for a browser: it shows what was found, and nothing in it runs, fetches or leaks."""

import ast
import dataclasses
import json
import pathlib
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from html.parser import HTMLParser

import hypothesis.strategies as st
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings

import triage
from triage.cli import cli
from triage.evaluation.runs import write_run
from triage.io.html import Markup, element, safe_html
from triage.io.terminal import safe_text
from triage.stats import metrics
from triage_reports import html as html_report

pytest.importorskip("matplotlib", reason="figures are drawn by matplotlib")

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE_FILES = sorted((ROOT / "plugins" / "triage_reports").glob("_html*.py"))
HOSTILE = (
    "<script>window.pwned=1</script>",
    "</style><style>body{display:none}",
    "</title><img src=x onerror=window.pwned=1>",
    '"><svg onload=window.pwned=1>',
    "javascript:window.pwned=1",
    "' autofocus onfocus='window.pwned=1",
    "<!-- --><base href=//evil.example>",
    "&lt;b&gt; &#60;script&#62;",
    "\x1b]0;owned\x07 \x9b31m",
    "\u202egnissim\u2066 \u200f\ufeff",
    "lone \ud800 half",
    "$\\frac{1}{2}$ {0} {1}",
    "抵押贷款 قرض 🙂",
)
FORBIDDEN = {"script", "iframe", "object", "embed", "base", "form", "img", "video", "audio", "template", "foreignobject", "a", "image", "animate", "set"}  # fmt: skip
OURS = {"text", "d", "style"}


class Reader(HTMLParser):
    """What a browser would make of a page: its elements, attributes and texts."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.texts, self.ids, self.open = [], [], [], [], []
        self.titles = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in ("meta", "link", "br", "hr"):
            self.open.append(tag)
        if tag == "svg":
            self.titles.append([])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        inside = self.open[-1] if self.open else ""
        if inside == "title" and self.open[-2:-1] == ["svg"]:
            self.titles[-1].append(data)
        if inside != "style":
            self.texts.append(data)

    @property
    def shape(self):
        """The page without what it says."""
        return self.tags, [(tag, name) for tag, name, _ in self.attributes]


def made(
    labels=("card", "loan", "mortgage"),
    *,
    n=200,
    seed=42,
    backend="tfidf",
    skill=3.0,
    epochs=0,
    corpus="letters",
    **more,
):
    """An evaluation of n documents by a model of that skill, with everything that a run has."""
    k = len(labels)
    random = np.random.default_rng([seed, sum(map(ord, backend))])
    codes = np.random.default_rng(seed).integers(0, k, n)
    logits = random.gumbel(size=(n, k))
    logits[np.arange(n), codes] += skill
    probabilities = np.exp(logits)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    predicted, sure = metrics.top_label(probabilities)
    decisions = [
        triage.Decision(row + 1, "", "route" if each > 0.8 else "review", labels[code], labels[code], float(each), 0.8, ("confident",))
        for row, (code, each) in enumerate(zip(predicted.tolist(), sure.tolist(), strict=True))
    ]  # fmt: skip
    history = [
        triage.Epoch(number, epochs, 2 / number, 2.5 / number, 0.6 - 0.01 * abs(number - 4), best=number <= 4, gradient_norms={"embedding": 0.1 / number, "dense": 1.0})
        for number in range(1, epochs + 1)
    ]  # fmt: skip
    found = {
        "corpus": corpus,
        "corpus_sha256": "c0ffee" * 10,
        "backend": backend,
        "options": {"units": 32, "shuffle": True},
        "seed": seed,
        "split": "grouped",
        "documents": {"train": 6 * n, "tune": n, "calibrate": n, "test": n, "quarantined": 3},
        "set_aside": {"rare": 2},
        "unseen": {},
        **metrics.score(codes, probabilities, labels),
        "routing": {"policy": "bounded", "max_error": 0.05, "confidence": 0.95, "coverage": 0.4, "realised_error": 0.03},
        "seconds": {"prepare": 1.0, "fit": 4.2, "predict": 0.2},
        "documents_per_second": {"fit": 100.0, "predict": 5000.0},
        "peak_memory_mb": 300.0,
        "versions": {"numpy": "2.0"},
    }  # fmt: skip
    return triage.Evaluation(
        run=triage.Run(corpus, backend, found["options"], seed, 6 * n),
        metrics=found | more,
        labels=tuple(labels),
        confusion=metrics.confusion(codes, predicted, k),
        codes=codes,
        probabilities=probabilities,
        rows=np.arange(n),
        groups=np.arange(n) // 2,
        history=history,
        decisions=decisions,
    )


def page_of(*evaluations, texts=None, **options):
    report = html_report(**options)
    if texts is not None:
        report.quote(texts)
    return report.render(evaluations, console=None)


def several(**more):
    """Two backends with two seeds each, one of them with a history."""
    return [
        made(seed=seed, backend=backend, epochs=6 if backend == "gru" else 0, **more)
        for seed in (42, 43)
        for backend in ("tfidf", "gru")
    ]


def said(page):
    return " ".join(" ".join(Reader(page).texts).split())


# The one function


@given(st.text(st.characters(codec=None)), st.booleans())
@settings(max_examples=300, deadline=None)
def test_a_safe_text_is_read_as_one_text_and_nothing_else(text, lines):
    safe = safe_html(text, lines=lines)
    reader = Reader(f'<p title="{safe}">{safe}</p>')
    assert reader.shape == (["p"], [("p", "title")])
    read = "".join(reader.texts)
    assert reader.attributes[0][2] == read
    rows = re.split(r"\r\n|[\n\r]", text) if lines else [text]
    assert read == "\n".join(safe_text(row) for row in rows)
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", read
    )


def test_a_safe_text_is_as_long_as_it_may_be():
    assert safe_html("a" * 50, most=10) == "a" * 9 + "…"
    assert safe_html("one\ntwo\nthree", most=8, lines=True) == "one\ntwo\n…"
    assert safe_html("one\r\ntwo") == "one two"


def test_an_element_escapes_what_it_is_given_and_keeps_markup():
    made_of = element(
        "p", "<b>", ["&", element("i", "x")], None, class_="a", title='"<', hidden=True, lang=None
    )
    assert made_of == '<p class="a" title="&quot;&lt;" hidden>&lt;b&gt;&amp;<i>x</i></p>'
    assert isinstance(made_of, Markup)


@pytest.mark.parametrize(
    ("name", "attributes"),
    [("script", {}), ("iframe", {}), ("p", {"onclick": "x"}), ("p", {"ONLOAD": "x"}), ("use", {"href": "http://a.example"}),
     ("img", {"src": "x"}), ("p x", {}), ("p", {'a"b': "x"}), ("use", {"href": "javascript:x"}), ("base", {})],
)  # fmt: skip
def test_an_element_that_runs_or_leads_out_of_the_page_cannot_be_made(name, attributes):
    with pytest.raises(ValueError, match="page"):
        element(name, **attributes)


@pytest.mark.parametrize("path", PAGE_FILES, ids=lambda path: path.name)
def test_no_part_of_the_page_goes_round_the_one_function(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and "Markup" in ast.dump(node.func)
    ]
    told = [ast.unparse(call) for call in calls if not isinstance(call.args[0], ast.Constant)]
    assert told == (["Markup(style)"] if path.name == "_html.py" else [])
    assert (
        "import html" not in path.read_text(encoding="utf-8").replace("import html_", "")
        or path.name == "_html_heatmap.py"
    )


def test_the_style_fetches_nothing_and_cannot_end_early():
    style = (ROOT / "plugins" / "triage_reports" / "_html.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|</|expression|@font-face|http", style)
    assert style.isascii()


# The page


def test_the_page_runs_nothing_and_fetches_nothing():
    page = page_of(*several())
    reader = Reader(page)
    assert not set(reader.tags) & FORBIDDEN
    assert not [name for _, name, _ in reader.attributes if name.startswith("on")]
    links = [(tag, value) for tag, name, value in reader.attributes if name in ("href", "src", "xlink:href")]
    assert all(value.startswith("#") or (tag, value) == ("link", "data:,") for tag, value in links)
    assert not re.search(r"https?:|//|url\((?!#)", page.replace("</", ""))
    policy = next(
        value
        for tag, name, value in reader.attributes
        if (tag, name) == ("meta", "content") and "src" in value
    )
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert page.isascii()


def test_every_picture_has_words_and_ids_of_its_own():
    reader = Reader(page_of(*several(), made(corpus="other", epochs=3)))
    pictures = reader.tags.count("svg")
    assert pictures > 12
    assert len(reader.titles) == pictures
    assert all(len("".join(titles)) > 5 for titles in reader.titles)
    assert [value for tag, name, value in reader.attributes if (tag, name) == ("svg", "role")] == [
        "img"
    ] * pictures
    named = {
        word for tag, name, value in reader.attributes if name == "aria-labelledby" for word in value.split()
    }
    assert len(named) == 2 * pictures
    assert len(set(reader.ids)) == len(reader.ids)
    pointed = {
        found for _, _, value in reader.attributes for found in re.findall(r"(?:^|url\()#([\w-]+)", value)
    }
    assert named | pointed <= set(reader.ids)


def test_the_colours_of_figures_follow_the_page():
    page = page_of(*several())
    body = page[page.index("<body>") :]
    assert not re.search(r"#[0-9a-f]{6}\b", re.sub(r"<code.*?</code>", "", body))
    assert "var(--wrong)" in body


def test_the_page_says_what_was_evaluated_and_how_good_it_is():
    runs = several()
    words = said(page_of(*runs))
    assert "Evaluation of letters" in words
    for part in (
        "c0ffee" * 10,
        "1,200 train",
        "200 test",
        "3 quarantined",
        "42, 43",
        "rare (2)",
        "numpy 2.0",
        "grouped",
    ):
        assert part in words, part
    best = max(
        np.mean([run.metrics["macro_f1"] for run in runs if run.run.backend == name])
        for name in ("tfidf", "gru")
    )
    assert f"Macro-F1 {best:.3f} 95% interval" in words
    assert "The promise was at most 5.0%." in words
    for heading in ("Backends compared", "What is taken for what", "Most often confused", "Label by label", "Reliability diagram",
                    "Risk and coverage", "Loss by epoch", "Gradient norms by epoch", "Do it again", "What the words mean"):  # fmt: skip
        assert heading in words, heading
    assert "The best epoch is number 4 of 6." in words
    assert "Promised: at most 5.0%." in words


def test_backends_are_compared_on_what_they_share_and_chance_is_called_chance():
    alike = [
        made(backend="tfidf"),
        made(backend="gru"),
        made(backend="gru", seed=43),
        made(backend="majority", skill=-2.0),
    ]
    words = said(page_of(*alike))
    assert "gru, seed 43: not every backend has this seed" in words
    assert "gru 1 of 2" in words
    assert re.search(
        r"(gru|tfidf) has the highest macro-F1. (gru|tfidf) is not distinguishable from it", words
    )
    assert re.search(r"majority is worse than \w+ by 0\.\d+ macro-F1", words)
    assert "The others are behind it by more than chance explains." in said(page_of(alike[0], alike[3]))


def test_the_numbers_of_the_tables_are_those_of_the_run():
    run = made()
    words = said(page_of(run))
    found = metrics.per_label(run.confusion)
    for code, label in enumerate(run.labels):
        assert (
            f"{label} {found.support[code]} {found.f1[code]:.2f} {found.precision[code]:.2f} {found.recall[code]:.2f}"
            in words
        )
        for other, name in enumerate(run.labels):
            count = int(run.confusion[code, other])
            tip = "right" if code == other else f"said to be {name}"
            assert (
                f"{label} : {count} of {found.support[code]} {tip}"
                in words.replace(f"{label}:", f"{label} :")
            ) == (count > 0)


def test_the_commands_give_the_same_run_again():
    page = page_of(*several(), made(corpus="my file; rm -rf /", backend="sgd"))
    words = said(page)
    assert (
        "triage evaluate letters --backend gru --seed 42 --seeds 2 --split grouped --set shuffle=true --set units=32"
        in words
    )
    assert "triage evaluate 'my file; rm -rf /' --backend sgd --seed 42 --split grouped" in words


def test_a_learning_curve_is_drawn_where_there_are_shares():
    shares = [
        made(train_share=share, documents={"train": int(600 * share), "test": 200})
        for share in (0.25, 0.5, 1.0)
    ]
    words = said(page_of(*shares))
    assert "Would more documents help?" in words
    assert re.search(r"tfidf: 0\.\d+ with 150, 0\.\d+ with 300, 0\.\d+ with 600\.", words)
    assert "Would more documents help?" not in said(page_of(shares[-1]))


def test_lengths_are_drawn_where_they_are_known():
    assert "0 to 50 words: 12; 50 to 100 words: 3." in said(
        page_of(made(lengths={"edges": [0, 50, 100], "counts": [12, 3]}))
    )
    assert "Lengths" not in said(page_of(made(lengths={"edges": [0], "counts": "?"})))


def test_the_same_runs_give_the_same_bytes():
    assert page_of(*several()) == page_of(*several())


def test_matplotlib_is_left_as_it_was():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    page_of(made(epochs=3))
    assert dict(mpl.rcParams) == before


def test_nothing_to_show_is_said_so():
    assert "Nothing was evaluated." in said(page_of())
    assert "The test part is empty" in said(page_of(made(n=0)))


@pytest.mark.parametrize("classes", [2, 12, 13, 77, 300])
def test_every_class_count_gives_a_page_of_bounded_size(classes):
    labels = [f"the label with the number {number:03}" for number in range(classes)]
    runs = [
        made(labels, n=2000, seed=seed, backend=f"b{number}", skill=4.0)
        for seed in (1, 2, 3)
        for number in range(2)
    ]
    page = page_of(*runs)
    assert len(page) < 3_000_000
    assert "the label with the number 001" in page
    assert ("180 others" in page) == (classes == 300)


def test_seven_backends_and_three_seeds_stay_under_three_megabytes():
    labels = [f"the label with the number {number:03}" for number in range(77)]
    names = ("majority", "tfidf", "simplernn", "lstm", "stacked-lstm", "bilstm", "gru")
    page = page_of(
        *(made(labels, n=1000, seed=seed, backend=name, epochs=20) for seed in (1, 2, 3) for name in names)
    )
    assert len(page) < 3_000_000


# What strangers wrote


def hostile_runs():
    """Two backends and everything that a stranger could have named, in every place where a name goes."""
    runs = []
    for backend in ("tfidf", HOSTILE[0]):
        run = made(HOSTILE, backend="gru", epochs=3, corpus=HOSTILE[2], skill=1.0)
        found = dict(run.metrics) | {
            "backend": backend,
            "split": HOSTILE[1],
            "corpus_sha256": HOSTILE[3],
            "set_aside": dict.fromkeys(HOSTILE, 1),
            "unseen": dict.fromkeys(HOSTILE, 1),
            "unseen_words": {
                "words": 9,
                "distinct": 9,
                "occurrences": 9,
                "share": 1.0,
                "documents": 9,
                "commonest": [{"word": word, "documents": 1} for word in HOSTILE],
            },
            "versions": dict.fromkeys(HOSTILE, HOSTILE[0]),
            "options": {HOSTILE[3]: HOSTILE[5]},
            "routing": run.metrics["routing"] | {"policy": HOSTILE[0]},
            "experiment": {
                "location": HOSTILE[4],
                "cleaners": [[HOSTILE[0], {}]],
                "columns": {HOSTILE[1]: HOSTILE[2]},
            },
        }
        history = [
            dataclasses.replace(epoch, gradient_norms=dict.fromkeys(HOSTILE, 0.1)) for epoch in run.history
        ]
        named = triage.Run(HOSTILE[2], backend, found["options"], 42, 9)
        runs.append(dataclasses.replace(run, run=named, metrics=found, history=history))
    return runs


def harmless(value):
    """The same with names of no harm, as long and as many."""
    if isinstance(value, str):
        return f"name {HOSTILE.index(value)}" if value in HOSTILE else value
    if isinstance(value, dict):
        return {harmless(key): harmless(inner) for key, inner in value.items()}
    return [harmless(inner) for inner in value] if isinstance(value, list | tuple) else value


def tame(run):
    named = triage.Run(harmless(run.run.corpus), harmless(run.run.backend), harmless(run.run.options), 42, 9)
    history = [
        dataclasses.replace(epoch, gradient_norms=harmless(epoch.gradient_norms)) for epoch in run.history
    ]
    return dataclasses.replace(
        run,
        run=named,
        metrics=harmless(dict(run.metrics)),
        labels=tuple(harmless(run.labels)),
        history=history,
    )


def test_hostile_names_and_texts_change_nothing_but_the_words():
    runs = hostile_runs()
    texts = [[HOSTILE[row % len(HOSTILE)] + " I wrote this" for row in range(200)]] * 2
    page = page_of(*runs, texts=texts)
    reader, calm = Reader(page), Reader(page_of(*map(tame, runs), texts=[["I wrote this"] * 200] * 2))
    assert not set(reader.tags) & FORBIDDEN
    assert reader.tags == calm.tags
    assert [name for _, name, _ in reader.attributes] == [name for _, name, _ in calm.attributes]
    assert "window.pwned=1" in " ".join(reader.texts)
    read = "".join(reader.texts) + "".join(value for _, _, value in reader.attributes)
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]", read
    )


def test_no_text_is_shown_unless_it_is_asked_for():
    run = made(skill=1.0)
    texts = [f"secret number {row} " * 3 + "\nsecond line" for row in range(200)]
    assert "secret" not in page_of(run)
    page = page_of(run, texts=[texts], mistakes=5)
    assert page.count("<blockquote") == 5
    assert "\nsecond line</blockquote>" in page
    predicted, sure = metrics.top_label(run.probabilities)
    surest = max(np.flatnonzero(predicted != run.codes), key=lambda row: sure[row])
    assert f"secret number {surest} " in page
    assert "secret" not in page_of(run, texts=[None])


# The command


@pytest.fixture
def judged(tmp_path):
    """A corpus, and a run that was judged on some of its rows."""
    from triage.data.sources import load

    path = tmp_path / "letters.csv"
    names = ("card", "loan", "mortgage")
    plain = made(skill=1.0)
    rows = [f"{names[code]},my secret letter number {row}" for row, code in enumerate(plain.codes)]
    path.write_text("\n".join(["label,text", *rows]) + "\n", encoding="utf-8")
    dataset = load(triage.Plugins.discover(), str(path))
    found = dict(plain.metrics) | {"corpus_sha256": dataset.sha256, "epochs": 0}
    write_run(tmp_path / "runs" / "one", dataclasses.replace(plain, metrics=found))
    return path


def command(*words, code=0):
    result = CliRunner().invoke(cli, ["report", *map(str, words)], catch_exceptions=True)
    assert (result.exit_code == 0) == (code == 0), result.output
    if code:
        assert getattr(result.exception, "exit_code", result.exit_code) == code
    return result


def test_the_command_writes_the_page_and_shows_text_only_of_the_corpus_that_was_evaluated(judged, tmp_path):
    runs, page = tmp_path / "runs", tmp_path / "page.html"
    command(runs, "--format", "html", "--out", page)
    assert "secret" not in page.read_text(encoding="ascii")
    command(runs, "--format", "html", "--out", page, "--show-text", judged)
    assert "my secret letter number" in page.read_text(encoding="ascii")

    other = tmp_path / "other.csv"
    other.write_text(judged.read_text(encoding="utf-8").replace("number 7", "number seven"), encoding="utf-8")
    page.unlink()
    refused = command(runs, "--format", "html", "--out", page, "--show-text", other, code=65)
    assert "is not what was evaluated" in str(refused.exception)
    assert not page.exists()
    assert "shows no texts" in str(command(runs, "--format", "json", "--show-text", judged, code=2).exception)
    assert "--show-text" in str(command(runs, "--label-column", "label", code=2).exception)


def test_a_run_judged_on_another_corpus_shows_none_of_the_training_texts(judged, tmp_path):
    metrics_file = tmp_path / "runs" / "one" / "predictions.npz"
    with np.load(metrics_file) as arrays:
        kept = dict(arrays)
    kept["codes"] = (kept["codes"] + 1) % 3
    np.savez_compressed(metrics_file, **kept)
    refused = command(tmp_path / "runs", "--format", "html", "--show-text", judged, code=65)
    assert "is not what was evaluated" in str(refused.exception)


# A real browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")


class Browser:
    """Headless Chromium, asked over the WebDriver protocol."""

    def __init__(self, folder, *, width):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [DRIVER, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        flags = ["headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
                 "disable-component-update", "disable-sync", "disable-dev-shm-usage", f"user-data-dir={folder}"]  # fmt: skip
        chrome = {
            "binary": CHROMIUM,
            "args": [f"--{flag}" for flag in flags],
            "mobileEmulation": {
                "deviceMetrics": {"width": width, "height": 844, "pixelRatio": 1.0, "mobile": width < 600}
            },
        }
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": chrome,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        try:
            self._await()
            answer = self.ask("POST", "", {"capabilities": {"alwaysMatch": wanted}}, session=False)
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        self.session = answer["sessionId"]

    def _await(self):
        for _ in range(100):
            try:
                with urllib.request.urlopen(f"{self.url}/status", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError("chromedriver does not answer")

    def ask(self, method, path, body=None, *, session=True):
        address = f"{self.url}/session" + (f"/{self.session}" if session else "") + path
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            address, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())["value"]

    def run(self, code):
        return self.ask("POST", "/execute/sync", {"script": code, "args": []})

    def log(self, kind):
        return self.ask("POST", "/se/log", {"type": kind})

    def close(self):
        try:
            self.ask("DELETE", "")
        finally:
            self.process.terminate()
            self.process.wait(timeout=20)


@pytest.mark.slow
@pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed")
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_shows_the_page_without_an_error_a_request_or_an_overflow(tmp_path, width):
    pages = {
        "several": page_of(*several()),
        "hostile": page_of(*hostile_runs(), texts=[[HOSTILE[row % len(HOSTILE)] for row in range(200)]] * 2),
        "many": page_of(made([f"a label with number {n:02}" for n in range(77)], n=1500)),
        "long": page_of(
            made(["x" * 3000, "y z " * 500, "w"], corpus="v" * 2000, backend="u" * 500),
            texts=[["t" * 9000] * 200],
        ),
    }
    browser = Browser(tmp_path / "profile", width=width)
    try:
        browser.log("performance")
        for name, page in pages.items():
            file = tmp_path / f"{name}.html"
            file.write_text(page, encoding="ascii")
            browser.ask("POST", "/url", {"url": file.as_uri()})
            browser.run("document.querySelectorAll('details').forEach(each => each.open = true)")
            assert browser.run("return innerWidth") == width
            assert browser.run("return document.documentElement.scrollWidth") <= width, name
            assert browser.run("return document.scripts.length") == 0
            assert browser.run("return typeof window.pwned") == "undefined"
            assert browser.run("return document.compatMode") == "CSS1Compat"
            handlers = "return [...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => a.name.startsWith('on'))).length"
            assert browser.run(handlers) == 0
            pictures = (
                "return [...document.querySelectorAll('svg')].map(e => e.getBoundingClientRect().width)"
            )
            assert min(browser.run(pictures)) > 250
            assert browser.log("browser") == [], name
            events = [json.loads(entry["message"])["message"] for entry in browser.log("performance")]
            asked = {
                event["params"]["request"]["url"]
                for event in events
                if event["method"] == "Network.requestWillBeSent"
            }
            assert {each for each in asked if not each.startswith(("data:", "chrome:"))} == {file.as_uri()}, (
                name
            )
        tried = "return new Promise(done => { const s = document.createElement('script'); s.textContent = 'window.pwned = 1'; document.body.append(s); done(typeof window.pwned) })"
        assert browser.run(tried) == "undefined"  # the page's policy holds even for what gets in
    finally:
        browser.close()


def test_a_page_of_two_splits_says_which_is_which_and_what_leaking_is_worth():
    runs = [made(), made(skill=4.0)]
    naive = dataclasses.replace(runs[1], metrics={**runs[1].metrics, "split": "naive"})
    words = said(page_of(runs[0], naive))
    assert re.search("letters ?, grouped split", words)
    assert re.search("letters ?, naive split", words)
    worth = naive.metrics["macro_f1"] - runs[0].metrics["macro_f1"]
    assert f"{worth:+.3f}" in words[words.index("What a naive split flatters") :]
    assert not re.search("letters ?, grouped split", said(page_of(runs[0])))
