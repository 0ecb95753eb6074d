"""Dates as people write them, as a local.capnp declares them, and as the runtime refuses them."""

import pytest

from poc_cli.errors import UsageError
from poc_cli.targets.compatibility import checked, declared, refusal


def test_days_of_the_calendar_are_taken_in_their_order() -> None:
    assert checked(["2026-10-01", "2025-06-01"]) == ["2026-10-01", "2025-06-01"]
    assert checked([]) == []


@pytest.mark.parametrize(
    "word",
    ["", "today", "2026-1-1", "20261001", "2026-13-01", "2026-02-30", "0000-00-00", "2026-10-01 ", "\uff12026-10-01"],
)
def test_anything_else_is_refused_with_an_example(word: str) -> None:
    with pytest.raises(UsageError) as raised:
        checked(["2026-10-01", word])
    assert raised.value.message == f'--compat-date "{word}" is not a calendar date'
    assert raised.value.advice == "write it as 2026-10-01"


def test_the_same_date_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="--compat-date 2026-10-01 is given twice"):
        checked(["2026-10-01", "2025-06-01", "2026-10-01"])


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ('const main :Workerd.Worker = (compatibilityDate = "2026-10-01");', "2026-10-01"),
        ('compatibilityDate="2026-10-01", # compatibilityDate = "2020-01-01"', "2026-10-01"),
        ('name = "compatibilityDate = #", compatibilityDate = "2026-10-01"', "2026-10-01"),
        ('(compatibilityDate = "2026-10-01"), (compatibilityDate = "2026-10-01")', "2026-10-01"),
        ('(compatibilityDate = "2026-10-01"), (compatibilityDate = "2025-06-01")', None),
        ("compatibilityDate = .day", None),
        ('# compatibilityDate = "2026-10-01"', None),
        ("", None),
    ],
)
def test_the_date_that_a_worker_declares_is_known_where_its_text_says_it(text: str, date: str | None) -> None:
    assert declared(text) == date


def test_a_date_that_is_too_new_is_refused_with_the_newest_that_is_known() -> None:
    said = (
        'service question: This Worker requires compatibility date "2027-01-01", but the newest date supported by this '
        'server binary is "2026-10-30".\nservice question: Can\'t set compatibility date in the future: "2027-01-01".'
    )
    error = refusal("2027-01-01", said)
    assert str(error) == (
        "--compat-date 2027-01-01 is too new for this runtime, which supports dates up to 2026-10-30\n"
        "  use 2026-10-30 or an older date, or set POC_WORKERD to a newer workerd"
    )


def test_any_other_refusal_of_a_date_keeps_the_runtime_s_words() -> None:
    error = refusal("2026-10-01", "service question: Invalid compatibility date: 2026-10-01\nmore")
    assert str(error) == "the runtime rejects --compat-date 2026-10-01: Invalid compatibility date: 2026-10-01"


@pytest.mark.parametrize("said", ["", "Segmentation fault"])
def test_what_is_not_about_dates_is_not_blamed_on_one(said: str) -> None:
    assert refusal("2026-10-01", said) is None
