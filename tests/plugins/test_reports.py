import dataclasses
import io
import json
import math
import re

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

import triage
from triage.io.terminal import console
from triage.stats import metrics
from triage_reports import json as json_report
from triage_reports import terminal as terminal_report
from triage_reports._confusion import Confusion, confused_pairs, reviewed, worst
from triage_reports._json import plain
from triage_reports._look import Look, contrast, pad, rgb
from triage_reports._matrix import choose, draw
from triage_reports._plot import Axes, Curve, plot

SIZES = (1, 2, 3, 10, 40, 77)
LONG = "a product name of sixty letters that is not easily cut {:>3}!"
HOSTILE = (
    "\x1b]0;owned\x07 card",
    "[/b] loan [link=https://a.example]",
    ":bomb: [bold red]mortgage",
    "two\nlines\r\u2028of \u202etxet",
    "lone \ud800 half " + "\u0301" * 500,
    "抵押贷款和房屋净值",
    "🙂🙂 smiling 👨‍👩‍👧",
)


def made(k=3, *, n=400, seed=0, labels=None, decided=False, epochs=0, skill=3.0, backend="tfidf", **changes):
    """An evaluation of n documents by a model of that skill."""
    random = np.random.default_rng(seed)
    names = tuple(labels or (f"label {code}" for code in range(k)))
    codes = random.choice(k, n, p=random.dirichlet(np.full(k, 2.0))) if n else np.empty(0, np.int64)
    logits = random.gumbel(size=(n, k))
    logits[np.arange(n), codes] += skill
    odds = np.exp(logits)
    probabilities = odds / odds.sum(axis=1, keepdims=True)
    predicted, sure = metrics.top_label(probabilities)
    decisions = [
        triage.Decision(
            row=row + 1,
            id="",
            action="route" if confidence > 0.8 else "review",
            queue=names[code],
            label=names[code],
            confidence=float(confidence),
            threshold=0.8,
            reasons=("confident",) if confidence > 0.8 else ("below_threshold",),
        )
        for row, (code, confidence) in enumerate(zip(predicted, sure, strict=True))
    ]
    history = [
        triage.Epoch(
            number=number,
            of=epochs,
            loss=2 / number,
            tune_loss=2.5 / number,
            tune_macro_f1=0.6 - 0.01 * abs(number - 4),
            best=number <= 4,
        )
        for number in range(1, epochs + 1)
    ]
    found = {
        "corpus": "complaints",
        "split": "grouped",
        "documents": {"train": 6 * n, "tune": n, "calibrate": n, "test": n, "quarantined": 3},
        **metrics.score(codes, probabilities, names),
        "seconds": {"prepare": 1.0, "fit": 4.2 + seed, "predict": 0.2},
    }
    whole = triage.Evaluation(
        run=triage.Run(corpus="complaints", backend=backend, options={}, seed=42 + seed, documents=6 * n),
        metrics=found,
        labels=names,
        confusion=metrics.confusion(codes, predicted, k),
        codes=codes,
        probabilities=probabilities,
        rows=np.arange(n),
        groups=np.arange(n),
        history=history,
        decisions=decisions if decided else (),
    )
    return dataclasses.replace(whole, **changes)


def shown(*evaluations, width=100, **options):
    """The report as a page without colours."""
    page = io.StringIO()
    answer = terminal_report(**options).render(evaluations, console=console(file=page, width=width))
    assert answer is None
    return page.getvalue()


def colored(*evaluations, width=100, system="truecolor"):
    page = io.StringIO()
    target = Console(file=page, width=width, force_terminal=True, color_system=system, _environ={})
    terminal_report().render(evaluations, console=target)
    return page.getvalue()


def numbers_of(line, count):
    """The last `count` numbers of a row of the drawn matrix: cells, other, total, recall, review."""
    words = re.sub("[░▒▓█]", "", line).replace("·", "0").split()[-count:]
    return [float(word) if word != "-" else math.nan for word in words]


looks = st.builds(Look, width=st.integers(50, 160), color=st.booleans(), ascii=st.sampled_from([False]))


def test_the_reports_are_found_like_anyones():
    plugins = triage.Plugins()
    import triage_reports

    plugins.register(triage_reports)
    assert {"json", "terminal"} <= set(plugins.names(triage.Report))
    assert not plugins.failures
    page = io.StringIO()
    plugins.build(plugins.report("terminal"), {"labels": "5"}).render([made()], console=console(file=page))
    assert "macro-F1" in page.getvalue()
    with pytest.raises(triage.BadOption, match="Did you mean labels"):
        plugins.build(plugins.report("terminal"), {"label": 3})


@given(st.sampled_from(SIZES), looks, st.booleans(), st.integers(0, 9))
@settings(deadline=None, max_examples=60)
def test_every_row_adds_up_and_all_rows_to_all_documents(k, look, decided, seed):
    evaluation = made(k, seed=seed, decided=decided, skill=1.0)
    chosen = choose(evaluation, look)
    lines = [line.plain for line in draw(chosen, look)]
    assert all(cell_len(line) <= look.width for line in lines)
    size = len(chosen.labels) + (chosen.hidden > 0)
    assert len(lines) == 1 + size
    support = dict(zip(evaluation.labels, evaluation.confusion.sum(axis=1).tolist(), strict=True))
    expected = [support.pop(label) for label in chosen.labels]
    expected += [sum(support.values())] if chosen.hidden else []
    for line, row_support in zip(lines[1:], expected, strict=True):
        found = numbers_of(line, size + 2 + decided)
        cells, total = found[:size], found[size]
        assert sum(cells) == total == row_support
        if decided:
            assert found[-1] <= total
    assert sum(expected) == 400


@pytest.mark.parametrize("width", [60, 80, 100, 140])
@pytest.mark.parametrize("k", SIZES)
def test_no_line_is_wider_than_the_console(k, width):
    evaluation = made(k, labels=[LONG.format(code) for code in range(k)], decided=True, epochs=9, skill=1.0)
    for color in (True, False):
        look = Look(width=width, color=color, ascii=not color)
        report = terminal_report()
        for part in report._parts([evaluation, made(k, backend="b" * 80)], look):
            if isinstance(part, Text):
                for line in part.plain.split("\n"):
                    assert cell_len(line) <= width, line
    for line in shown(evaluation, width=width).splitlines():
        assert cell_len(line) <= width


def test_too_narrow_a_console_cuts_lines_and_wraps_none():
    for width in (12, 30):
        look = Look(width=width, color=False, ascii=False)
        evaluation = made(10, decided=True, epochs=5)
        lines = [
            line for part in terminal_report()._parts([evaluation], look) for line in part.plain.split("\n")
        ]
        assert len(shown(evaluation, width=width).splitlines()) == len(lines)


@pytest.mark.parametrize("k", [40, 77])
def test_beyond_what_fits_the_worst_are_shown_and_the_others_counted(k):
    matrix = np.diag(np.full(k, 20))
    bad = [5, 17, 31]
    for code in bad:
        matrix[code, code] = 2
        matrix[code, (code + 1) % k] += 18
    page = shown(made(k, confusion=matrix, codes=np.repeat(np.arange(k), 20), probabilities=np.empty((0, k))))
    told = re.search(r"the (\d+) worst of (\d+) labels; (\d+) are not shown", page)
    rows, total, hidden = map(int, told.groups())
    assert total == k
    assert rows + hidden == k
    assert rows >= 9, "a hundred columns show nine classes at least"
    block = page[page.index("Confusion") : told.start()]
    assert f"{hidden} others" in block
    for place, code in enumerate(bad, start=1):
        assert re.search(rf"^ ?{place}  label {code} ", block, re.MULTILINE), "worst first"


def test_the_worst_have_many_errors_and_a_low_f1():
    # Of 1,000 documents 40 are missed; of 50, 30; of 5, 3: as few as of 50, and fewer of them.
    matrix = np.array([[960, 0, 0, 40], [0, 20, 0, 30], [0, 0, 2, 3], [0, 0, 0, 5000]])
    order = worst(matrix)
    assert order.index(1) < order.index(0), "fewer errors, but many of its documents"
    assert order.index(1) < order.index(2), "of the same F1 the one with more errors"
    assert worst(np.diag([5, 5, 5])) == [0, 1, 2]


def test_ten_classes_fit_whole_into_a_hundred_columns():
    page = shown(made(10, n=3000, decided=True, labels=[LONG.format(code) for code in range(10)]))
    assert "not shown" not in page
    assert "other" not in page[page.index("Confusion") : page.index("share of the row")]


@given(st.integers(2, 12), st.integers(0, 99), st.data())
def test_folding_loses_no_document(k, seed, data):
    evaluation = made(k, n=60, seed=seed, skill=0.5, decided=True)
    keep = data.draw(st.lists(st.integers(0, k - 1), unique=True, min_size=1, max_size=k))
    review = reviewed(evaluation)
    folded = Confusion.fold(evaluation.confusion, evaluation.labels, shown=keep, review=review)
    assert folded.cells.sum() == 60
    assert folded.review.sum() == review.sum()
    assert folded.hidden == k - len(keep)
    assert folded.support[: len(keep)].tolist() == evaluation.confusion.sum(axis=1)[keep].tolist()
    for row, code in enumerate(keep):
        assert folded.cells[row, row] == evaluation.confusion[code, code]


def test_the_review_column_counts_what_went_to_a_person():
    evaluation = made(3, decided=True)
    lines = shown(evaluation).splitlines()
    head = next(place for place, line in enumerate(lines) if line.endswith("review"))
    counted = [int(line.split()[-1]) for line in lines[head + 1 : head + 4]]
    expected = [0, 0, 0]
    for decision, code in zip(evaluation.decisions, evaluation.codes, strict=True):
        expected[code] += decision.action == "review"
    assert counted == expected
    assert "review" not in shown(made(3))


def test_the_commonest_confusions_are_listed_commonest_first():
    matrix = np.array([[9, 4, 0], [7, 9, 1], [0, 0, 9]])
    assert confused_pairs(matrix, most=2) == [(1, 0, 7), (0, 1, 4)]
    assert confused_pairs(np.diag([3, 3]), most=5) == []
    page = shown(made(3, labels=["card", "loan", "fee"], confusion=matrix), pairs=2)
    block = page[page.index("Most often confused") : page.index("Labels")]
    assert re.search(r"7 █+ +loan +→ card +41% of them\n", block)
    assert "11 of 12 errors" in block


@pytest.mark.parametrize("system", [None, "standard", "256", "truecolor"])
def test_no_escape_and_no_markup_of_a_name_gets_out(system):
    hostile = made(len(HOSTILE), labels=HOSTILE, decided=True, epochs=3, skill=1.0)
    run = dataclasses.replace(hostile.run, corpus=HOSTILE[0], backend=HOSTILE[1])
    found = {
        **hostile.metrics,
        "split": HOSTILE[3],
        "unseen": {HOSTILE[0]: 3},
        "unseen_words": {
            "words": 1,
            "distinct": 2,
            "occurrences": 3,
            "share": 0.5,
            "documents": 3,
            "commonest": [{"word": HOSTILE[1], "documents": 3}],
        },
        "set_aside": {HOSTILE[2]: 2},
        "documents": {HOSTILE[0]: 3},
        "routing": {"policy": HOSTILE[0], "coverage": 0.5, "realised_error": 0.1, "max_error": 0.2},
    }
    evaluation = dataclasses.replace(hostile, run=run, metrics=found)
    for some in ((evaluation,), (evaluation, dataclasses.replace(evaluation, run=hostile.run))):
        page = colored(*some, system=system)
        # Rich's own codes are colours alone; whatever else begins with ESC came from a name.
        bare = re.sub("\x1b\\[[0-9;]*m", "", page)
        assert (
            re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ud800-\udfff]", bare) is None
        )
        for name in ("␛]0;owned␇ card", "[/b] loan [link", ":bomb: [bold"):
            assert name in bare
        if system is None:
            assert "\x1b" not in page


def test_wide_characters_keep_the_columns_straight():
    names = ["抵押贷款", "🙂 happy", "plain", "кредит"]
    for color in (True, False):
        look = Look(width=100, color=color, ascii=False)
        evaluation = made(4, labels=names, n=4000, skill=1.0)
        lines = [line.plain for line in draw(choose(evaluation, look), look)]
        assert {cell_len(line) for line in lines} == {cell_len(lines[0])}


def test_no_color_leaves_no_escape_code(monkeypatch):
    evaluation = made(10, decided=True, epochs=5)
    assert "\x1b[" in colored(evaluation)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    page = shown(evaluation, made(10, backend="gru"))
    assert "\x1b" not in page
    assert re.search("[░▒▓█]", page), "density stands for the shade"


def test_cells_are_shaded_where_there_are_colours():
    evaluation = made(3)
    page = colored(evaluation)
    matrix = page[page.index("Confusion") : page.index("share of the row")]
    look = Look(width=100, color=True, ascii=False)
    share = evaluation.confusion[0, 0] / evaluation.confusion[0].sum()
    red, green, blue = rgb(share, right=True, light=False)
    assert f"48;2;{red};{green};{blue}m" in matrix
    assert look.shade(share, right=True).endswith(f"#{red:02x}{green:02x}{blue:02x}")
    assert not re.search("[░▒▓]", matrix)


@given(st.floats(0, 1), st.booleans(), st.booleans())
def test_numbers_can_be_read_on_every_shade(share, right, light):
    style = Look(width=100, color=True, ascii=False, light=light).shade(share, right=right)
    front, back = ([int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in style.split(" on "))
    assert contrast(tuple(front), tuple(back)) >= 4.5


@given(st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_more_is_never_shown_as_less(one, other, color):
    look = Look(width=100, color=color, ascii=False)
    less, more = sorted((one, other))
    assert look.densities.index(look.density(less)) <= look.densities.index(look.density(more))
    assert len(look.bar(less, 10)) <= len(look.bar(more, 10)) <= 10
    assert sum(rgb(less, right=False, light=False)) <= sum(rgb(more, right=False, light=False))


def test_something_is_never_shown_as_nothing():
    for ascii_only in (True, False):
        look = Look(width=100, color=False, ascii=ascii_only)
        assert look.bar(0.0, 10) == ""
        assert look.bar(1e-9, 10)
        assert look.density(1e-9).strip()
        assert look.bar(math.nan, 10) == ""


def test_an_ascii_console_gets_ascii():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    evaluation = made(10, decided=True, epochs=5, labels=[f"Größe {code}" for code in range(10)])
    terminal_report().render([evaluation, made(3, backend="gru")], console=console(file=stream, width=100))
    stream.flush()
    page = raw.getvalue().decode("ascii")
    assert "Gr??e 3" in page
    assert "#" in page
    assert page.count("?") == 2 * page.count("Gr??e")


def test_the_head_says_what_was_done():
    page = shown(made(3, decided=True))
    assert page.startswith("complaints · tfidf · grouped split · seed 42\n")
    assert "train 2,400 · tune 400 · calibrate 400 · test 400 · quarantined 3" in page
    evaluation = made(3)
    parts = dict(sorted(evaluation.metrics["documents"].items()))
    assert shown(
        dataclasses.replace(evaluation, metrics={**evaluation.metrics, "documents": parts})
    ) == shown(evaluation)
    assert f"accuracy {evaluation.metrics['accuracy']:.3f} · macro-F1" in page
    assert "fit in 4.2 s" in page


def test_what_was_routed_is_told_as_it_was_measured_or_else_counted():
    evaluation = made(3, decided=True)
    routed = [
        evaluation.labels[code] == decision.label
        for decision, code in zip(evaluation.decisions, evaluation.codes, strict=True)
        if decision.action == "route"
    ]
    expected = f"routed: {len(routed) / 400:.1%} by itself, {1 - sum(routed) / len(routed):.1%} of it wrongly"
    assert expected in shown(evaluation)
    found = {"policy": "bounded", "coverage": 0.5, "realised_error": 0.04, "max_error": 0.05}
    page = shown(dataclasses.replace(evaluation, metrics={**evaluation.metrics, "routing": found}))
    assert "routed by bounded: 50.0% by itself, 4.0% of it wrongly (promised: at most 5.0%)" in page


def test_what_calibration_changed_is_told():
    evaluation = made(3)
    found = {**evaluation.metrics, "calibration": {"note": "temperature 0.59: ECE 0.186 to 0.019\x1b[2J"}}
    page = shown(dataclasses.replace(evaluation, metrics=found))
    assert "temperature 0.59 · ECE 0.186 to 0.019␛[2J\n" in page


def test_labels_that_could_not_be_learned_are_named():
    evaluation = made(3)
    found = {**evaluation.metrics, "set_aside": {"other": 6}, "unseen": {f"new {n}": n for n in range(1, 9)}}
    page = shown(dataclasses.replace(evaluation, metrics=found))
    assert "labels too few to learn from: other 6\n" in page
    assert "labels never seen in training: new 1 1 · new 2 2" in page
    assert "3 more" in page


def test_words_that_training_never_saw_are_counted_and_named():
    evaluation = made(3)
    assert "never seen" not in shown(evaluation)
    words = {"words": 1234, "distinct": 9000, "occurrences": 1300, "share": 0.0213, "documents": 77}
    known = {**words, "commonest": [{"word": "crypto", "documents": 12}, {"word": "wallet", "documents": 9}]}
    page = shown(dataclasses.replace(evaluation, metrics={**evaluation.metrics, "unseen_words": known}))
    page = " ".join(page.split())
    assert "words never seen in training: 1,234 of 9,000 · 2.1% of all that is read · in 77 texts" in page
    assert "most often crypto 12" in page
    assert "wallet 9" in page


def test_every_label_has_its_scores_lowest_f1_first():
    evaluation = made(10, skill=2.0)
    page = shown(evaluation)
    block = page[page.index("\nLabels") : page.index("Reliability")].splitlines()[3:]
    rows = [
        re.findall(r"^label (\d) +(\d+)  ([\d.]+) █*\S* +([\d.]+) █*\S* +([\d.]+)", line) for line in block
    ]
    rows = [row[0] for row in rows if row]
    assert len(rows) == 10
    for code, support, precision, recall, f1 in rows:
        scores = evaluation.metrics["per_label"][f"label {code}"]
        assert int(support) == scores["support"]
        assert (precision, recall, f1) == tuple(f"{scores[key]:.2f}" for key in ("precision", "recall", "f1"))
    assert [float(row[-1]) for row in rows] == sorted(float(row[-1]) for row in rows)


def test_the_labels_beyond_the_most_are_summed_up():
    page = shown(made(40, skill=2.0), labels=10)
    block = page[page.index("\nLabels") : page.index("Reliability")]
    assert len(re.findall("^label", block, re.MULTILINE)) == 10
    assert re.search(r"30 more with an F1 of 0\.\d\d to [01]\.\d\d", block)


def test_the_curve_of_risk_over_coverage_is_drawn_with_what_it_offers():
    evaluation = made(3, skill=2.0)
    page = shown(evaluation)
    assert re.search("[\u2801-\u28ff]", page)
    for least, share in evaluation.metrics["coverage_at_accuracy"].items():
        assert f"{float(least):.0%} right: {share:>4.0%}" in page


def test_training_is_drawn_and_its_best_epoch_marked():
    page = shown(made(3, epochs=9))
    assert "best: epoch 4 of 9, loss 0.500, macro-F1 0.600 on tune" in page
    assert page.count("▲") == 2
    assert "Training" not in shown(made(3))
    one = shown(made(3, epochs=1))
    assert "best: epoch 1 of 1" in one


def test_a_diverged_or_silent_history_is_no_obstacle():
    history = [triage.Epoch(number=n, of=3, loss=math.nan) for n in (1, 2, 3)]
    page = shown(made(3, history=history))
    assert "Training" in page
    assert "best" not in page[page.index("Training") :]


def test_a_line_that_climbs_has_no_gap():
    look = Look(width=40, color=False, ascii=True)
    axes = Axes(x=(0, 1), y=(0, 1), x_words=("0", "1"), y_words=("0", "1"))
    lines = plot([Curve([0, 0.5, 0.50001, 1], [0, 0, 1, 1])], axes, look, width=40, height=6)
    assert all("*" in line.plain for line in lines[:6])
    assert all(cell_len(line.plain) <= 40 for line in lines)


def test_several_backends_are_ranked_before_each_is_shown():
    some = [
        made(5, seed=seed, skill=skill, backend=backend)
        for backend, skill in (("majority", 0.1), ("tfidf", 4.0), ("gru", 2.5))
        for seed in range(3)
    ]
    page = shown(*some)
    board = page[: page.index("means over seeds")]
    rows = [line.split() for line in board.splitlines() if re.match("majority|tfidf|gru", line)]
    assert [row[0] for row in rows] == ["tfidf", "gru", "majority"]
    assert all(row[1] == "3" for row in rows)
    scores = [e.metrics["macro_f1"] for e in some if e.run.backend == "gru"]
    assert f"{np.mean(scores):.3f}±{np.std(scores, ddof=1):.3f}" in board
    assert page.count("Confusion") == 3
    assert page.count("the first of 3") == 3
    assert page.index("leaderboard") < page.index("Confusion")
    assert shown(*some, show="best").count("Confusion") == 1
    assert shown(*some, show="none").count("Confusion") == 0


def test_one_backend_with_two_sets_of_options_is_two():
    one, other = made(3), made(3, skill=1.0)
    one = dataclasses.replace(one, run=dataclasses.replace(one.run, options={"units": 32, "rate": 0.1}))
    other = dataclasses.replace(other, run=dataclasses.replace(other.run, options={"units": 64, "rate": 0.1}))
    board = shown(one, other, show="none")
    assert "tfidf units=32" in board
    assert "tfidf units=64" in board
    assert "rate" not in board


def test_evaluations_with_little_in_them_are_shown_all_the_same():
    bare = made(3, metrics={}, probabilities=np.empty((0, 3)))
    page = shown(bare)
    assert "accuracy" in page
    assert "Reliability" not in page
    assert "nothing to measure" in shown(made(3, n=0))
    assert shown() == "nothing was evaluated\n"
    assert "leaderboard" in shown(bare, bare)
    perfect = made(2, skill=90.0)
    assert "Most often confused" not in shown(perfect)


def test_padding_is_exact_for_every_script():
    for text in ("", "abc", "中文字", "🙂🙂🙂", "e\u0301" * 9):
        for width in (1, 2, 5, 8):
            assert cell_len(pad(text, width)) == width
            assert cell_len(pad(text, width, right=True)) == width


def test_json_is_the_metrics_of_each_evaluation_as_they_are():
    some = [made(3), made(3, seed=1, backend="gru")]
    text = json_report().render(some, console=console(file=io.StringIO()))
    assert json.loads(text) == [evaluation.metrics for evaluation in some]
    assert len(text.splitlines()) == 4, "one line for each"
    assert json.loads(json_report().render([], console=console(file=io.StringIO()))) == []


def test_json_of_the_same_numbers_is_the_same_bytes():
    evaluation = made(3)
    shuffled = dict(reversed(evaluation.metrics.items()))
    one, other = (
        json_report().render(
            [dataclasses.replace(evaluation, metrics=found)], console=console(file=io.StringIO())
        )
        for found in (evaluation.metrics, shuffled)
    )
    assert one == other


def test_json_knows_no_nan_and_holds_no_control():
    found = {
        "nan": math.nan,
        "numpy": np.float32(0.5),
        "infinite": [np.inf, -math.inf],
        "array": np.arange(3),
        "flag": np.bool_(1),
        "names": ("a", "b"),
        "set": {"b", "a"},
        3: "a key that is a number",
        "hostile": "".join(HOSTILE) + "\x7f\x9b",
    }
    text = json_report().render([made(3, metrics=found)], console=console(file=io.StringIO()))
    assert re.fullmatch(r"[\n\x20-\x7e]+", text)
    back = json.loads(text, parse_constant=pytest.fail)[0]
    assert back["nan"] is None
    assert back["infinite"] == [None, None]
    assert back["numpy"] == 0.5
    assert back["array"] == [0, 1, 2]
    assert back["flag"] is True
    assert back["set"] == ["a", "b"]
    assert back["3"] == "a key that is a number"
    assert back["hostile"] == found["hostile"]


def test_what_json_cannot_hold_becomes_text():
    import datetime
    import pathlib

    assert plain(datetime.date(2024, 5, 1)) == "2024-05-01"
    assert plain(pathlib.PurePosixPath("runs/1")) == "runs/1"
