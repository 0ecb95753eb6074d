"""Ids and moments are replaced so that plays can be compared; "the same id as before" stays visible."""

import pytest

from poc_cli.record.masking import TIME, Masker, could_be_id, is_moment, varying

UUID = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
OTHER = "6fa459ea-ee8a-4ca4-894e-db77e160355e"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-30T09:12:03.123Z",
        "2026-11-30 09:12:03",
        "Mon, 30 Nov 2026 09:12:03 GMT",
        "9:12 PM",
        "09:12:03",
        "1764494000",
        "1764494000123",
    ],
)
def test_a_moment_inside_a_text_is_masked(text: str) -> None:
    assert Masker().masked(f"said at {text}, yes") == f"said at {TIME}, yes"


@pytest.mark.parametrize("number", [1_764_494_000, 1_764_494_000_123, 1_764_494_000.5, 1_764_494_000_123_456])
def test_a_number_that_is_unix_time_is_a_moment(number: float) -> None:
    assert is_moment(number)
    assert Masker().masked({"at": number}) == {"at": TIME}


@pytest.mark.parametrize("number", [0, 1, 7, 1000, 123_456_789, True, 4_000_000_000])
def test_other_numbers_are_not(number: float) -> None:
    assert not is_moment(number)
    assert Masker().masked(number) == number


def test_the_same_id_gets_the_same_number_and_another_id_another() -> None:
    masker = Masker()
    first, again, other = masker.masked({"id": UUID}), masker.masked(f"by {UUID}"), masker.masked([OTHER, UUID])
    assert first == {"id": "<id 1>"}
    assert again == "by <id 1>"
    assert other == ["<id 2>", "<id 1>"]


def test_an_id_that_is_a_key_is_masked() -> None:
    assert Masker().masked({UUID: 1}) == {"<id 1>": 1}


@pytest.mark.parametrize("text", ["V1StGXR8_Z5jdHi6B-myT", "9f86d081884c7d659a2feaa0c55ad015", UUID])
def test_ids_are_recognized_by_their_form(text: str) -> None:
    assert Masker().masked(f"x {text} y") == "x <id 1> y"


@pytest.mark.parametrize("text", ["hello", "broadcast", "general-discussion", "a sentence of several words", "blue"])
def test_words_are_not_ids(text: str) -> None:
    assert Masker().masked(text) == text


def test_a_short_id_is_masked_where_it_was_seen_to_differ_and_then_everywhere() -> None:
    masker = Masker()
    assert masker.masked({"name": "Guest-4821"}, lambda _: varying(["Guest-4821", "Guest-77"])) == {"name": "<id 1>"}
    assert masker.masked("Guest-4821 joined") == "<id 1> joined"
    assert masker.masked("Guest-4822 joined") == "Guest-4822 joined"


def test_what_differs_is_an_id_only_where_it_looks_like_one() -> None:
    assert could_be_id("Guest-4821")
    assert could_be_id("x7f3k2")
    assert could_be_id(483_920)
    assert not could_be_id("hello")
    assert not could_be_id("A whole sentence. With marks!")
    assert not could_be_id(17)
    assert not could_be_id(value=True)
    assert not could_be_id(None)
