"""The embedded reviews: what the card promises holds for the file that ships."""

from __future__ import annotations

import datetime
import gzip
import re
from collections import Counter, defaultdict
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import triage
from triage_reviews import Reviews, triage_corpora
from triage_reviews.generate.__main__ import DATA, csv_bytes, generate
from triage_reviews.generate._grammar import Chooser, expand
from triage_reviews.generate._styles import STYLES, write
from triage_reviews.generate._subjects import read_fragments
from triage_reviews.generate._voice import Voice
from triage_reviews.generate._writer import Writer

PACKAGE = resources.files("triage_reviews")
LABELS = ("negative", "neutral", "positive")
TOKEN = r"[a-z]+(?:'[a-z]+)?"
NEGATORS = re.compile(
    r"\b(?:no|not|nor|never|none|nothing|nobody|neither|without|cannot|hardly)\b|\b[a-z]+n't\b"
    r"|\b(?:do|does|did|is|are|was|were|has|have|had|wo|would|could|should|ca)nt\b"
)


@pytest.fixture(scope="module")
def documents() -> list[triage.Document]:
    return list(Reviews())


@pytest.fixture(scope="module")
def fragments():
    return read_fragments()


def share(documents, holds) -> float:
    return sum(bool(holds(document)) for document in documents) / len(documents)


def words(document) -> list[str]:
    return re.findall(r"\w+", document.text.lower())


# What ships.


def test_the_plugin_offers_one_corpus_by_the_name_reviews(plugins) -> None:
    (corpus,) = triage_corpora()
    assert (corpus.name, corpus.build) == ("reviews", Reviews)
    assert corpus.build().name == "reviews"
    assert plugins.get(triage.Corpus, "reviews").extension.build is Reviews


def test_every_iteration_starts_at_the_first_row(documents) -> None:
    source = Reviews()
    assert next(iter(source)) == next(iter(source)) == documents[0]


def test_the_file_is_under_a_megabyte_and_regenerates_byte_for_byte() -> None:
    packed = (PACKAGE / DATA).read_bytes()
    assert len(packed) < 1_000_000
    assert packed[4:8] == b"\0\0\0\0", "a time is stored: equal rows would give different files"
    assert gzip.decompress(packed) == csv_bytes(generate())


def test_there_are_thousands_of_reviews_with_ids_of_their_own(documents) -> None:
    assert 3000 <= len(documents) <= 4000
    assert [document.row for document in documents] == list(range(1, len(documents) + 1))
    assert len({document.id for document in documents}) == len(documents)
    assert all(document.text.strip() == document.text != "" for document in documents)


def test_the_three_labels_are_mildly_unbalanced(documents) -> None:
    counts = Counter(document.label for document in documents)
    assert set(counts) == set(LABELS)
    shares = {label: count / len(documents) for label, count in counts.items()}
    assert shares == pytest.approx({"negative": 0.45, "neutral": 0.20, "positive": 0.35}, abs=0.02)


def test_rows_come_in_the_order_of_their_dates_over_two_years(documents) -> None:
    dates = [document.date for document in documents]
    assert dates == sorted(dates)
    assert (dates[0], dates[-1]) == (datetime.date(2022, 3, 1), datetime.date(2024, 2, 28))
    days = Counter(date.weekday() for date in dates)
    assert days[6] > days[4], "people write on Sundays"


def test_hidden_truth_stands_beside_every_review_and_nowhere_in_it(documents) -> None:
    for document in documents:
        assert set(document.meta) == {"style", "template", "true_label", "subject"}
        assert document.meta["style"] in {*STYLES, "template"}
        assert (document.meta["style"] == "template") == bool(document.meta["template"])
        assert document.meta["true_label"] in LABELS


def test_one_label_in_fifty_is_wrong(documents) -> None:
    assert share(documents, lambda d: d.label != d.meta["true_label"]) == pytest.approx(0.02, abs=0.001)


def test_every_style_says_the_labels_that_it_can_and_no_other(documents) -> None:
    found = defaultdict(Counter)
    for document in documents:
        found[document.meta["style"]][document.meta["true_label"]] += 1
    for style, weights in STYLES.items():
        assert set(found[style]) == set(weights), style
        assert min(found[style].values()) >= 10, style
    for style in ("plain", "negation", "distant", "contrast", "turn", "sarcasm", "mixed", "short", "story"):
        assert set(found[style]) == set(LABELS)


# What the texts are like.


def test_people_type_in_all_the_ways_that_people_type(documents) -> None:
    assert share(documents, lambda d: len(words(d)) <= 3) > 0.005
    assert max(len(words(d)) for d in documents) > 200
    assert share(documents, lambda d: d.text.isupper()) > 0.02
    assert share(documents, lambda d: d.text.islower()) > 0.08
    assert share(documents, lambda d: "\n" in d.text) > 0.15
    assert share(documents, lambda d: re.search(r"[:;][-)(/|pD]|[\U0001f300-\U0001faff]", d.text)) > 0.03
    assert share(documents, lambda d: "!" in d.text) > 0.1
    assert (
        share(documents, lambda d: re.search(r"\b(?:recieved|definately|alot|realy|freinds?)\b", d.text)) > 0
    )


def test_no_text_shows_how_it_was_made(documents) -> None:
    for document in documents:
        plain = document.text.replace("<3", "").replace(">:(", "")
        assert not re.search(r"[\[\]<>|{}~]", plain.replace(":|", "")), document.id
        assert "  " not in document.text, document.id


def test_words_of_feeling_occur_with_every_label(documents) -> None:
    for word in ("good", "great", "lovely", "bad", "awful", "terrible", "not", "no", "never", "but", "until"):
        counts = Counter(d.meta["true_label"] for d in documents if word in words(d))
        assert min(counts[label] for label in LABELS) >= 20, (word, counts)
    for word in ("recommend", "happy", "worth", "regret", "disappointed", "impressed", "problems"):
        counts = Counter(d.meta["true_label"] for d in documents if word in words(d))
        assert min(counts["negative"], counts["positive"]) >= 10, (word, counts)


def test_only_copied_reviews_share_most_of_their_shingles(documents) -> None:
    holders = defaultdict(set)
    shingles = {}
    for document in documents:
        tokens = words(document)
        shingles[document.row] = [tuple(tokens[i : i + 8]) for i in range(len(tokens) - 7)]
        for shingle in shingles[document.row]:
            holders[shingle].add(document.row)
    near = set()
    for row, own in shingles.items():
        shared = Counter(other for shingle in own for other in holders[shingle] if other != row)
        near |= {row for _, count in shared.most_common(1) if count > len(own) / 2}
    copied = {document.row for document in documents if document.meta["template"]}
    assert copied <= near
    assert 0.015 <= len(copied) / len(documents) <= 0.04
    assert len(near - copied) <= 0.03 * len(documents)


def test_no_two_ordinary_reviews_are_the_same(documents) -> None:
    ordinary = Counter(" ".join(words(d)) for d in documents if not d.meta["template"])
    assert max(ordinary.values()) == 1


# How hard it is: measured with words and pairs of words, and logistic regression, by cross-validation.


def accuracy(texts, labels, *, pairs: bool = True) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from threadpoolctl import threadpool_limits

    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 1 + pairs), sublinear_tf=True, token_pattern=TOKEN),
        OneVsRestClassifier(LogisticRegression(C=10, solver="liblinear")),
    )
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    with threadpool_limits(1):  # threads that wait for each other take ten times as long on a busy machine
        return float(np.mean(cross_val_score(model, texts, labels, cv=folds)))


@pytest.fixture(scope="module")
def lowered(documents) -> tuple[list[str], list[str]]:
    return [document.text.lower() for document in documents], [document.label for document in documents]


@pytest.fixture(scope="module")
def with_all_words(lowered) -> float:
    return accuracy(*lowered)


def test_pairs_of_words_go_a_long_way_and_not_all_the_way(with_all_words) -> None:
    assert 0.78 <= with_all_words <= 0.86


def test_leaving_out_stop_words_with_the_negations_costs_accuracy(lowered, with_all_words) -> None:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    texts, labels = lowered
    left = [
        " ".join(
            w for w in re.findall(TOKEN, text) if w not in ENGLISH_STOP_WORDS and not NEGATORS.fullmatch(w)
        )
        for text in texts
    ]
    assert with_all_words - accuracy(left, labels) >= 0.05


def test_leaving_out_nothing_but_the_negations_costs_accuracy(lowered, with_all_words) -> None:
    texts, labels = lowered
    assert with_all_words - accuracy([NEGATORS.sub(" ", text) for text in texts], labels) >= 0.03


def test_single_words_without_their_neighbours_do_worse(lowered, with_all_words) -> None:
    assert with_all_words - accuracy(*lowered, pairs=False) >= 0.03


# The grammar.


def test_there_are_more_than_four_hundred_fragments_in_files_by_theme(fragments) -> None:
    assert fragments.count > 2000
    assert len(fragments.subjects) == 18
    assert len(fragments.shared) >= 8


@pytest.mark.parametrize("style", STYLES)
def test_each_style_can_be_written_about_each_subject(fragments, style) -> None:
    for subject in fragments.subjects:
        for label in STYLES[style]:
            writer = Writer(fragments, subject, Chooser(f"{style} {label}"))
            assert all(sentence.strip() for sentence in write(writer, style, label))


def test_every_fragment_can_be_filled(fragments) -> None:
    for subject in fragments.subjects:
        writer = Writer(fragments, subject, Chooser("all"))
        clauses = [topic.clauses for topic in subject.topics]
        for table in (subject.lists, subject.overall, *clauses):
            for fragment in (text for texts in table.values() for text in texts):
                assert not re.search(r"[\[\]<>]", writer.fill(fragment)), fragment


def test_a_choice_takes_one_branch_and_a_slot_its_filling() -> None:
    slots = {"thing": lambda: "[old|odd] app"}
    texts = {expand("a <thing> [here|there] .", slots, Chooser(str(seed))) for seed in range(40)}
    assert texts == {f"an {word} app {place}." for word in ("old", "odd") for place in ("here", "there")}


@pytest.mark.parametrize("pattern", ["[a|b", "a] b", "<again>"])
def test_a_broken_pattern_is_refused(pattern) -> None:
    with pytest.raises(ValueError, match=r"partner|without end"):
        expand(pattern, {"again": lambda: "<again>"}, Chooser("x"))


def test_a_slot_that_nobody_fills_is_refused() -> None:
    with pytest.raises(KeyError):
        expand("<nobody>", {}, Chooser("x"))


@given(st.lists(st.integers(), unique=True), st.integers(0, 20), st.text())
def test_some_items_are_different_items_of_the_list(items, count, seed) -> None:
    drawn = Chooser(seed).some(items, count)
    assert len(drawn) == len(set(drawn)) == min(count, len(items))
    assert set(drawn) <= set(items)


@given(st.text(), st.integers(-5, 5), st.integers(0, 9))
def test_equal_seeds_draw_alike_and_within_bounds(seed, low, span) -> None:
    one, other = Chooser(seed), Chooser(seed)
    drawn = [one.whole(low, low + span) for _ in range(20)]
    assert drawn == [other.whole(low, low + span) for _ in range(20)]
    assert all(low <= number <= low + span for number in drawn)


def test_nothing_is_drawn_with_weight_nought() -> None:
    assert {Chooser(str(seed)).weighted({"a": 0, "b": 1}) for seed in range(20)} == {"b"}
    with pytest.raises(ValueError, match="above zero"):
        Chooser("x").weighted({"a": 0})


@pytest.mark.parametrize(
    ("case", "typed"),
    [
        ("usual", "I don't like what it is, and it isn't mine."),
        ("shout", "I DON'T LIKE WHAT IT IS, AND IT ISN'T MINE."),
    ],
)
def test_a_voice_contracts_and_marks_without_changing_what_is_said(fragments, case, typed) -> None:
    voice = Voice(case, 1.0, 0.0, "kept", 0.0, "", 0.0, "")
    text = voice.type(["I do not like what it is, and it is not mine"], Chooser("1"), fragments.shared)
    assert text == typed
