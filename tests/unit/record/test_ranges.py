"""Sets of sockets as ranges, there and back, and as words."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from poc_cli.record.ranges import count, indexes, is_ranges, ranges, words


@given(some.sets(some.integers(0, 500)))
def test_ranges_hold_what_they_were_made_of(found: set[int]) -> None:
    told = ranges(found)
    assert indexes(told) == found
    assert count(told) == len(found)
    assert is_ranges(told)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([7], "socket 7"),
        ([1, 2, 3], "sockets 1 to 3"),
        ([1, 2, 9], "sockets 1 to 2 and 9"),
        ([1, 3, 5, 7, 9, 11, 13], "sockets 1, 3, 5, 7, 9 and 2 more"),
    ],
)
def test_a_sentence_names_the_first_and_counts_the_rest(found: list[int], told: str) -> None:
    assert words(ranges(found)) == told


@pytest.mark.parametrize("value", [None, {}, [1], [[1]], [[2, 1]], [[1, 2.0]], [[True, True]], [[1, 3], [3, 4]]])
def test_what_is_no_ranges_is_known(value: object) -> None:
    assert not is_ranges(value)
