"""Lists whose order means nothing are put into one order; ids in them do not decide it unless they were seen before."""

from typing import Any

from poc_cli.record.list_order import Arranger, Skeletons, unordered_paths

ONE, TWO = "0f0e0d0c-2fa1-41d2-883f-0016d3cca427", "1f1e1d1c-2fa1-41d2-883f-0016d3cca427"


def listed(*members: tuple[str, str]) -> dict[str, Any]:
    return {"users": [{"id": key, "name": name} for key, name in members]}


FIRST = listed((ONE, "ann"), (TWO, "bob"))
SECOND = listed(("2f2e2d2c-2fa1-41d2-883f-0016d3cca427", "bob"), ("3f3e3d3c-2fa1-41d2-883f-0016d3cca427", "ann"))


def test_a_list_is_unordered_if_the_same_elements_come_in_another_order() -> None:
    skeletons = Skeletons([[FIRST], [SECOND]])
    assert unordered_paths(skeletons, [[FIRST, SECOND]]) == {("users",)}
    assert unordered_paths(skeletons, [[FIRST, FIRST]]) == frozenset()
    other = listed((ONE, "bob"), (TWO, "cy"))
    assert unordered_paths(Skeletons([[FIRST], [other]]), [[FIRST, other]]) == frozenset()


def test_elements_are_sorted_by_what_is_no_id() -> None:
    arranger = Arranger(Skeletons([[FIRST], [SECOND]]), frozenset({("users",)}))
    assert [each["name"] for each in arranger.arranged(SECOND)["users"]] == ["ann", "bob"]


def test_equal_elements_are_sorted_by_the_ids_that_were_seen_before() -> None:
    arranger = Arranger(Skeletons([]), frozenset({("users",)}))
    arranger.arranged({"you": TWO})
    arranger.arranged({"you": ONE})
    assert [each["id"] for each in arranger.arranged(listed((ONE, "x"), (TWO, "x")))["users"]] == [TWO, ONE]


def test_short_ids_are_known_by_differing_from_play_to_play() -> None:
    skeletons = Skeletons([["ann-1f3a", "v1-steady"], ["ann-9c2b", "v1-steady"]])
    assert skeletons.is_id("ann-1f3a")
    assert not skeletons.is_id("v1-steady")
    assert skeletons.of({"a": "ann-1f3a"}) == skeletons.of({"a": "ann-9c2b"})
