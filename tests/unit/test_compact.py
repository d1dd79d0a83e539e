"""Compact collections behave like the set and the dict that they stand for, in a fraction of the memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.compact import IdSet, KeyOwners, SortedKeys

IDS = st.integers(min_value=-10, max_value=1_000) | st.integers(min_value=-(2**63), max_value=2**63 - 1)


def id_set(ids: list[int]) -> IdSet:
    found = IdSet()
    for row_id in ids:
        found.add(row_id)
    return found


@given(ids=st.lists(IDS), gone=st.lists(IDS), asked=st.lists(IDS))
def test_id_set_behaves_like_a_set(ids: list[int], gone: list[int], asked: list[int]) -> None:
    ours, theirs = id_set(ids), set(ids)
    for row_id in gone + ids[:2]:
        ours.discard(row_id)
        theirs.discard(row_id)
    assert (len(ours), set(ours)) == (len(theirs), theirs)
    assert [row_id in ours for row_id in asked] == [row_id in theirs for row_id in asked]


@given(ids=st.lists(IDS))
def test_insert_reports_a_new_id_once(ids: list[int]) -> None:
    ours, met = IdSet(), set[int]()
    for row_id in ids:
        assert ours.insert(row_id) is (row_id not in met)
        met.add(row_id)


@given(ids=st.lists(IDS), others=st.lists(IDS))
def test_id_set_can_be_combined_with_other_sets(ids: list[int], others: list[int]) -> None:
    ours, shown = id_set(ids), dict.fromkeys(others)
    assert ours - shown.keys() == set(ids) - set(others)
    assert shown.keys() - ours == set(others) - set(ids)
    assert shown.keys() | ours == set(ids) | set(others)
    ours |= set(others)
    assert set(ours) == set(ids) | set(others)


def test_only_numbers_are_in_an_id_set() -> None:
    values: list[object] = ["1", 1.5, None, 1]
    assert [value in id_set([1]) for value in values] == [False, False, False, True]


KEYS = st.integers(min_value=-(2**63), max_value=2**63 - 1) | st.sampled_from([n << 20 for n in range(-9, 9)])


@given(pairs=st.lists(st.tuples(KEYS, st.sampled_from("abc"))), asked=st.lists(KEYS))
def test_key_owners_behave_like_a_dict(pairs: list[tuple[int, str]], asked: list[int]) -> None:
    ours, theirs = KeyOwners(), dict[int, str]()
    for key, owner in pairs:
        assert ours.setdefault(key, owner) == theirs.setdefault(key, owner)
    assert len(ours) == len(theirs)
    assert [ours.get(key) for key in asked + list(theirs)] == [theirs.get(key) for key in asked + list(theirs)]
    assert dict(ours.items()) == theirs


@given(keys=st.lists(KEYS), asked=st.lists(KEYS))
def test_sorted_keys_behave_like_a_set(keys: list[int], asked: list[int]) -> None:
    ours = SortedKeys(keys)
    assert len(ours) == len(keys)
    assert [key in ours for key in asked + keys] == [key in set(keys) for key in asked + keys]


def test_key_owners_keep_all_keys_and_owners_while_they_grow() -> None:
    # Keys that share their low bits meet in one slot; more owners than two bytes can number.
    owners = {number << 7: f"https://{number}.example" for number in range(70_000)}
    ours = KeyOwners()
    for key, owner in owners.items():
        ours.setdefault(key, owner)
    assert len(ours) == 70_000
    assert all(ours.get(key) == owner for key, owner in owners.items())
    assert ours.get(1) is None


def traced(make: Callable[[], object]) -> tuple[int, int]:
    """The bytes of what ``make`` gives, and those at the peak of its work."""
    tracemalloc.start()
    made = make()
    size, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert made is not None
    return size, peak


def owners_of(count: int) -> KeyOwners:
    found = KeyOwners()
    for number in range(count):
        found.setdefault(number * 0x9E3779B97F4A7C15 % 2**63, "https://news.example")
    return found


def keys_of(count: int) -> SortedKeys:
    # As many bits as the key of a URL has.
    return SortedKeys(number * 0x9E3779B97F4A7C15 % 2**48 for number in range(count))


RANGES = id_set([1_000 + number for number in range(20_000)])


@pytest.mark.parametrize(
    ("make", "most", "at_once"),
    [
        (lambda: id_set([1_000 + 5 * number for number in range(20_000)]), 5, 50),  # with the list
        (lambda: owners_of(20_000), 20, 30),
        (lambda: keys_of(20_000), 10, 25),
        (RANGES.ranges, 1, 1),
    ],
    ids=["ids", "owners", "keys", "ranges"],
)
def test_number_takes_a_few_bytes_of_memory(make: Callable[[], object], most: int, at_once: int) -> None:
    size, peak = traced(make)
    assert (size < most * 20_000, peak < at_once * 20_000) == (True, True)


def test_ids_are_written_as_ranges_and_read_again() -> None:
    ids = IdSet()
    for number in (9, 300, 3, 1, 2, -5, 301, 2**40):
        ids.add(number)
    assert ids.ranges() == "-5,1-3,9,300-301,1099511627776"
    assert sorted(IdSet.of_ranges(ids.ranges())) == sorted(ids)
    assert len(IdSet.of_ranges(IdSet().ranges())) == 0
