"""Conditions: typed comparison, absence, and patterns that cannot hang."""

import pytest

from poc_cli.scenario.conditions import lookup, parse
from poc_cli.scenario.templates import UnknownNameError
from poc_cli.scenario.values import MISSING

MESSAGE: dict[str, object] = {
    "n": 3,
    "zero": 0,
    "yes": True,
    "none": None,
    "name": "ann",
    "list": [1, "two", {"deep": "x"}],
    "table": {"key": 1},
    "odd key": {"a.b": 5},
}


def holds(text: str, value: object = MESSAGE, **names: object) -> bool:
    return parse(text).holds(value, names)


@pytest.mark.parametrize(
    "text",
    [
        "n == 3",
        "n == 3.0",
        "n != 4",
        "n < 4",
        "n <= 3",
        "n > 2.5",
        "n >= 3",
        'name == "ann"',
        'name < "bob"',
        "none == null",
        "yes == true",
        "yes != 1",
        'list contains "two"',
        "list contains 1.0",
        'list contains {"deep":"x"}',
        'name contains "nn"',
        'table contains "key"',
        'name matches "^a.n$"',
        'name matches "n"',
        "list[2].deep exists",
        "none exists",
        "not nope exists",
        "not n == 4",
        'not name < "ann"',
        '"odd key"."a.b" == 5',
        'table == {"key": 1}',
        "  n   ==   3  ",
    ],
)
def test_conditions_that_hold(text: str) -> None:
    assert holds(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "yes == 1",
        "zero == false",
        "n == 4",
        "not n == 3",
        "not n exists",
        'n contains "3"',
        "n < true",
        'n < "4"',
        'n matches "3"',
        'table == {"key": 1, "more": 2}',
        "list contains true",
    ],
)
def test_conditions_that_do_not(text: str) -> None:
    assert holds(text) is False


OPERATORS = ["==", "!=", "<", "<=", ">", ">=", "contains", "matches"]


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("negation", ["", "not "])
@pytest.mark.parametrize("path", ["nope", "n.x", "list[9]", "list.x", "name[0]", "table[0]"])
def test_a_comparison_with_a_missing_path_is_false_even_negated(operator: str, negation: str, path: str) -> None:
    assert holds(f'{negation}{path} {operator} "x"') is False


@pytest.mark.parametrize("negation", ["", "not "])
def test_a_message_without_json_satisfies_no_comparison(negation: str) -> None:
    assert holds(f'{negation}n != "x"', MISSING) is False
    assert holds("not n exists", MISSING) is True


def test_a_bound_name_keeps_its_type() -> None:
    assert holds("n == {before}", before=3) is True
    assert holds("n == {before}", before="3") is False
    assert holds("name != {before}", before='ann" == "ann') is True
    assert holds("name matches {p}", p="^a") is True


def test_an_unbound_name_is_an_error_even_where_the_path_is_missing() -> None:
    with pytest.raises(UnknownNameError):
        holds("nope == {before}")


def test_a_bound_value_that_is_no_pattern_is_an_error() -> None:
    for pattern in ("(", 3, ["a"]):
        with pytest.raises(ValueError, match="pattern"):
            holds("name matches {p}", p=pattern)


def test_a_hostile_pattern_is_matched_in_linear_time() -> None:
    # A backtracking engine needs 2^5000 steps here, so that this test would never end.
    assert holds('text matches "^(a+)+$"', {"text": "a" * 5000 + "b"}) is False


def test_half_of_a_surrogate_pair_from_a_worker_is_no_error() -> None:
    assert holds('t matches "x$"', {"t": "\ud800x"}) is True
    assert holds('t < "a"', {"t": "\ud800"}) is False


def test_names_are_those_to_be_bound() -> None:
    assert parse("n == {a.b}").names == {"a.b"}
    assert parse('n == "{a}"').names == set()
    assert str(parse("not n  == 1")) == "not n  == 1"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("n", '"n" is not a condition; write it like: count >= 2, or: not name == "ann"'),
        ("", '"" is not a condition; write it like: count >= 2, or: not name == "ann"'),
        ("not exists", '"not exists" is not a condition; write it like: count >= 2, or: not name == "ann"'),
        ("not == 3", '"==" is not a path; write it like: name, rooms[0].name, or: "odd key".name'),
        ("n = 3", '"=" is not an operator; did you mean "=="?'),
        ("n contain 3", '"contain" is not an operator; did you mean "contains"?'),
        ("n ==", '"==" needs a value to compare with'),
        ("n == bob", '"bob" is neither JSON nor a {name}; text needs quotes: "bob"'),
        ("n == NaN", '"NaN" is neither JSON nor a {name}; text needs quotes: "NaN"'),
        ("n == {1}", '"{1}" is neither JSON nor a {name}'),
        ("n exists 3", '"exists" takes no value, but "3" follows'),
        ("a..b == 1", '"a..b" is not a path; write it like: name, rooms[0].name, or: "odd key".name'),
        ("a[x] == 1", '"a[x]" is not a path; write it like: name, rooms[0].name, or: "odd key".name'),
        ("n matches 3", '"matches" needs a pattern in quotes, not 3'),
        ('n matches "("', '"(" is not a valid RE2 pattern: missing ): ('),
        (
            'n matches "(?=a)"',
            '"(?=a)" is not a valid RE2 pattern: invalid perl operator: (?=; RE2 has no look-ahead',
        ),
    ],
)
def test_what_is_wrong_with_a_condition(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r".*") as caught:
        parse(text)
    assert str(caught.value) == sentence


def test_a_literal_nested_too_deeply_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="is neither JSON nor"):
        parse("n == " + "[" * 100_000)


def test_lookup() -> None:
    assert lookup(MESSAGE, "list[2].deep") == "x"
    assert lookup([[7]], "[0][0]") == 7
    assert lookup(MESSAGE, "none") is None
    assert lookup(MESSAGE, "none.x") is MISSING
    assert lookup({"0": 1}, "[0]") is MISSING
    with pytest.raises(ValueError, match="is not a path"):
        lookup(MESSAGE, "a b")
