"""The declarations of the checks, and the table by which the language knows them without the judge."""

from collections import Counter

import pytest

from poc_cli.judge.check_registry import Check, registering
from poc_cli.judge.check_table import text
from poc_cli.judge.checks import CHECKS
from poc_cli.judge.load.load_checks import LOAD_CHECKS
from poc_cli.scenario.check_names import ENTRIES, LOAD_MEANINGS, MEANINGS, TABLE, CheckEntry


def test_the_table_is_current() -> None:
    assert TABLE.read_text(encoding="utf-8") == text(), "run make docs"


def test_the_checks_of_the_language_are_those_that_are_judged() -> None:
    assert set(MEANINGS) == set(CHECKS)
    assert set(LOAD_MEANINGS) == set(LOAD_CHECKS)


def test_no_two_checks_have_the_same_place_in_the_documentation() -> None:
    places = Counter((entry.of_load, entry.order) for entry in ENTRIES.values())
    assert [place for place, times in places.items() if times > 1] == []


def test_a_name_is_registered_once() -> None:
    checks: dict[str, Check[int]] = {}
    check = registering(checks)
    entry = CheckEntry(name="twice", meaning="It is there.", order=1)
    check(entry)(1)
    with pytest.raises(ValueError, match="twice"):
        check(entry)(2)
    assert checks["twice"].function == 1
