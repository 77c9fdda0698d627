"""The embedded complaints: what the card promises holds for the file that ships."""

from __future__ import annotations

import datetime
import gzip
import re
from collections import Counter, defaultdict
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

import triage
from triage_complaints import Complaints, triage_corpora
from triage_complaints._rows import FILE, to_csv
from triage_complaints.generate.__main__ import generate
from triage_complaints.generate._compose import KINDS, STORIES, compose
from triage_complaints.generate._grammar import Chooser, expand
from triage_complaints.generate._letters import LETTERS
from triage_complaints.generate._products import PRODUCTS
from triage_complaints.generate._stories_shared import SHARED, SHARED_BY

PACKAGE = resources.files("triage_complaints")
MASK = re.compile(r"x{2,}", re.IGNORECASE)


@pytest.fixture(scope="module")
def documents() -> list[triage.Document]:
    return list(Complaints())


def share(documents: list[triage.Document], holds) -> float:
    return sum(map(holds, documents)) / len(documents)


def test_the_plugin_offers_one_corpus_by_the_name_complaints() -> None:
    (corpus,) = triage_corpora()
    assert (corpus.name, corpus.build) == ("complaints", Complaints)
    assert corpus.build().name == "complaints"


def test_every_iteration_starts_at_the_first_row(documents: list[triage.Document]) -> None:
    source = Complaints()
    assert next(iter(source)) == next(iter(source)) == documents[0]


def test_the_file_is_under_a_megabyte_and_regenerates_byte_for_byte() -> None:
    packed = (PACKAGE / FILE).read_bytes()
    assert len(packed) < 1_000_000
    assert packed[4:8] == b"\0\0\0\0", "a time is stored: equal rows would give different files"
    assert gzip.decompress(packed) == to_csv(generate())


def test_another_seed_gives_other_complaints_about_the_same_products() -> None:
    rows = generate("another seed")
    assert {row.true_label for row in rows} == set(PRODUCTS)
    ours = {document.text for document in Complaints()}
    assert sum(row.text in ours for row in rows if not row.template) < 20


def test_there_are_thousands_of_complaints_with_ids_of_their_own(documents: list[triage.Document]) -> None:
    assert 4000 <= len(documents) <= 5500
    assert [document.row for document in documents] == list(range(1, len(documents) + 1))
    assert len({document.id for document in documents}) == len(documents)
    assert all(document.text.strip() and document.label for document in documents)


def test_the_ten_products_are_unbalanced_like_real_ones(documents: list[triage.Document]) -> None:
    counts = Counter(document.label for document in documents)
    assert set(counts) == set(PRODUCTS)
    assert 0.32 <= max(counts.values()) / len(documents) <= 0.38
    assert 0.012 <= min(counts.values()) / len(documents) <= 0.021


def test_rows_come_in_the_order_of_their_dates_over_three_years(documents: list[triage.Document]) -> None:
    dates = [document.date for document in documents]
    assert dates == sorted(dates)
    assert (dates[0], dates[-1]) >= (datetime.date(2021, 1, 1), datetime.date(2023, 12, 25))
    assert {date.year for date in dates} == {2021, 2022, 2023}


def test_weekdays_bring_more_than_weekends_and_each_year_more_than_the_last(
    documents: list[triage.Document],
) -> None:
    weekdays = Counter(document.date.weekday() for document in documents)
    years = Counter(document.date.year for document in documents)
    assert min(weekdays[day] for day in range(5)) > 1.7 * max(weekdays[5], weekdays[6])
    assert weekdays[0] > weekdays[4]
    assert years[2021] < years[2022] < years[2023]


def test_a_seasonal_mean_forecasts_better_than_last_weeks_same_day(documents: list[triage.Document]) -> None:
    counts = Counter(document.date for document in documents)
    first = datetime.date(2021, 1, 1)
    days = [counts[first + datetime.timedelta(days=day)] for day in range(1095)]
    naive, seasonal = 0.0, 0.0
    for day in range(730, 1095):
        naive += abs(days[day] - days[day - 7])
        seasonal += abs(days[day] - sum(days[day - 7 * week] for week in range(1, 27)) / 26)
    assert seasonal < 0.85 * naive


def test_texts_have_masks_amounts_line_breaks_and_torn_apostrophes(documents: list[triage.Document]) -> None:
    assert 0.5 < share(documents, lambda d: "XX" in d.text) < 0.9
    assert 0.2 < share(documents, lambda d: "{$" in d.text) < 0.5
    assert 0.25 < share(documents, lambda d: "\n" in d.text) < 0.45
    assert 0.05 < share(documents, lambda d: " n't" in d.text or " 's " in d.text) < 0.3
    assert share(documents, lambda d: "XX/XX/2022" in d.text) > 0.05
    assert share(documents, lambda d: d.text.isupper()) > 0.01


def test_lengths_run_from_a_word_or_two_to_hundreds(documents: list[triage.Document]) -> None:
    lengths = sorted(len(document.text.split()) for document in documents)
    assert 60 <= lengths[len(lengths) // 2] <= 90
    assert sum(length <= 8 for length in lengths) > 0.03 * len(lengths)
    assert sum(length >= 250 for length in lengths) > 20
    assert lengths[-1] >= 500
    assert any(len(document.text) > 100 and " " not in document.text for document in documents)


def test_about_three_in_a_hundred_labels_are_wrong_and_the_truth_is_kept(
    documents: list[triage.Document],
) -> None:
    wrong = [document for document in documents if document.meta["wrong"]]
    assert 0.025 <= len(wrong) / len(documents) <= 0.035
    for document in documents:
        assert (document.label != document.meta["true_label"]) == (document.meta["wrong"] == "1")
    assert all(d.label in PRODUCTS[d.meta["true_label"]].mistaken for d in wrong)
    assert len({document.label for document in wrong}) >= 8


def test_about_a_tenth_are_template_letters_of_many_families(documents: list[triage.Document]) -> None:
    families = Counter(d.meta["template"] for d in documents if d.meta["template"])
    assert 0.08 <= families.total() / len(documents) <= 0.12
    assert families == {name: letter.planted for name, letter in LETTERS.items()}
    assert len(families) >= 10
    assert len({letter.product for letter in LETTERS.values()}) >= 8
    for document in documents:
        if document.meta["template"]:
            assert document.meta["true_label"] == LETTERS[document.meta["template"]].product


def test_planted_letters_are_found_by_their_shingles_and_nothing_else_is(
    documents: list[triage.Document],
) -> None:
    sets = [shingles(document.text) for document in documents]
    twins = pairs(sets, at_least=0.5)
    found = {at for pair in twins for at in pair}
    planted = {at for at, document in enumerate(documents) if document.meta["template"]}
    assert len(found & planted) >= 0.95 * len(planted), "recall"
    assert len(found & planted) >= 0.95 * len(found), "precision"
    family = [document.meta["template"] for document in documents]
    true_pairs = sum(family[left] == family[right] != "" for left, right in twins)
    all_pairs = sum(letter.planted * (letter.planted - 1) // 2 for letter in LETTERS.values())
    assert true_pairs >= 0.95 * all_pairs, "recall of pairs"
    assert true_pairs >= 0.95 * len(twins), "precision of pairs"


def test_ordinary_complaints_are_no_near_duplicates_of_anything(documents: list[triage.Document]) -> None:
    sets = [shingles(document.text) for document in documents]
    for left, right in pairs(sets, at_least=0.2):
        assert documents[left].meta["template"] == documents[right].meta["template"] != ""


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = [word for word in re.findall(r"[^\W\d_]+", text.lower()) if not MASK.fullmatch(word)]
    return frozenset(tuple(words[at : at + 8]) for at in range(max(1, len(words) - 7)))


def pairs(sets: list[frozenset[tuple[str, ...]]], *, at_least: float) -> set[tuple[int, int]]:
    """The pairs whose Jaccard similarity is at least that: an exact join over shared shingles."""
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    alike: set[tuple[int, int]] = set()
    for right, ours in enumerate(sets):
        shared = Counter(left for shingle in ours for left in holders[shingle])
        for left, both in shared.items():
            if both >= at_least * (len(ours) + len(sets[left]) - both):
                alike.add((left, right))
        for shingle in ours:
            holders[shingle].append(right)
    return alike


@pytest.mark.slow
def test_the_corpus_is_neither_too_easy_nor_too_hard(documents: list[triage.Document]) -> None:
    from sklearn.dummy import DummyClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline

    texts = [document.text for document in documents]
    labels = [document.label for document in documents]
    groups = [document.meta["template"] or document.id for document in documents]
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=42)
    train, test = next(iter(folds.split(texts, labels, groups)))

    def macro_f1(model) -> float:
        model.fit([texts[at] for at in train], [labels[at] for at in train])
        return f1_score(
            [labels[at] for at in test], model.predict([texts[at] for at in test]), average="macro"
        )

    tfidf = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(class_weight="balanced", max_iter=500),
    )
    assert macro_f1(DummyClassifier()) < 0.10
    assert 0.75 < macro_f1(tfidf) < 0.95


def test_every_product_has_stories_and_shares_some_with_others() -> None:
    assert set(STORIES) == set(PRODUCTS)
    assert set(SHARED) == set(SHARED_BY)
    for issues in (*STORIES.values(), SHARED):
        for issue in issues.values():
            assert len(issue.lead) >= 4
            assert len(issue.more) >= 4


def test_no_product_is_mistaken_for_itself_or_for_nothing_known() -> None:
    for name, product in PRODUCTS.items():
        for others in (product.mistaken, product.aside):
            assert name not in others
            assert set(others) <= set(PRODUCTS)


@given(
    product=st.sampled_from(sorted(PRODUCTS)),
    kind=st.sampled_from(sorted(KINDS)),
    seed=st.text(min_size=1, max_size=4),
)
def test_composing_is_a_function_of_its_arguments_and_leaves_no_grammar_behind(
    product: str, kind: str, seed: str
) -> None:
    made = compose(product, 2022, kind, Chooser(seed))
    assert made == compose(product, 2022, kind, Chooser(seed))
    assert made.text.strip()
    assert not set("[]<>|~") & set(made.text)
    assert made.mentions != product


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("plain words", "plain words"),
        ("[one [or|or]|one or] two", "one or two"),
        ("a~ <thing>, A~ [item] and a~ loan", "an apple, An item and a loan"),
        ("  gone [|] .", "gone."),
    ],
)
def test_the_grammar_fills_choices_slots_and_articles(pattern: str, text: str) -> None:
    assert expand(pattern, {"thing": ("apple",)}, Chooser("seed")) == text


@pytest.mark.parametrize("pattern", ["[open", "closed]", "<loop>"])
def test_a_broken_pattern_is_an_error(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"bracket|nested"):
        expand(pattern, {"loop": ("<loop>",)}, Chooser("seed"))


def test_an_unknown_slot_is_an_error() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        expand("<nowhere>", {}, Chooser("seed"))


def test_the_card_says_that_the_corpus_is_synthetic_and_names_every_column_and_count(
    documents: list[triage.Document],
) -> None:
    card = (PACKAGE / "CARD.md").read_text("utf-8")
    assert "synthetic" in card
    for column in ("id", "date", "label", "text", *documents[0].meta):
        assert f"`{column}`" in card
    assert f"{len(documents):,}" in card
    for label, count in Counter(document.label for document in documents).items():
        assert re.search(rf"\| {label} \| {count:,} \|", card)
