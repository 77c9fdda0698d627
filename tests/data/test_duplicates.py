"""Near-duplicates: found, closed, and kept on one side."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import triage
from triage.config import Experiment
from triage.data.duplicates import near_duplicates, shingles, twins
from triage.data.sources import load
from triage.data.splitting import split_stratified
from triage.models.training import prepare

WORDS = [a + b + c for a, b, c in itertools.product("bdfg", "aeiou", "lmnrst")]


def letter(*, seed, length=60):
    generator = np.random.default_rng(seed)
    return " ".join(generator.choice(WORDS, length))


def test_a_letter_with_another_name_and_amount_is_the_same_letter():
    first = letter(seed=1) + " Dear XXXX you owe {$12.00} since XX/XX/2021 " + letter(seed=2)
    second = first.replace("XXXX", "xxxx").replace("12.00", "99.50").upper()
    assert near_duplicates([first, letter(seed=3), second]).tolist() == [0, 1, 0]


def test_a_letter_with_some_words_changed_is_near_and_one_rewritten_is_not():
    words = letter(seed=1, length=100).split()
    near = [*words[:50], "other", *words[51:]]
    far = [word if i % 4 else "other" for i, word in enumerate(words)]
    assert near_duplicates([" ".join(words), " ".join(near), " ".join(far)]).tolist() == [0, 0, 2]


def test_short_texts_are_near_when_they_are_the_same_words_and_empty_ones_never():
    found = near_duplicates(["Card lost!", "card  lost", "lost card", "", "", "123 XXXX"])
    assert found.tolist() == [0, 0, 2, 3, 4, 5]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([letter(seed=seed, length=20) for seed in range(6)]), max_size=30))
def test_copies_are_always_found_and_a_family_is_named_by_its_first(texts):
    found = near_duplicates(texts)
    assert found.tolist() == [texts.index(text) for text in texts]


@given(st.text(max_size=200), st.lists(st.text(max_size=50), max_size=5))
def test_any_text_has_shingles_and_no_text_disturbs_another(text, others):
    assert shingles(text).dtype == np.uint64
    together = near_duplicates([text, *others, text])
    assert together[0] == 0
    assert (together[-1] == 0) == bool(len(shingles(text))) or text in others


def test_a_chain_of_neighbours_is_one_family():
    words = letter(seed=5, length=120).split()
    chain = [" ".join([*words[:start], *letter(seed=start + 9, length=20).split(), *words[start + 20 :]]) for start in (0, 40, 80)]  # fmt: skip
    assert len(set(near_duplicates([" ".join(words), *chain]).tolist())) == 1


def test_what_leaks_is_the_share_of_the_test_part_with_a_twin_in_training():
    groups, parts = np.array([1, 1, 2, 3, 3, 4]), np.array([0, 3, 3, 0, 0, 3])
    assert twins(groups, parts, train=0, test=3) == 1 / 3
    assert twins(groups, np.zeros(6, np.int8), train=0, test=3) == 0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_family_is_on_both_sides_of_a_default_split(seed):
    texts = [letter(seed=number % 25, length=30) for number in range(100)]
    groups = near_duplicates(texts)
    parts = split_stratified(np.arange(100) % 4, groups, seed=seed)
    assert twins(groups, parts, train=0, test=3) == 0


def test_the_planted_letters_of_the_embedded_complaints_are_found(plugins):
    dataset = load(plugins, "complaints")
    groups = near_duplicates(dataset.texts)
    sizes = np.bincount(groups, minlength=len(groups))
    found = sizes[groups] > 1
    families = [document.meta["template"] for document in dataset.documents]
    planted = np.array([families.count(name) > 1 if name else False for name in families])
    assert (found & planted).sum() / planted.sum() >= 0.95
    assert (found & planted).sum() / found.sum() >= 0.95


def test_naive_is_the_only_split_that_leaks(plugins):
    dataset = load(plugins, "complaints")
    for split in ("grouped", "naive"):
        prepared = prepare(dataset, Experiment(split=split), plugins)
        train, test = prepared.splits.train, prepared.splits.test
        leaking = np.isin(test.groups, train.groups).mean()
        assert (leaking > 0.03) == (split == "naive")
    assert isinstance(prepared.splits, triage.Splits)


WORDS = [f"{a}{b}{c}" for a in "bdfklm" for b in "aeiou" for c in "nrst"]
FOOTER = " ".join(WORDS[i % len(WORDS)] + "x" for i in range(3, 83))


def own(number, length=13):
    """A letter of its own words."""
    return " ".join(
        WORDS[(number * 37 + i * i * (number % 11 + 1) + i * 7) % len(WORDS)] + "qzjv"[(number + i) % 4]
        for i in range(length)
    )


@pytest.mark.parametrize("place", ["{own} {footer}", "{footer} {own}", "{footer} {own} {footer}"])
def test_letters_under_one_footer_are_not_alike(place):
    texts = [place.format(own=own(number), footer=FOOTER) for number in range(200)]
    assert len(set(near_duplicates(texts).tolist())) > 190


def test_a_footer_of_one_team_joins_none_of_its_letters():
    texts = [own(n) + (f" {FOOTER}" if n % 4 == 0 else "") for n in range(240)]
    assert len(set(near_duplicates(texts).tolist())) > 220


def test_template_letters_stay_a_family_however_many_there_are():
    letter = own(1, 60).split()
    texts = [
        " ".join([*letter[:20], f"name{chr(97 + n % 26)}{chr(97 + n // 26)}", *letter[21:]])
        for n in range(200)
    ]
    assert len(set(near_duplicates([*texts, *(own(n) for n in range(2, 40))])[:200].tolist())) == 1


def test_exact_copies_stay_a_family_though_every_word_of_them_is_common():
    texts = [f"{own(1, 40)} {FOOTER}"] * 50 + [own(n, 40) for n in range(2, 100)]
    assert len(set(near_duplicates(texts)[:50].tolist())) == 1
