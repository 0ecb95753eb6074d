"""Numbers and lines as people read them, and the document as programs do."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from poc_cli.cost.cost_document import document
from poc_cli.cost.measured import Counted, Measured
from poc_cli.cost.month import Month, month_of, month_of_run
from poc_cli.cost.prices import shipped
from poc_cli.cost.profile import SAMPLES, profile_of, sample_text
from poc_cli.cost.usage_line import percent, plain, usage_summary
from poc_cli.report.cost_table import lines, run_lines, source
from poc_cli.report.styled import plain as text_of

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "cost.schema.json").read_text(encoding="utf-8"))


def month(name: str) -> Month:
    text = sample_text(name)
    assert text is not None
    return month_of(profile_of(text, name), shipped())


def run(**counted: Any) -> Measured:
    return Measured((Counted("s", **{"seconds": Decimal(10), "rooms": 1, **counted}),))


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("0", "0"),
        ("0.0001", "less than 0.001"),
        ("0.01234", "0.0123"),
        ("0.50", "0.5"),
        ("1", "1"),
        ("6.75", "6.75"),
        ("99.999", "100"),
        ("1234.5", "1,234"),
        ("1E+6", "1,000,000"),
    ],
)
def test_numbers(number: str, said: str) -> None:
    assert plain(Decimal(number)) == said


@pytest.mark.parametrize(
    ("part", "said"), [("0", "0 %"), ("0.00001", "less than 0.01 %"), ("0.5", "50 %"), ("72", "7,200 %")]
)
def test_parts(part: str, said: str) -> None:
    assert percent(Decimal(part)) == said


def test_a_run_is_told_in_a_line() -> None:
    small = run(requests=2, messages=40, active_seconds=Decimal(10))
    assert usage_summary(small, shipped()) == "this run: 4 requests, 1.28 GB-s: less than 0.01 % of the free plan's day"
    large = run(requests=1, rooms=9, writes=2_000)
    assert usage_summary(large, shipped()).endswith(": 2 % of the free plan's day (rows written)")
    assert usage_summary(large, shipped()).startswith("this run: 1 request, 0 GB-s")


def test_what_a_run_spent_in_memory_is_told_beside_it() -> None:
    spent = run(requests=1, active_seconds=Decimal(3), pinned_seconds=Decimal(2), resident_seconds=Decimal(13))
    found = [text_of(line) for line in run_lines(spent, shipped())]
    assert found[1] == "  in memory for 13 s: 3 s active, 10 s waiting to sleep, which is not billed"
    assert found[2] == "  2 s of the active time were spent pinned by something that the worker left open"
    bound = [text_of(line) for line in run_lines(run(active_seconds=Decimal(3), at_most=True), shipped())]
    assert bound[1] == "  active for at most 3 s; without the runtime's trace this is an upper bound"


def test_both_sides_stand_in_one_table() -> None:
    found = [text_of(line) for line in lines(month("example-4"))]
    assert found[0] == "example 4 of the pricing page: 100 objects with 100 hibernatable WebSockets each, all month"
    table = {line[:20].strip(): line[20:].split() for line in found[3:10]}
    assert table["duration"] == ["552,960", "GB-s", "$12.50", "33,177,600", "GB-s", "$412.50"]
    assert table["a month"] == ["$20.65", "$420.65"]
    assert table["without rounding up"] == ["$10.00", "$417.81"]
    assert len({len(line) for line in found[2:10]}) == 1, "the columns stand below one another"
    told_ = "\n".join(found)
    assert "The largest cost besides the plan is duration: $12.50." in told_
    assert "From 60 messages a minute per user, rooms never sleep and hibernation saves nothing." in told_
    assert (
        "The time in which an object waits to sleep or sleeps is not billed; the time in which it is pinned is."
        in told_
    )
    assert "It is enough for up to 1,388 users; without hibernation for 117 users, limited by duration." in told_
    assert text_of(source(shipped())).startswith("Prices as read on 2026-")


def test_what_makes_no_difference_is_told_so() -> None:
    found = [text_of(line) for line in lines(month("example-1"))]
    assert "Hibernation makes no difference to this bill." in found
    assert "The free plan is enough: this uses 50 % of its limit for requests, 100,000 requests a day." in found
    small = month_of(profile_of('title = "t"\n', "t"), shipped())
    assert "The paid plan includes all of it." in [text_of(line) for line in lines(small)]


def test_a_title_cannot_move_the_cursor() -> None:
    found = lines(month_of(profile_of('title = "a\\u001b[2Jb"\n', "t"), shipped()))
    assert text_of(found[0]) == "a\\x1b[2Jb"


@pytest.mark.parametrize("name", SAMPLES)
def test_the_document_is_as_the_schema_says(name: str) -> None:
    found = json.loads(json.dumps(document(month(name), {"title": name}, None)))
    Draft202012Validator(SCHEMA).validate(found)
    assert found["schema"] == "poc.cost/1"
    side = "with_hibernation" if found["api"] == "hibernation" else "without"
    assert found["monthly_cost"] == found[side]["total"]


def test_the_document_of_a_run_is_too() -> None:
    measured = run(requests=3, messages=5, active_seconds=Decimal("0.25"), events=8)
    found = document(month_of_run(measured, 2, shipped()), None, measured)
    Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(found)))
    assert (found["measured"]["billed_requests"], found["measured"]["handler_ms"]) == (3.25, 31.25)
    assert found["profile"] is None


def test_the_schema_allows_nothing_else() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    found = document(month("chat"), None, None) | {"more": 1}
    assert [error.validator for error in Draft202012Validator(SCHEMA).iter_errors(found)] == ["additionalProperties"]
