"""The mark on a Worker of poc's: read as it was written, and nothing else taken for one."""

from datetime import UTC, datetime

import pytest

from poc_cli.targets.cloudflare.marker import NAME, VERSION, Marker, is_own_name, marker_of, parse, version_of


@pytest.mark.parametrize("kept", [True, False])
def test_it_is_read_as_it_was_written(kept: bool) -> None:  # noqa: FBT001 - a parameter of the test
    marker = Marker("a1b2", datetime(2026, 11, 22, 22, 30, 5, tzinfo=UTC), kept)
    assert parse(str(marker)) == marker
    assert marker_of([{"type": "json"}, {"type": "plain_text", "name": NAME, "text": str(marker)}]) == marker


@pytest.mark.parametrize(
    "text",
    ["", "poc", "poc 1 run=a at=2026-11-22T00:00:00Z", "poc 1 run=a at=today kept", "poc 1 run=a at=2026-11-22 kept"],
)
def test_anything_else_is_none(text: str) -> None:
    assert parse(text) is None


def test_the_version_is_a_whole_number_or_none() -> None:
    for text, version in (("3", 3), ("x", 0), ("", 0), ("²", 0)):
        assert version_of([{"type": "plain_text", "name": VERSION, "text": text}]) == version
    assert version_of([]) == 0


def test_names_that_poc_makes_up() -> None:
    assert is_own_name("poc-0123456789ab")
    assert not any(map(is_own_name, ("poc-room", "poc-0123456789abc", "my-poc-0123456789ab", "poc-0123456789AB")))
