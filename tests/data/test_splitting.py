"""The split: whole groups, fair shares, nothing lost."""

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import triage
from triage.data.splitting import SHARES, split_by_time, split_stratified, thin_stratified

corpora = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 60)), min_size=1, max_size=200)


@given(corpora, st.integers(0, 2**32 - 1))
def test_every_group_is_on_one_side_only(documents, seed):
    codes, groups = (np.array(column) for column in zip(*documents, strict=True))
    parts = split_stratified(codes, groups, seed=seed)
    assert all(len(set(parts[groups == group])) == 1 for group in set(groups.tolist()))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=400), st.integers(0, 2**32 - 1))
def test_each_part_has_its_share_of_each_class_to_one_document(codes, seed):
    codes = np.array(codes)
    parts = split_stratified(codes, np.arange(len(codes)), seed=seed)
    for code in set(codes.tolist()):
        counts = np.bincount(parts[codes == code], minlength=4)
        assert np.abs(counts - np.array(SHARES) * (codes == code).sum()).max() <= 1


@given(st.lists(st.integers(0, 3), min_size=10, max_size=100), st.integers(0, 1000))
def test_one_seed_gives_one_split(codes, seed):
    codes, groups = np.array(codes), np.arange(len(codes))
    again = split_stratified(codes, groups, seed=seed)
    assert (split_stratified(codes, groups, seed=seed) == again).all()


def test_another_seed_gives_another_split():
    codes, groups = np.zeros(100, np.int64), np.arange(100)
    assert (split_stratified(codes, groups, seed=1) != split_stratified(codes, groups, seed=2)).any()


def test_a_class_of_two_has_one_document_in_train():
    parts = split_stratified(np.array([0, 0]), np.array([0, 1]), seed=3)
    assert sorted(parts.tolist()) == [0, 3]


@given(st.lists(st.integers(0, 300), min_size=50, max_size=300, unique=True))
def test_a_split_by_time_trains_on_the_past_and_tests_on_the_future(days):
    dates = [datetime.date(2020, 1, 1) + datetime.timedelta(days=day) for day in days]
    parts = split_by_time(dates)
    latest = [
        max(date for date, part in zip(dates, parts, strict=True) if part == number) for number in range(3)
    ]
    earliest = [
        min(date for date, part in zip(dates, parts, strict=True) if part == number) for number in range(4)
    ]
    assert all(past < future for past, future in zip(latest, earliest[1:], strict=True))


def test_documents_without_a_date_cannot_be_split_by_time():
    with pytest.raises(triage.DataError, match="1 of 2 have none"):
        split_by_time([datetime.date(2020, 1, 1), None])


def test_one_day_cannot_be_divided():
    with pytest.raises(triage.DataError, match="too few days"):
        split_by_time([datetime.date(2020, 1, 1)] * 30)


@given(corpora, st.integers(0, 2**32 - 1), st.floats(0.05, 1), st.floats(0.05, 1))
def test_a_smaller_share_is_a_part_of_a_larger_one_with_whole_families_and_every_class(
    documents, seed, one, other
):
    codes, groups = (np.array(column) for column in zip(*documents, strict=True))
    small, large = (
        set(thin_stratified(codes, groups, share=share, seed=seed).tolist()) for share in sorted((one, other))
    )
    assert small <= large
    families = {group: {p for p in range(len(groups)) if groups[p] == group} for group in groups.tolist()}
    assert all(family <= small or not family & small for family in families.values())
    assert set(thin_stratified(codes, groups, share=1.0, seed=seed).tolist()) == set(range(len(codes)))


def test_a_share_keeps_at_least_one_document_of_each_class():
    codes = np.array([0] * 50 + [1])
    kept = thin_stratified(codes, np.arange(51), share=0.1, seed=1)
    assert np.bincount(codes[kept]).tolist() == [5, 1]
