"""Read profiles, which describe in TOML how an application is used."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from poc_cli.errors import did_you_mean
from poc_cli.inert import inert
from poc_cli.scenario.steps import validated
from poc_cli.scenario.toml_source import Source, text_of
from poc_cli.scenario.types import Shape
from poc_cli.scenario.validation_errors import Problem
from poc_cli.scenario.values import shown

LARGEST: Final = 1e12
"""The largest number in a profile: more than any application needs, and small enough to print in full."""


def _between(low: float, high: float) -> AfterValidator:
    def check(value: float) -> float:
        if not low <= value <= high:  # also rejects nan
            raise ValueError(f"{value:g} is not between {low:g} and {high:,.0f}")
        return value

    return AfterValidator(check)


Number = Annotated[float, _between(0, LARGEST)]
Hours = Annotated[float, _between(0, 24)]
Filled = Annotated[str, Field(min_length=1)]


class Profile(Shape):
    """The keys of a profile, documented in docs/cost.md."""

    title: Filled
    source: Filled | None = None
    api: Literal["hibernation", "standard"] = "hibernation"
    days: Annotated[float, _between(1, 31)] = 30
    users: Number = 0
    rooms: Number = 0
    hours_online: Hours = 0
    hours_open: Hours | None = None
    connects_per_day: Number | None = None
    connects_per_month: Number | None = None
    messages_per_minute: Number = 0
    fan_out: Number | None = None
    pings_per_minute: Number = 0
    ping: Literal["auto-response", "protocol", "message"] = "auto-response"
    http_per_day: Number = 0
    alarms_per_hour: Number = 0
    handler_ms: Number = 10
    connect_ms: Number | None = None
    pinned_ms: Number = 0
    active_seconds: Number | None = None
    worker_ms: Number = 1
    rows_read_per_message: Number = 0
    rows_written_per_message: Number = 0
    stored_kb_per_room: Number = 0


def read(path: Path, name: str) -> Profile:
    """Read a profile from a file, which errors call `name`. Raises ScenarioError if it is not valid."""
    return profile_of(text_of(path, "profile"), inert(name))


def profile_of(text: str, file: str) -> Profile:
    """Parse a profile. Raises ScenarioError with the position of the first problem if it is not valid."""
    source = Source(text, file)
    raw = source.tables()
    problems: list[Problem] = []
    profile = validated(Profile, raw, "a profile", (), problems)
    if profile is not None:
        problems += _contradictions(profile, raw)
    if profile is None or problems:
        source.refuse(problems, source.positions())
    return profile


def _contradictions(profile: Profile, raw: dict[str, object]) -> Iterator[Problem]:
    """Yield a problem for each combination of keys that makes no sense."""
    if profile.connects_per_day is not None and profile.connects_per_month is not None:
        message = '"connects_per_month" and "connects_per_day" are both set'
        yield Problem(("connects_per_month",), message, "remove one of them", at="key")
    if profile.users and not profile.rooms:
        advice = "set the number of objects they share: rooms = 1"
        yield Problem(("users",), "users are set, but no rooms", advice, at="key")
    if profile.hours_open is not None and profile.hours_open < profile.hours_online:
        hours = shown(raw["hours_open"])
        message = f'"hours_open" is {hours}, less than "hours_online"'
        yield Problem(("hours_open",), message, "a room is open for at least as long as each user is online")
    if profile.rooms > profile.users > 0:
        rooms, users = shown(raw["rooms"]), shown(raw["users"])
        message = f"{rooms} rooms for {users} users"
        yield Problem(("rooms",), message, "count only rooms that have users; the others cost only their storage")
    online, opened = profile.users and profile.hours_online, profile.hours_open or profile.hours_online
    for key in ("messages_per_minute", "pings_per_minute"):
        if getattr(profile, key) and not online:
            advice = "set users, rooms and hours_online"
            yield Problem((key,), f'"{key}" is set, but no user is online', advice, at="key")
    if profile.alarms_per_hour and not (profile.rooms and opened):
        advice = "set rooms and hours_open"
        yield Problem(("alarms_per_hour",), '"alarms_per_hour" is set, but no room is open', advice, at="key")


SAMPLES: Final = ("chat", "example-1", "example-2", "example-3", "example-4")
"""The profiles that poc ships: a chat, and the four examples on the pricing page."""


def sample_text(name: str) -> str | None:
    """Return the text of a shipped profile, None if there is none with this name."""
    from importlib.resources import files

    if name not in SAMPLES:
        return None
    return (files("poc_cli.cost") / "samples" / f"{name}.toml").read_text(encoding="utf-8")


def near(name: str) -> str | None:
    """Return advice for a profile name that does not exist."""
    return did_you_mean(name, SAMPLES)
