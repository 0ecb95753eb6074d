"""The date in a compiled configuration: set, replaced by one of another length, and refused where it has no place."""

import struct

import pytest

from poc_cli.errors import TargetError
from poc_cli.targets.capnp import with_date

WORD = 8


def _struct(offset: int, data: int, pointers: int) -> bytes:
    return struct.pack("<iHH", offset << 2, data, pointers)


def _list(offset: int, kind: int, count: int) -> bytes:
    return struct.pack("<iI", offset << 2 | 1, count << 3 | kind)


def _text(text: str) -> bytes:
    return text.encode().ljust(2 * WORD, b"\0")


def message(date: str | None = "2026-08-01") -> bytes:
    """Return a configuration of two services, `other` and `main`, of which the second has a worker with that date."""
    words = [
        _struct(0, 0, 1),  # 0: the root, at 1
        _list(0, 7, 4),  # 1: its services, at 2, four words
        _struct(2, 0, 2),  # 2: the list's tag: two structs of two pointers (the count stands in the offset)
        _list(5, 2, 6),  # 3: the name of the first, at 9
        bytes(WORD),  # 4: it has no worker
        _list(5, 2, 5),  # 5: the name of the second, at 11
        _struct(0, 0, 2),  # 6: its worker, at 7
        bytes(WORD),  # 7: its modules
        bytes(WORD) if date is None else _list(4, 2, len(date) + 1),  # 8: its date, at 13
        _text("other"),
        _text("main"),
        b"" if date is None else _text(date),
    ]
    body = b"".join(words)
    return struct.pack("<II", 0, len(body) // WORD) + body


def date_of(encoded: bytes) -> str:
    """Return the date of `main` as the message above lays it out, read without the code that is tested."""
    lower, upper = struct.unpack_from("<iI", encoded, (1 + 8) * WORD)
    start = (1 + 8 + 1 + (lower >> 2)) * WORD
    return encoded[start : start + (upper >> 3) - 1].decode()


@pytest.mark.parametrize("declared", ["2026-08-01", "2026-8-1", None])
def test_the_date_is_the_one_that_was_asked_for_whatever_was_declared(declared: str | None) -> None:
    encoded = with_date(message(declared), "main", "2025-06-01")
    assert date_of(encoded) == "2025-06-01"
    assert len(encoded) == WORD * (1 + struct.unpack_from("<I", encoded, 4)[0])


def test_nothing_else_of_the_message_changes() -> None:
    before, after = message(), with_date(message(), "main", "2025-06-01")
    changed = {index // WORD for index in range(WORD, len(before)) if before[index] != after[index]}
    assert changed == {1 + 8}


def test_a_date_can_be_replaced_once_more() -> None:
    twice = with_date(with_date(message(), "main", "2025-06-01"), "main", "2026-10-01")
    assert date_of(twice) == "2026-10-01"


def _in_two_segments() -> bytes:
    whole = message()
    return struct.pack("<IIII", 1, len(whole) // WORD - 1, 0, 0) + whole[WORD:]


STRANGE = {
    "nothing": b"",
    "half a header": b"\0\0\0",
    "cut off": message()[:-WORD],
    "two segments": _in_two_segments(),
    "a root that is a list": message()[:WORD] + _list(0, 7, 4) + message()[2 * WORD :],
    "a root that leads outside": message()[:WORD] + _struct(1000, 0, 1) + message()[2 * WORD :],
    "zeros": struct.pack("<II", 0, 4) + bytes(4 * WORD),
}


@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE)
def test_what_is_no_such_configuration_is_refused_in_words(strange: bytes) -> None:
    with pytest.raises(TargetError, match="cannot change the compatibility date"):
        with_date(strange, "main", "2025-06-01")


def test_a_service_that_is_not_there_is_named() -> None:
    with pytest.raises(TargetError, match='it has no service "another"'):
        with_date(message(), "another", "2025-06-01")
