"""Describe what a client saw differently after a sleep, and which kind of loss that looks like."""

from typing import Any, Final

from poc_cli.record.client_view import Sight
from poc_cli.record.json_values import value_at
from poc_cli.record.session_record import Suspicion
from poc_cli.record.transparency import Difference
from poc_cli.scenario.scenario import PlacedStep
from poc_cli.scenario.sessions import Sleeps
from poc_cli.scenario.values import MISSING, Path, shown
from poc_cli.scenario.wording import listed

ATTACHMENTS: Final = (
    "https://developers.cloudflare.com/durable-objects/best-practices/websockets/#websocket-hibernation-api"
)
ALARMS: Final = "https://developers.cloudflare.com/durable-objects/api/alarms/"
STATE: Final = "https://developers.cloudflare.com/durable-objects/reference/in-memory-state/"


_LONGEST: Final = 60
"""The longest description of a step, in characters."""


def path_text(path: Path) -> str:
    """Return a path as a person writes it: `users[0].name`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return text


def describe_gap(steps: tuple[PlacedStep, ...], gap: int) -> str:
    """Return where a gap is, by the steps around it."""
    before, after = steps[gap], steps[gap + 1]
    sentence = before.step.sentence().replace("\xa0", " ")
    short = sentence if len(sentence) <= _LONGEST else sentence[: _LONGEST - 1] + "…"
    return f"between line {before.position.line} ({short}) and line {after.position.line}"


def describe_sleeps(steps: tuple[PlacedStep, ...], sleeps: Sleeps) -> str:
    """Return in which gaps objects slept, and which if not all."""
    which = f"{listed(sleeps.objects, '')} alone " if sleeps.objects else ""
    if len(sleeps.gaps) == 1:
        return which + describe_gap(steps, sleeps.gaps[0])
    lines = ", ".join(str(steps[gap].position.line) for gap in sleeps.gaps)
    return f"{which}after the steps at lines {lines} together"


def describe(suspicion: Suspicion) -> str:
    """Return what was seen, how often, and for how long it stayed wrong."""
    difference = suspicion.difference
    times = f"in {suspicion.seen} of {suspicion.of} plays with this sleep and in none without a sleep"
    if suspicion.only_alone:
        times += ", nor where the other objects sleep too"
    lasts = ""
    if difference.kind == "value" and difference.of > 1:
        lasts = (
            f"; wrong in {difference.wrong} of the {difference.of} messages from there on"
            if difference.wrong > 1
            else "; the messages after it were right again"
        )
    return f"{_what(difference)} ({times}{lasts})"


def describe_unrepeated(difference: Difference) -> str:
    """Return what a client saw in one play and not in another."""
    first, other = _shown(difference.expected), _shown(difference.seen)
    return f"in one play {difference.client} got {first}, and in another {other}"


_KINDS: Final = {
    "missing": ("a list of sockets or subscribers in memory, empty after the sleep", ATTACHMENTS),
    "doubled": ("a message that is sent again when the object wakes", STATE),
    "extra": ("something that the constructor does again at each wake", STATE),
    "order": ("messages that the wake puts into another order", STATE),
}


def looks_like(difference: Difference) -> tuple[str, str]:
    """Return which kind of loss it looks like, and the page to read about it."""
    kind = None if difference.seen is None else difference.seen.kind
    if kind == "closed":
        return "a socket that did not outlive the sleep", ATTACHMENTS
    if kind == "refused":
        return "an object that does not accept connections after a sleep", STATE
    if difference.too_few is not None:
        return "messages by a timer that a sleep ends and no wake sets again", ALARMS
    if difference.kind == "value":
        return _lost_value(difference), STATE if not _is_attachment(difference) else ATTACHMENTS
    return _KINDS[difference.kind]


def _is_attachment(difference: Difference) -> bool:
    return any("attach" in str(key).lower() for key in difference.path)


def _lost_value(difference: Difference) -> str:
    was, now = _at(difference.expected, difference.path), _at(difference.seen, difference.path)
    numbers = isinstance(was, int | float) and isinstance(now, int | float) and now < was
    lists = isinstance(was, list) and isinstance(now, list) and len(now) < len(was)
    signs = (
        (difference.new_id, "an id that each wake generates again"),
        (_is_error(difference.seen) and not _is_error(difference.expected), "a handler that fails after the sleep"),
        (_is_attachment(difference), "an attachment that was lost or not read again"),
        (numbers, "a counter in memory, back at its start"),
        (lists, "a list in memory, shorter after the sleep"),
        (now in (MISSING, None, "", [], {}), "a field in memory, empty after the sleep"),
        (True, "a value in memory that the sleep put back"),
    )
    return next(words for applies, words in signs if applies)


def _what(difference: Difference) -> str:
    client, expected, seen = difference.client, difference.expected, difference.seen
    if seen is not None and seen.kind == "closed":
        return f"{client} was disconnected with code {seen.value['code']}"
    if seen is not None and seen.kind == "refused":
        return f"{client} could not connect: {seen.value}"
    if difference.too_few is not None:
        came, least = difference.too_few
        return f"{client} got {came} messages like {_shown(expected)} and, in as long without a sleep, at least {least}"
    if difference.kind == "value":
        return _values(difference)
    sentences = {
        "missing": f"{client} did not get {_shown(expected)}",
        "extra": f"{client} got {_shown(seen)}, which does not come without a sleep",
        "doubled": f"{client} got {_shown(seen)} twice",
        "order": f"{client} got {_shown(seen)} before {_shown(expected)}",
    }
    return sentences[difference.kind]


def _values(difference: Difference) -> str:
    client, expected, seen = difference.client, difference.expected, difference.seen
    if not difference.path:
        return f"{client} got {_shown(seen)} instead of {_shown(expected)}"
    was, now = _at(expected, difference.path), _at(seen, difference.path)
    name = path_text(difference.path)
    more = len(difference.paths) - 1
    others = f", and {more} more value{'s' * (more > 1)}" if more else ""
    if difference.new_id:
        return f"{client}'s {name} is another id than before{others}"
    if now is MISSING:
        return f"{client}'s message no longer has {name}, which was {shown(was)}{others}"
    if was is MISSING:
        return f"{client}'s message has {name} = {shown(now)}, which is not there without a sleep{others}"
    return f"{client}'s {name} is {shown(now)} instead of {shown(was)}{others}"


def _shown(sight: Sight | None) -> str:
    return "nothing" if sight is None else shown(_whole(sight.value))


def _whole(value: Any) -> Any:
    """Return a binary message, of which each byte was compared, as one text again."""
    data = value.get("hex") if isinstance(value, dict) else None
    return {"hex": "".join(data.values())} if isinstance(data, dict) and value.keys() == {"hex", "bytes"} else value


def _at(sight: Sight | None, path: Path) -> Any:
    return MISSING if sight is None else value_at(sight.value, path)


def _is_error(sight: Sight | None) -> bool:
    value = None if sight is None else sight.value
    if not isinstance(value, dict):
        return False
    status = value.get("status")
    failed = isinstance(status, int) and status >= 500  # noqa: PLR2004 - HTTP's server errors
    return failed or value.get("ok") is False or "error" in value or value.get("type") == "error"
