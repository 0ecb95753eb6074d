"""Convert messages for the history: long ones are cut, with the short fields that still identify them."""

from typing import Any

from poc_cli.clients.client import Payload
from poc_cli.scenario.matching import Message

LONGEST_RECORDED = 16_384
"""Characters or bytes of one message that the history records; the rest is only counted."""

LONGEST_READ = 1 << 20
"""Characters up to which a cut message is parsed for its short fields."""

_LONGEST_FIELD = 200


def recorded(payload: Payload) -> dict[str, Any]:
    """Return a message's event fields: `text` or `hex`, its size, and if it was cut its short `fields`."""
    cut = {"cut": True} if len(payload) > LONGEST_RECORDED else {}
    if isinstance(payload, bytes):
        return {"hex": payload[:LONGEST_RECORDED].hex(), "bytes": len(payload)} | cut
    fields = {"fields": _short_fields(payload)} if cut else {}
    size = len(payload) if payload.isascii() else len(payload.encode("utf-8", "surrogatepass"))
    return {"text": payload[:LONGEST_RECORDED], "bytes": size} | cut | fields


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
