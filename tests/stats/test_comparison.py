"""Comparing backends: paired, corrected, and honest about what is chance."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import triage
from triage.stats.comparison import compare, holm, leaks, learning_curve, name_of
from triage.stats.metrics import score

CLASSES = ("a", "b", "c")


def run_of(backend, *, seed=1, right=0.8, n=400, groups=None, documents=100, share=1.0, noise=0):
    """A run whose answers are right in a share of the documents; the same documents for every backend."""
    generator = np.random.default_rng(seed)
    codes = generator.integers(0, 3, n)
    luck = np.random.default_rng([seed, noise]).random(n)
    said = np.where(luck < right, codes, (codes + 1) % 3)
    probabilities = np.full((n, 3), 0.05)
    probabilities[np.arange(n), said] = 0.9
    metrics = {
        "corpus": "tiny", "corpus_sha256": "0", "split": "grouped", "train_share": share,
        "documents": {"train": documents}, "seconds": {"fit": 1.0 + len(backend)},
        "documents_per_second": {"predict": 10.0}, "peak_memory_mb": 5.0,
        **score(codes, probabilities, CLASSES),
    }  # fmt: skip
    return triage.Evaluation(
        run=triage.Run("tiny", backend, {}, seed, documents), metrics=metrics, labels=CLASSES,
        confusion=np.asarray(metrics["confusion"]["matrix"]), codes=codes, probabilities=probabilities,
        rows=np.arange(n) + 1000 * seed, groups=np.arange(n) if groups is None else groups,
    )  # fmt: skip


def test_a_backend_is_not_distinguishable_from_itself():
    (found,) = compare([run_of("tfidf"), run_of("twin")])
    difference = next(each for each in found.differences if each.metric == "macro_f1")
    assert difference.mean == 0
    assert not difference.real
    assert "not distinguishable" in found.verdicts()[0]


def test_a_clear_difference_is_real_and_said_with_its_price():
    (found,) = compare([run_of("tfidf", right=0.9), run_of("much-slower", right=0.6, noise=1)])
    assert [standing.backend for standing in found.standings] == ["tfidf", "much-slower"]
    assert found.verdicts()[0].startswith("much-slower is worse than tfidf by 0.")
    assert "2.0 times the time" in found.verdicts()[0]


@pytest.mark.parametrize("seed", range(3))
def test_the_interval_holds_the_mean_and_shrinks_with_more_documents(seed):
    (small,), (large,) = (compare([run_of("tfidf", n=n, seed=seed)]) for n in (100, 2500))
    width = {}
    for found in (small, large):
        (standing,) = found.standings
        low, high = standing.intervals["macro_f1"]
        assert low <= standing.means["macro_f1"] <= high
        width[found is large] = high - low
    assert width[True] < width[False] / 2


def test_near_duplicates_count_as_one_document():
    families = np.arange(400) // 20
    (apart,), (together,) = compare([run_of("tfidf")]), compare([run_of("tfidf", groups=families)])
    assert together.standings[0].intervals != apart.standings[0].intervals


def test_only_seeds_that_every_backend_has_are_compared_and_the_rest_is_named():
    (found,) = compare([run_of("tfidf", seed=1), run_of("tfidf", seed=2), run_of("other", seed=1)])
    assert [standing.seeds for standing in found.standings] == [1, 1]
    assert found.skipped == ("tfidf, seed 2: not every backend has this seed",)


def test_different_corpora_are_never_compared():
    other = run_of("other")
    other.metrics["corpus_sha256"] = "1"
    assert len(compare([run_of("tfidf"), other])) == 2


def test_a_learning_curve_rises_by_documents_and_stays_off_the_leaderboard():
    runs = [
        run_of("tfidf", share=share, documents=int(100 * share), right=share) for share in (1.0, 0.4, 0.7)
    ]
    (found,) = compare(runs)
    assert [documents for documents, _ in found.curve["tfidf"]] == [40, 70, 100]
    assert len(found.standings) == 1
    assert learning_curve(runs[:1]) == {}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p_values):
    adjusted = holm(p_values)
    assert all(p <= corrected <= 1 for p, corrected in zip(p_values, adjusted, strict=True))
    by_p = [corrected for _, corrected in sorted(zip(p_values, adjusted, strict=True))]
    assert by_p == sorted(by_p)
    assert min(adjusted) == pytest.approx(min(1.0, min(p_values) * len(p_values)))


def split_run(split, backend, *, right, seed=1, source="0", **options):
    run = run_of(backend, right=right, seed=seed, **options)
    return dataclasses.replace(run, metrics={**run.metrics, "split": split, "corpus_sha256": source})


def test_what_a_naive_split_flatters_is_measured_on_the_seeds_that_both_splits_have():
    runs = [
        split_run("naive", "tfidf", right=0.9),
        split_run("grouped", "tfidf", right=0.7),
        split_run("grouped", "tfidf", right=0.1, seed=2),
        split_run("grouped", "other", right=0.5),
    ]
    (leak,) = leaks(runs)
    naive, grouped = runs[0].metrics["macro_f1"], runs[1].metrics["macro_f1"]
    assert (leak.backend, leak.seeds, leak.naive, leak.grouped) == ("tfidf", 1, naive, grouped)
    assert f"worth {naive - grouped:+.3f}" in leak.sentence()


def test_splits_of_two_corpora_of_one_name_are_not_mixed_and_shares_of_one_do_not_count():
    other = split_run("naive", "tfidf", right=0.9, source="1")
    share = split_run("naive", "tfidf", right=0.9, share=0.5)
    assert leaks([other, share, split_run("grouped", "tfidf", right=0.7)]) == []


def test_runs_judged_on_another_corpus_are_compared_apart():
    judged_elsewhere = run_of("tfidf")
    judged_elsewhere.metrics["test_corpus_sha256"] = "1"
    assert len(compare([run_of("tfidf"), judged_elsewhere])) == 2


def test_a_backend_is_named_by_the_options_in_which_it_is_not_like_most():
    def with_options(**options):
        run = run_of("gru")
        return dataclasses.replace(run, run=dataclasses.replace(run.run, options=options))

    usual = with_options(units=64, epochs=12)
    runs = [usual, usual, with_options(units=64, epochs=1), with_options(units=32, epochs=12)]
    assert [name_of(run, runs) for run in runs] == ["gru", "gru", "gru epochs=1", "gru units=32"]
    assert [name_of(run, runs[1:3]) for run in runs[1:3]] == ["gru epochs=12", "gru epochs=1"]
