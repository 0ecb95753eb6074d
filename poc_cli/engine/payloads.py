"""Convert messages for the history: long ones are cut, with the short fields that still identify them."""

import asyncio
from pathlib import Path
from typing import Any, Final

from poc_cli.clients.client import Sendable
from poc_cli.engine.step_failure import PlayError
from poc_cli.files import read_whole
from poc_cli.scenario.matching import (
    LARGEST_MESSAGE,
    Message,
    bytes_in_pieces,
    file_sent,
    is_sent_as_text,
    length_asked,
    payload,
)

LONGEST_RECORDED = 16_384
"""Characters or bytes of one message that the history records; the rest is only counted."""

LONGEST_READ = 1 << 20
"""Characters up to which a cut message is parsed for its short fields."""

LARGE: Final = 1 << 20
"""Characters or bytes of a message from which a thread creates it and searches it for secrets. The search takes 3 ms
for this size, longer than a hand-over to a thread, and 100 ms for 32 MiB (measured)."""

_LONGEST_FIELD = 200


async def to_send(message: object, folder: Path) -> Sendable:
    """Return what is sent for a step's `send`, whose files are in the scenario's folder.

    Raises ValueError if it cannot be sent, PlayError if a file cannot be read.
    """
    file = file_sent(message)
    if file is not None:
        return await asyncio.to_thread(_read, folder / file)
    length = length_asked(message)
    return payload(message) if length < LARGE else await asyncio.to_thread(bytes_in_pieces, length)


def _read(file: Path) -> Sendable:
    try:
        if file.stat().st_size > LARGEST_MESSAGE:
            raise PlayError(f"{file} has more than {LARGEST_MESSAGE >> 20} MiB, the most that poc sends")
        data = read_whole(file)
        return data.decode() if is_sent_as_text(file.name) else data
    except UnicodeDecodeError:
        raise PlayError(f"{file} is sent as text, because of its name, and is not UTF-8") from None
    except OSError as error:
        raise PlayError(f"cannot read {file}: {error.strerror}") from error


def recorded(message: Sendable) -> dict[str, Any]:
    """Return a message's event fields: `text` or `hex`, its size, and if it was cut its short `fields`."""
    cut = {"cut": True} if len(message) > LONGEST_RECORDED else {}
    if not isinstance(message, str):
        return {"hex": message[:LONGEST_RECORDED].hex(), "bytes": len(message)} | cut
    fields = {"fields": _short_fields(message)} if cut else {}
    size = len(message) if message.isascii() else len(message.encode("utf-8", "surrogatepass"))
    return {"text": message[:LONGEST_RECORDED], "bytes": size} | cut | fields


def _short_fields(text: str) -> dict[str, Any]:
    """Return the top-level numbers, booleans and short strings of a long JSON object."""
    value = Message(text, None).json if len(text) <= LONGEST_READ else None
    if not isinstance(value, dict):
        return {}
    return {
        key: field
        for key, field in value.items()
        if isinstance(field, bool | int | float) or (isinstance(field, str) and len(field) <= _LONGEST_FIELD)
    }
