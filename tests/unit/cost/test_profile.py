"""Reading a profile: what is wrong in it is told with its place and with what to do."""

from pathlib import Path

import pytest

from poc_cli.cost.profile import Profile, near, profile_of, read
from poc_cli.errors import ScenarioError

DOCS = Path(__file__).parents[3] / "docs"


def refusal(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        profile_of(text, "mine.toml")
    return str(caught.value)


GOOD = 'title = "t"\nusers = 10\nrooms = 2\nhours_online = 8\n'


def test_what_is_not_said_is_none() -> None:
    profile = profile_of('title = "t"\n', "mine.toml")
    assert profile == Profile(title="t")
    assert (profile.days, profile.handler_ms, profile.users, profile.ping) == (30, 10, 0, "auto-response")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("users = 1\n", 'mine.toml:1:1: a profile needs "title"'),
        (GOOD + "user = 3\n", 'mine.toml:5:1: "user" is not a key of a profile\n    5 | user = 3\n'),
        (GOOD + "handler_ms = -1\n", 'mine.toml:5:14: "handler_ms": -1 is not between 0 and 1,000,000,000,000'),
        (GOOD + "handler_ms = nan\n", 'mine.toml:5:14: "handler_ms": nan is not between'),
        (GOOD + "handler_ms = inf\n", 'mine.toml:5:14: "handler_ms": inf is not between'),
        (GOOD + 'handler_ms = "10"\n', 'mine.toml:5:14: "handler_ms" must be a number, not the text "10"'),
        (GOOD + "handler_ms = true\n", 'mine.toml:5:14: "handler_ms" must be a number, not true'),
        (GOOD + "hours_open = 25\n", 'mine.toml:5:14: "hours_open": 25 is not between 0 and 24'),
        (GOOD + "hours_open = 7\n", 'mine.toml:5:14: "hours_open" is 7, less than "hours_online"'),
        (GOOD + "days = 0\n", 'mine.toml:5:8: "days": 0 is not between 1 and 31'),
        (GOOD + 'api = "hibernate"\n', 'mine.toml:5:7: "api" must be "hibernation" or "standard"'),
        (GOOD + 'ping = "json"\n', 'mine.toml:5:8: "ping" must be "auto-response", "protocol" or "message"'),
        (GOOD + "connects_per_day = 1\nconnects_per_month = 1\n", 'mine.toml:6:1: "connects_per_month" and'),
        ('title = "t"\nusers = 1\n', "mine.toml:2:1: users are set, but no rooms\n"),
        (GOOD.replace("2", "11"), "mine.toml:3:9: 11 rooms for 10 users\n"),
        (
            'title = "t"\nusers = 1\nrooms = 1\nmessages_per_minute = 1\n',
            'mine.toml:4:1: "messages_per_minute" is set',
        ),
        ('title = "t"\npings_per_minute = 1\n', 'mine.toml:2:1: "pings_per_minute" is set, but no user is online\n'),
        ('title = "t"\nrooms = 3\nalarms_per_hour = 1\n', 'mine.toml:3:1: "alarms_per_hour" is set, but no room'),
        ("title = \n", "mine.toml:1:9: "),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, said: str) -> None:
    assert refusal(text).startswith(said), refusal(text)


def test_a_misspelt_key_is_guessed() -> None:
    assert refusal(GOOD + "user = 3\n").endswith('did you mean "users"?')
    assert near("chatt") == 'did you mean "chat"?'


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        read(tmp_path / "mine.toml", "mine.toml")


def test_each_key_is_explained() -> None:
    text = (DOCS / "cost.md").read_text(encoding="utf-8")
    assert [key for key in Profile.model_fields if f"`{key}`" not in text] == []
