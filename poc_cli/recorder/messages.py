"""Forms of messages in a scenario: how one that was sent is written, and what of a received one is expected."""

import json
import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Any, Final

from poc_cli.record.masking import Masker
from poc_cli.recorder.session import Payload
from poc_cli.recorder.substitution import OPEN, Substitution, has_template, is_secret_key
from poc_cli.recorder.toml_text import NotTomlError, toml
from poc_cli.scenario.matching import Message, looks_at_keys
from poc_cli.scenario.values import MISSING

LONGEST_WRITTEN: Final = 400
"""Characters of a sent message that are written into the file; a longer one is a file of its own: three lines."""

LONGEST_BYTES: Final = 64
"""Bytes of a binary message that are written as hex."""

LONGEST_EXPECTED: Final = 160
"""Characters of an expectation that a person can read; of longer ones the short fields are kept."""

LEAST_BEGINNING: Final = 4
"""Characters by which a text that differs further on is recognized."""

_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")
"""Characters that mean something in a pattern."""

BEGINNING: Final = 8
"""Bytes by which a binary message that differs further on is recognized."""

_KIND: Final = 1
_MOMENT: Final = 8
"""A binary message begins with its kind, and a moment in it has as many bytes at the most."""

ANY_TEXT: Final = {"where": ["@text exists"]}
ANY_BYTES: Final = {"where": ["@hex exists"]}


def json_of(payload: Payload) -> Any:
    """Return a message as JSON, MISSING if it is none."""
    return Message(payload, None).json if isinstance(payload, str) else MISSING


def sent_form(payload: Payload, substitution: Substitution) -> Any:
    """Return what a step's `send` is for a message; None if it has to be in a file."""
    if isinstance(payload, bytes):
        return {"hex": payload.hex()} if len(payload) <= LONGEST_BYTES else None
    value = json_of(payload)
    if value is MISSING or isinstance(value, str | int | float | bool | None):
        text = substitution.value(payload) if value is MISSING or isinstance(value, str) else payload
        return text if (len(payload) <= LONGEST_WRITTEN and _can_be_written(text)) or OPEN in text else None
    form = substitution.value(value)
    if len(payload) > LONGEST_WRITTEN and not has_template(form):
        return None
    if not _can_be_written(form):
        return {"json_text": json.dumps(form)}
    return form if isinstance(form, dict) and looks_at_keys(form) else {"json": form}


def expected_form(recorded: Any, played: Sequence[Any]) -> dict[str, Any]:
    """Return the keys of a step that expects a message.

    `recorded` and `played` are what came then and in each play, with everything replaced: JSON, `Text` or bytes.
    """
    if isinstance(recorded, bytes):
        return _expected_bytes(recorded, [each for each in played if isinstance(each, bytes)])
    if isinstance(recorded, Text):
        same = all(isinstance(each, Text) and each.text == recorded.text for each in played)
        short = len(recorded.text) <= LONGEST_EXPECTED
        whole = same and short and is_steady(recorded.text)
        return {"expect": recorded.text} if whole else _expected_beginning(recorded.text, played)
    kept = _pruned(recorded, played)
    kept = _short(kept) if kept is not _DROPPED and len(json.dumps(kept)) > LONGEST_EXPECTED else kept
    if isinstance(kept, dict):
        return {"expect": kept if looks_at_keys(kept) else {"json": kept}}
    return ANY_TEXT if kept is _DROPPED else {"expect": {"json": kept}}


def _expected_beginning(text: str, played: Sequence[Any]) -> dict[str, Any]:
    """Return the keys that expect a text by its beginning: up to where it differs, or an id, a moment or a template."""
    others = [each.text for each in played if isinstance(each, Text)]
    masked = str(Masker().masked(text))
    plain = re.split(f"[{OPEN}{{]", text[:LONGEST_EXPECTED], maxsplit=1)[0]
    length = sum(1 for _ in takewhile(lambda each: len(set(each)) == 1, zip(plain, masked, *others, strict=False)))
    common = plain[:length].rstrip("<")
    if len(common) < LEAST_BEGINNING or not common.isprintable():
        return ANY_TEXT
    return {"expect": {"match": f"^{_SPECIAL.sub(lambda found: chr(92) + found[0], common)}"}}


class Text:
    """A text that is not JSON."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        """Return it."""
        return self.text


def comparable(payload: Payload, substitution: Substitution, number: int) -> Any:
    """Return a received message with everything replaced that earlier messages gave: JSON, Text or bytes."""
    if isinstance(payload, bytes):
        return payload
    value = json_of(payload)
    return Text(substitution.text(payload)) if value is MISSING else substitution.value(value, number)


_DROPPED: Final = object()


def _pruned(value: Any, others: Sequence[Any], key: str = "") -> Any:
    """Return what is the same in all plays, and will be in any other; _DROPPED if nothing is."""
    if isinstance(value, dict):
        if not all(isinstance(each, dict) for each in others):
            return _DROPPED
        pairs = {
            name: _pruned(item, [each[name] for each in others], name)
            for name, item in value.items()
            if all(name in each for each in others)
        }
        return {name: item for name, item in pairs.items() if item is not _DROPPED}
    if isinstance(value, list):
        if not all(isinstance(each, list) and len(each) == len(value) for each in others):
            return _DROPPED
        if reordered([value, *others]):
            return [{}] * len(value) if all(isinstance(item, dict) for item in value) else _DROPPED
        items = [_pruned(item, [each[index] for each in others], key) for index, item in enumerate(value)]
        return _DROPPED if any(item is _DROPPED for item in items) else items
    same = all(type(each) is type(value) and each == value for each in others)
    return value if same and is_steady(value) and not is_secret_key(key) else _DROPPED


def reordered(lists: Sequence[Sequence[Any]]) -> set[int]:
    """Return the places at which another element came if the same elements came in another order.

    What differs by itself in them is not looked at. It is empty where other elements came.
    """
    signatures = [[json.dumps(_steady_part(item), sort_keys=True) for item in each] for each in lists]
    if len({(*sorted(each),) for each in signatures}) > 1:
        return set()
    return {place for place, came in enumerate(zip(*signatures, strict=True)) if len(set(came)) > 1}


def _steady_part(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _steady_part(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_steady_part(item) for item in value]
    if isinstance(value, Text | bytes):
        return str(value)
    return value if is_steady(value) else None


def is_steady(value: Any) -> bool:
    """Return whether a value can be expected: it is no moment, no random id and no secret, and TOML can express it."""
    if isinstance(value, str) and OPEN in value:
        return "env." not in value
    return _can_be_written(value) and bool(Masker().masked(value) == value)


def _can_be_written(value: Any) -> bool:
    try:
        toml(value)
    except NotTomlError:
        return False
    return True


def _short(value: Any) -> Any:
    """Return the short fields of a long JSON object, _DROPPED for anything else."""
    if not isinstance(value, dict):
        return _DROPPED
    found: dict[str, Any] = {}
    for name, item in value.items():
        if len(json.dumps({**found, name: item})) <= LONGEST_EXPECTED:
            found[name] = item
    return found


def _expected_bytes(recorded: bytes, played: Sequence[bytes]) -> dict[str, Any]:
    if all(each == recorded for each in played) and len(recorded) <= LONGEST_BYTES:
        return {"expect": {"hex": recorded.hex()}}
    length = next(
        (at for at, one in enumerate(recorded) if any(at >= len(each) or each[at] != one for each in played)),
        len(recorded),
    )
    if length < len(recorded):
        length = max(_KIND, length - _MOMENT + 1)  # its first bytes are the same for minutes
    prefix = recorded[: min(length, BEGINNING)]
    if prefix:
        return {"expect": {"hex_prefix": prefix.hex()}}
    return ANY_BYTES
