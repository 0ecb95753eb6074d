"""The compiled form of a configuration, a Cap'n Proto message, and the one thing that is changed in it: a date."""

import struct
from typing import Final

from poc_cli.errors import TargetError

_WORD: Final = 8
_STRUCT, _LIST = 0, 1
_OF_BYTES, _OF_STRUCTS = 2, 7
_KIND_MASK: Final = 3  # the lowest two bits of a pointer say what it points to

# The pointers of workerd.capnp's structs, in the order of the fields' numbers; the members of a union share one.
# Cap'n Proto's rules for compatible schemas forbid that they ever move.
_CONFIG_SERVICES: Final = 0
_SERVICE_NAME: Final = 0
_SERVICE_WORKER: Final = 1
_WORKER_DATE: Final = 1


def with_date(message: bytes, service: str, date: str) -> bytes:
    """Return the configuration with the compatibility date of one of its workers replaced, or set where it had none.

    Raises TargetError for a message that is no configuration with that service, or that is not in one segment, as
    `workerd compile` writes it.
    """
    try:
        segments, words = struct.unpack_from("<II", message)
        if segments != 0 or len(message) != _WORD * (words + 1):  # the number of segments less one
            raise _strange("it is not in one segment")
        segment = _Segment(bytearray(message[_WORD:]))
        slot = segment.worker(service) + _WORKER_DATE
        segment.append_text(slot, date)
    except (struct.error, IndexError) as error:
        raise _strange(str(error)) from error
    return struct.pack("<II", 0, len(segment.data) // _WORD) + segment.data


def _strange(why: str) -> TargetError:
    return TargetError(
        f"the configuration that workerd compiled cannot be given another date: {why}",
        "run without --compat-date, or use the pinned workerd",
    )


class _Segment:
    """The words of a message; every position counts in words."""

    def __init__(self, data: bytearray) -> None:
        self.data = data

    def worker(self, service: str) -> int:
        """Return where the pointers of a service's worker begin."""
        services, size, count = self._structs(self._pointers(0) + _CONFIG_SERVICES)
        for index in range(count):
            pointers = services + index * sum(size) + size[0]
            if self._text(pointers + _SERVICE_NAME) == service:
                return self._pointers(pointers + _SERVICE_WORKER)
        raise _strange(f'it has no service "{service}"')

    def append_text(self, slot: int, text: str) -> None:
        """Write a text behind everything else and let the pointer at `slot` lead to it; the old one stays unused."""
        content = text.encode() + b"\0"
        offset = len(self.data) // _WORD - slot - 1
        struct.pack_into("<iI", self.data, slot * _WORD, offset << 2 | _LIST, len(content) << 3 | _OF_BYTES)
        self.data += content.ljust(-(-len(content) // _WORD) * _WORD, b"\0")

    def _pointer(self, at: int, kind: int) -> tuple[int, int]:
        """Return where a pointer leads, and its upper half."""
        lower, upper = struct.unpack_from("<iI", self.data, at * _WORD)
        if lower & _KIND_MASK != kind or (lower, upper) == (0, 0):
            raise _strange("a pointer leads elsewhere than it should")
        return at + 1 + (lower >> 2), upper

    def _pointers(self, at: int) -> int:
        """Return where the pointers of the struct begin that a pointer leads to."""
        start, sizes = self._pointer(at, _STRUCT)
        return start + (sizes & 0xFFFF)

    def _structs(self, at: int) -> tuple[int, tuple[int, int], int]:
        """Return where the structs of a list begin, their sizes in data and in pointers, and their number."""
        tag, upper = self._pointer(at, _LIST)
        if upper & 7 != _OF_STRUCTS:
            raise _strange("a list is not of structs")
        count, sizes = struct.unpack_from("<II", self.data, tag * _WORD)
        return tag + 1, (sizes & 0xFFFF, sizes >> 16), count >> 2

    def _text(self, at: int) -> str:
        start, upper = self._pointer(at, _LIST)
        length = upper >> 3
        return self.data[start * _WORD : start * _WORD + length].rstrip(b"\0").decode("utf-8", "replace")
