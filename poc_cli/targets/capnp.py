"""A compiled configuration of the runtime's as what it is, a Cap'n Proto message: read, and joined with another one."""

import struct
from dataclasses import dataclass, field
from typing import Final

from poc_cli.errors import TargetError

_WORD: Final = 8
_STRUCT, _LIST = 0, 1
_OF_BYTES, _OF_STRUCTS = 2, 7
_KIND_MASK: Final = 3  # the lowest two bits of a pointer say what it points to

# Where the fields of workerd.capnp's structs are: pointers count by themselves, and so do the 16-bit parts of the data.
# Cap'n Proto's rules for compatible schemas forbid that they ever move.
_SERVICES, _SOCKETS = 0, 1
_NAME, _CONTENT = 0, 1
_WHICH: Final = 0
_A_WORKER, _A_DISK = 1, 4
_NAMESPACES, _MODIFIER = 5, 6
_CLASS, _UNIQUE_KEY = 0, 1
_HAS_UNIQUE_KEY: Final = 0

_Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Service:
    """One service: `classes` with their unique keys where it is a worker, `disk` where it is a folder of files.

    A class without a unique key keeps nothing, and its objects have no ids that could be computed.
    """

    name: str
    classes: dict[str, str] = field(default_factory=dict)
    disk: str | None = None


def services(message: bytes) -> list[Service]:
    """Return the services of a configuration.

    Raises TargetError for a message that is no configuration, or is in several segments.
    """
    try:
        reader = _Segment(_segment(message))
        start, size, count = reader.structs(reader.root + _SERVICES)
        return [reader.service(start + index * sum(size), size) for index in range(count)]
    except (struct.error, IndexError) as error:
        raise _strange(str(error)) from error


def joined(message: bytes, addition: bytes) -> bytes:
    """Return the configuration with the services and sockets of another one behind its own.

    Raises TargetError for a message that is no configuration, or is in several segments.
    """
    try:
        segment = _Segment(_segment(message))
        root = segment.root
        added = segment.pointers(segment.append(_segment(addition)))
        for slot in (_SERVICES, _SOCKETS):
            segment.join(root + slot, added + slot)
    except (struct.error, IndexError) as error:
        raise _strange(str(error)) from error
    return struct.pack("<II", 0, len(segment.data) // _WORD) + segment.data


def _segment(message: bytes) -> bytearray:
    segments, words = struct.unpack_from("<II", message)
    if segments != 0 or len(message) != _WORD * (words + 1):  # the number of segments less one
        raise _strange("it is not in one segment")
    return bytearray(message[_WORD:])


def _strange(why: str) -> TargetError:
    return TargetError(f"the configuration that wrangler made cannot be read: {why}", "see poc doctor for the versions")


class _Segment:
    """The words of a message; every position counts in words."""

    def __init__(self, data: bytearray) -> None:
        self.data = data

    @property
    def root(self) -> int:
        """Return where the pointers of the root struct begin."""
        return self.pointers(0)

    def service(self, at: int, size: _Size) -> Service:
        pointers = at + size[0]
        name = self.text(pointers + _NAME)
        which = struct.unpack_from("<H", self.data, at * _WORD)[_WHICH]
        if which == _A_DISK:
            return Service(name, disk=self.text(self.pointers(pointers + _CONTENT)))
        return Service(name, self._classes(pointers + _CONTENT) if which == _A_WORKER else {})

    def _classes(self, worker: int) -> dict[str, str]:
        _, sizes = self._pointer(worker, _STRUCT)
        pointers = self.pointers(worker)
        if sizes >> 16 <= _NAMESPACES:  # the worker was written without this field
            return {}
        if sizes >> 16 > _MODIFIER and self.text(pointers + _MODIFIER):
            raise _strange("a worker changes the unique keys of its classes")
        start, size, count = self.structs(pointers + _NAMESPACES)
        found: dict[str, str] = {}
        for at in range(start, start + count * sum(size), sum(size) or 1):
            if struct.unpack_from("<H", self.data, at * _WORD)[_WHICH] == _HAS_UNIQUE_KEY:
                found[self.text(at + size[0] + _CLASS)] = self.text(at + size[0] + _UNIQUE_KEY)
        return found

    # --- reading

    def _raw(self, at: int) -> tuple[int, int]:
        lower, upper = struct.unpack_from("<iI", self.data, at * _WORD)
        return lower, upper

    def _pointer(self, at: int, kind: int) -> tuple[int, int]:
        """Return where a pointer leads, and its upper half."""
        lower, upper = self._raw(at)
        if lower & _KIND_MASK != kind or (lower, upper) == (0, 0):
            raise _strange("a pointer leads elsewhere than it should")
        return at + 1 + (lower >> 2), upper

    def pointers(self, at: int) -> int:
        """Return where the pointers of the struct begin that a pointer leads to."""
        start, sizes = self._pointer(at, _STRUCT)
        return start + (sizes & 0xFFFF)

    def structs(self, at: int) -> tuple[int, _Size, int]:
        """Return where the structs of a list begin, their sizes in data and in pointers, and their number."""
        if self._raw(at) == (0, 0):
            return at, (0, 0), 0
        tag, upper = self._pointer(at, _LIST)
        if upper & 7 != _OF_STRUCTS:
            raise _strange("a list is not of structs")
        count, sizes = struct.unpack_from("<II", self.data, tag * _WORD)
        return tag + 1, (sizes & 0xFFFF, sizes >> 16), count >> 2

    def text(self, at: int) -> str:
        """Return a text, empty where there is none."""
        if self._raw(at) == (0, 0):
            return ""
        start, upper = self._pointer(at, _LIST)
        return self.data[start * _WORD : start * _WORD + (upper >> 3)].rstrip(b"\0").decode("utf-8", "replace")

    # --- writing

    def append(self, words: bytes | bytearray) -> int:
        """Put words behind everything else, and give where they begin; pointers within them stay right."""
        start = len(self.data) // _WORD
        self.data += words
        return start

    def join(self, slot: int, other: int) -> None:
        """Let the list pointer at `slot` lead to a new list, of its structs and then those of the list at `other`."""
        lists = (self.structs(slot), self.structs(other))
        size = (max(each[0] for _, each, _ in lists), max(each[1] for _, each, _ in lists))
        count = sum(number for _, _, number in lists)
        words = count * sum(size)
        tag = self.append(struct.pack("<II", count << 2, size[0] | size[1] << 16) + bytes(words * _WORD))
        to = tag + 1
        for start, each, number in lists:
            for index in range(number):
                self._copy(start + index * sum(each), each, to, size[0])
                to += sum(size)
        struct.pack_into("<iI", self.data, slot * _WORD, (tag - slot - 1) << 2 | _LIST, words << 3 | _OF_STRUCTS)

    def _copy(self, start: int, size: _Size, to: int, data: int) -> None:
        """Write a struct once more; what it points to stays where it is, and the copy's pointers lead there."""
        self.data[to * _WORD : (to + size[0]) * _WORD] = self.data[start * _WORD : (start + size[0]) * _WORD]
        for index in range(size[1]):
            at, copy = start + size[0] + index, to + data + index
            lower, upper = self._raw(at)
            if upper and lower & _KIND_MASK in {_STRUCT, _LIST}:  # others, and empty structs, do not say how far
                lower += (at - copy) << 2
            struct.pack_into("<iI", self.data, copy * _WORD, lower, upper)
