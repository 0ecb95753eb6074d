"""What is captured from a message with a secret: the story has the value, the record never has a part of the secret."""

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from poc_cli.engine.captures import capture
from poc_cli.engine.step_failure import PlayError
from poc_cli.history.play_events import Captured
from poc_cli.history.redact import MASK, Redactor
from poc_cli.scenario.expected_message import Expected
from poc_cli.scenario.matching import Message

if TYPE_CHECKING:
    from poc_cli.engine.context import PlayContext

HIDDEN: Final = "sk_live_0123456789abcdef"
REDACTOR: Final = Redactor([("KEY", HIDDEN)])


class _Context:
    """As much of a play as a capture needs; what it writes is not masked any more, as if no secret were recognized."""

    def __init__(self) -> None:
        self.names: dict[str, object] = {}
        self.recorded: list[object] = []
        self.late_objects = self

    async def bind(self) -> None:
        pass

    def without_secrets(self, payload: str | bytes) -> str | bytes:
        return REDACTOR.text(payload) if isinstance(payload, str) else REDACTOR.data(payload)

    def write(self, _actor: str, data: Any) -> None:
        assert isinstance(data, Captured)
        self.recorded.append(data.value)


def captured(path: str, form: object, message: Message) -> tuple[object, object]:
    """Return the value as the story has it, and as the record has it."""
    context = _Context()
    asyncio.run(capture(cast("PlayContext", context), {"a": path}, [(Expected(form), message)]))
    return context.names["a"], context.recorded[0]


@pytest.mark.parametrize(
    ("path", "form", "message", "value", "recorded"),
    [
        ("half", {"match": "key=(?P<half>.{12})"}, Message(f"key={HIDDEN}"), HIDDEN[:12], MASK),
        ("id", {"match": "id=(?P<id>[0-9]+)"}, Message(f"id=7 key={HIDDEN}"), "7", "7"),
        ("half", {"match": "key=(?P<half>.{12})"}, Message("key=nothing_secret"), "nothing_secr", "nothing_secr"),
        (
            "half",
            {"hex_match": "^00(?P<half>.{20})"},
            Message(data=b"\x00" + HIDDEN.encode()),
            HIDDEN.encode()[:10].hex(),
            MASK,
        ),
        ("@text", {"match": "key="}, Message(f"key={HIDDEN}"), f"key={HIDDEN}", MASK),
        ("n", {"n": 1}, Message('{"n":1}'), 1, 1),
    ],
)
def test_no_part_of_a_secret_is_recorded(
    path: str, form: object, message: Message, value: object, recorded: object
) -> None:
    assert captured(path, form, message) == (value, recorded)


def test_what_is_not_there_cannot_be_captured() -> None:
    with pytest.raises(PlayError, match='cannot capture "x": the answer has no such field or group'):
        captured("x", {"match": "y"}, Message("y"))
