"""What --strict demands: each demand is found at its place, and a file that meets all has none."""

import pytest

from poc_cli.commands.lint import lint
from poc_cli.report.styled import plain
from poc_cli.scenario.catalog import shipped_files
from poc_cli.scenario.loader import parse
from poc_cli.scenario.shipped_rules import errors_of

MUTANTS = frozenset({"value_in_a_field", "standard_api"})

STORY = """\
name = "room"
title = "A room sleeps."
object = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}" }
steps = [
  { connect = "ann" },
  { hibernate = "idle" },
]

[[claim]]
id = "asleep"
says = "It sleeps."
source = "https://example.com/docs"
check = "sleeps"
control = { clients = { ann = "/room/{play}?pin=1" } }

[[claim]]
id = "alive"
says = "Its sockets survive."
source = "http://example.com/docs"
check = "connections-survive"
mutant = "standard_api"
"""


def told(text: str, stem: str = "room", mutants: frozenset[str] | None = MUTANTS) -> list[str]:
    errors = errors_of(parse(text, "room.toml"), stem, mutants)
    return [
        f"{error.position.line}:{error.position.column}: {error.message}"
        for error in errors
        if error.position is not None
    ]


def test_a_file_that_meets_every_demand() -> None:
    assert told(STORY) == []


@pytest.mark.parametrize(
    ("right", "wrong", "refusal"),
    [
        ('source = "https://example.com/docs"\n', "", '11:6: the claim "asleep" has no source'),
        (
            "https://example.com/docs",
            "the handbook",
            '13:10: "the handbook" is not a URL that starts with https:// or http://',
        ),
        (
            "https://example.com/docs",
            "ftp://example.com/docs",
            '13:10: "ftp://example.com/docs" is not a URL that starts with https:// or http://',
        ),
        (
            "https://example.com/docs",
            "https://",
            '13:10: "https://" is not a URL that starts with https:// or http://',
        ),
        (
            "https://example.com/docs",
            "https://[::1",
            '13:10: "https://[::1" is not a URL that starts with https:// or http://',
        ),
        (
            'control = { clients = { ann = "/room/{play}?pin=1" } }\n',
            "",
            '11:6: nothing shows that the claim "asleep" can fail',
        ),
        ('mutant = "standard_api"\n', "", '18:6: nothing shows that the claim "alive" can fail'),
        ('"standard_api"', '"standard_apo"', '22:10: there is no mutant "standard_apo" in tests/mutants'),
    ],
)
def test_each_demand(right: str, wrong: str, refusal: str) -> None:
    assert right in STORY
    assert told(STORY.replace(right, wrong, 1)) == [refusal]


def test_the_file_is_called_as_the_scenario() -> None:
    (error,) = errors_of(parse(STORY, "lobby.toml"), "lobby", MUTANTS)
    assert str(error) == (
        'lobby.toml:1:8: "room" is not the name of the file, which is "lobby"\n'
        '    1 | name = "room"\n'
        "               ^\n"
        '  name the file room.toml, or write name = "lobby"'
    )


def test_a_story_that_claims_nothing() -> None:
    assert told(STORY[: STORY.index("[[claim]]")]) == ["1:1: the story has no claims"]


def test_a_wrong_mutant_is_nobodys_business_where_there_are_none() -> None:
    assert told(STORY.replace('"standard_api"', '"mine"'), mutants=None) == []
    assert len(told(STORY.replace('"standard_api"', '"mine"'), mutants=frozenset())) == 1


def test_all_that_is_missing_is_told_in_the_order_of_the_file() -> None:
    text = STORY.replace('source = "https://example.com/docs"\n', "").replace('mutant = "standard_api"\n', "")
    lines = [int(each.partition(":")[0]) for each in told(text, "hall")]
    assert lines == [1, 11, 17]


def test_the_order_is_that_of_the_file_not_of_the_keys() -> None:
    claim = 'claim = [{ id = "asleep", says = "It sleeps.", check = "sleeps", mutant = "standard_api" }]\n'
    assert [each[:2] for each in told(claim + STORY[: STORY.index("[[claim]]")], "hall")] == ["1:", "2:"]


def test_a_line_that_would_wrap_is_not_shown() -> None:
    text = STORY.replace('"https://example.com/docs"', f'"handbook" # {"x" * 300}', 1)
    (error,) = errors_of(parse(text, "room.toml"), "room", MUTANTS)
    assert error.source_line is None


@pytest.mark.parametrize("name", shipped_files())
def test_every_shipped_scenario_meets_every_demand(name: str) -> None:
    file = shipped_files()[name]
    lines, code = lint([str(file)], strict=True)
    assert ([plain(line).rpartition(": ")[2] for line in lines], code) == (["ok"], 0)
