"""Read and edit compiled workerd configurations, which are Cap'n Proto messages."""

import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Self

from poc_cli.errors import TargetError

_WORD: Final = 8
_STRUCT, _LIST = 0, 1
_OF_BYTES, _OF_STRUCTS = 2, 7
_KIND_MASK: Final = 3  # the lowest two bits of a pointer are its kind

# The offsets of fields in workerd.capnp's structs: pointers are counted separately, data in units of 16 bits.
# Cap'n Proto's rules for schema evolution forbid moving them.
_SERVICES, _SOCKETS = 0, 1
_NAME, _CONTENT = 0, 1
_WHICH: Final = 0
_A_WORKER, _A_DISK = 1, 4
_NAMESPACES, _MODIFIER = 5, 6
_TAILS: Final = 10
_DATE: Final = 1
_CLASS, _UNIQUE_KEY = 0, 1
_HAS_UNIQUE_KEY: Final = 0

_CANNOT_READ: Final = ("cannot read the configuration that wrangler generated", "run poc doctor to check the versions")
_CANNOT_DATE: Final = (
    "cannot change the compatibility date in the configuration that workerd compiled",
    "run without --compat-date, or use the pinned workerd",
)

_Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the configuration: a worker with `classes` and their unique keys, or a folder of files (`disk`).

    A class without a unique key is not stored, and its objects have no computable ids.
    """

    name: str
    classes: dict[str, str] = field(default_factory=dict)
    disk: str | None = None


def services(message: bytes) -> list[Service]:
    """Return the services of a configuration.

    Raises TargetError if the message is not a configuration in one segment.
    """
    with _readable(*_CANNOT_READ):
        segment = _Segment.of(message)
        return [segment.service(at, size) for at, size in segment.services()]


def joined(message: bytes, addition: bytes) -> bytes:
    """Return the configuration with the services and sockets of another one appended.

    Raises TargetError if the message is not a configuration in one segment.
    """
    with _readable(*_CANNOT_READ):
        segment = _Segment.of(message)
        root = segment.root  # read before appending: an empty message would take the appended root for its own
        added = segment.pointers(segment.append(_Segment.of(addition).data))
        for slot in (_SERVICES, _SOCKETS):
            segment.join(root + slot, added + slot)
        return segment.message()


def with_date(message: bytes, service: str, date: str) -> bytes:
    """Return the configuration with the compatibility date of one of its workers set.

    Raises TargetError if the message is not a configuration in one segment with that service.
    """
    with _readable(*_CANNOT_DATE):
        segment = _Segment.of(message)
        segment.append_text(segment.worker(service) + _DATE, date)
        return segment.message()


def with_tails(message: bytes, workers: Iterable[str], consumer: str) -> bytes:
    """Return the configuration with the tails of a worker, `consumer`, moved to other workers of it.

    They are added to the consumers that those workers have. Raises TargetError if the message is not a configuration
    in one segment with these services.
    """
    with _readable(*_CANNOT_READ):
        segment = _Segment.of(message)
        source = segment.worker(consumer) + _TAILS
        for each in workers:
            if segment.worker_pointers(each) > _TAILS:  # else its configuration is older than the field
                segment.join(segment.worker(each) + _TAILS, source)
        segment.clear(source)
        return segment.message()


@contextmanager
def _readable(message: str, advice: str) -> Iterator[None]:
    """Turn parse errors in the body into a TargetError."""
    try:
        yield
    except (struct.error, IndexError, ValueError) as error:
        raise TargetError(f"{message}: {error}", advice) from error


class _Segment:
    """The words of a message; all positions are in words."""

    def __init__(self, data: bytearray) -> None:
        self.data = data

    @classmethod
    def of(cls, message: bytes) -> Self:
        """Return the only segment of a message. Raises ValueError if it has several, struct.error if malformed."""
        segments, words = struct.unpack_from("<II", message)
        if segments != 0 or len(message) != _WORD * (words + 1):  # the header holds the number of segments minus one
            raise ValueError("it is not in one segment")
        return cls(bytearray(message[_WORD:]))

    def message(self) -> bytes:
        """Return the message made of this segment."""
        return struct.pack("<II", 0, len(self.data) // _WORD) + self.data

    @property
    def root(self) -> int:
        """Return the position of the root struct's pointers."""
        return self.pointers(0)

    def services(self) -> Iterator[tuple[int, _Size]]:
        """Yield the position of each service and its sizes in data and pointers."""
        start, size, count = self.structs(self.root + _SERVICES)
        return ((start + index * sum(size), size) for index in range(count))

    def worker(self, service: str) -> int:
        """Return the position of the pointers of a service's worker."""
        return self.pointers(self._content(service))

    def worker_pointers(self, service: str) -> int:
        """Return how many pointers a service's worker has."""
        return self._pointer(self._content(service), _STRUCT)[1] >> 16

    def _content(self, service: str) -> int:
        for at, size in self.services():
            if self.text(at + size[0] + _NAME) == service:
                return at + size[0] + _CONTENT
        raise ValueError(f'it has no service "{service}"')

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
            raise ValueError("a worker changes the unique keys of its classes")
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
        """Return the target of a pointer and its upper half."""
        lower, upper = self._raw(at)
        if lower & _KIND_MASK != kind or (lower, upper) == (0, 0):
            raise ValueError("a pointer has an unexpected kind")
        return at + 1 + (lower >> 2), upper

    def pointers(self, at: int) -> int:
        """Return the position of the pointers of the struct that a pointer refers to."""
        start, sizes = self._pointer(at, _STRUCT)
        return start + (sizes & 0xFFFF)

    def structs(self, at: int) -> tuple[int, _Size, int]:
        """Return the position of a list's structs, their sizes in data and pointers, and their number."""
        if self._raw(at) == (0, 0):
            return at, (0, 0), 0
        tag, upper = self._pointer(at, _LIST)
        if upper & 7 != _OF_STRUCTS:
            raise ValueError("a list does not contain structs")
        count, sizes = struct.unpack_from("<II", self.data, tag * _WORD)
        return tag + 1, (sizes & 0xFFFF, sizes >> 16), count >> 2

    def text(self, at: int) -> str:
        """Return a text, or an empty string for a null pointer."""
        if self._raw(at) == (0, 0):
            return ""
        start, upper = self._pointer(at, _LIST)
        return self.data[start * _WORD : start * _WORD + (upper >> 3)].rstrip(b"\0").decode("utf-8", "replace")

    # --- writing

    def append(self, words: bytes | bytearray) -> int:
        """Append words and return their position; pointers within them stay valid."""
        start = len(self.data) // _WORD
        self.data += words
        return start

    def append_text(self, slot: int, text: str) -> None:
        """Append a text and point `slot` to it; the old text stays unused."""
        content = text.encode() + b"\0"
        start = self.append(content.ljust(-(-len(content) // _WORD) * _WORD, b"\0"))
        struct.pack_into("<iI", self.data, slot * _WORD, (start - slot - 1) << 2 | _LIST, len(content) << 3 | _OF_BYTES)

    def join(self, slot: int, other: int) -> None:
        """Point `slot` to a new list with its own structs followed by those of the list at `other`."""
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

    def clear(self, slot: int) -> None:
        """Make a pointer null."""
        struct.pack_into("<Q", self.data, slot * _WORD, 0)

    def _copy(self, start: int, size: _Size, to: int, data: int) -> None:
        """Copy a struct; the copy's pointers refer to the same targets."""
        self.data[to * _WORD : (to + size[0]) * _WORD] = self.data[start * _WORD : (start + size[0]) * _WORD]
        for index in range(size[1]):
            at, copy = start + size[0] + index, to + data + index
            lower, upper = self._raw(at)
            if upper and lower & _KIND_MASK in {_STRUCT, _LIST}:  # only these are relative offsets
                lower += (at - copy) << 2
            struct.pack_into("<iI", self.data, copy * _WORD, lower, upper)
