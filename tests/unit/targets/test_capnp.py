"""Configurations as messages: what services are in one, and two joined to one that has the services of both."""

import struct
from dataclasses import dataclass, field

import pytest

from poc_cli.errors import TargetError
from poc_cli.targets.capnp import Service, joined, services, with_tails
from poc_cli.targets.capnp import _Segment as Segment

WORD = 8


@dataclass
class Struct:
    """A struct to be laid out: its first word of data, and what its pointers lead to."""

    data: int | None = None
    pointers: "list[Struct | list[Struct] | str | None]" = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int]:
        """Return how many words of data and how many pointers it has."""
        return (self.data is not None, len(self.pointers))


def message(root: Struct) -> bytes:
    """Return a message of one segment."""
    words: list[bytes] = [bytes(WORD)]
    words[0] = _at_end(words, 0, root)
    body = b"".join(words)
    return struct.pack("<II", 0, len(words)) + body


def _at_end(words: list[bytes], slot: int, content: "Struct | list[Struct] | str") -> bytes:
    """Lay something out behind the words that are there, and give the pointer to it for that slot."""
    offset = len(words) - slot - 1
    match content:
        case str():
            raw = content.encode() + b"\0"
            count = len(raw)
            raw = raw.ljust(-(-count // WORD) * WORD, b"\0")
            words += [raw[at : at + WORD] for at in range(0, len(raw), WORD)]
            return struct.pack("<iI", offset << 2 | 1, count << 3 | 2)
        case Struct():
            _lay(words, [content], content.size)
            return struct.pack("<iHH", offset << 2, *content.size)
        case _:
            size = max(each.size for each in content)
            words.append(struct.pack("<IHH", len(content) << 2, *size))
            _lay(words, content, size)
            return struct.pack("<iI", offset << 2 | 1, len(content) * sum(size) << 3 | 7)


def _lay(words: list[bytes], structs: list[Struct], size: tuple[int, int]) -> None:
    start = len(words)
    words += [bytes(WORD)] * (sum(size) * len(structs))
    for index, each in enumerate(structs):
        at = start + index * sum(size)
        if each.data is not None:
            words[at] = struct.pack("<Q", each.data)
        for number, content in enumerate(each.pointers):
            if content is not None:
                slot = at + size[0] + number
                words[slot] = _at_end(words, slot, content)


def worker(name: str, *classes: tuple[str, str], modifier: str | None = None) -> Struct:
    namespaces = [Struct(0, [class_name, key]) for class_name, key in classes]
    fields: list[Struct | list[Struct] | str | None] = [None] * 5
    return Struct(1, [name, Struct(0, [*fields, namespaces or None, modifier])])


def disk(name: str, path: str) -> Struct:
    return Struct(4, [name, Struct(0, [path])])


def config(named: list[Struct], sockets: list[Struct] | None = None) -> bytes:
    return message(Struct(None, [named, sockets]))


THEIRS = [worker("core:user:chat", ("Room", "chat-Room"), ("Lobby", "chat-Lobby")), disk("do:storage", "/tmp/do")]  # noqa: S108 - only a text
OURS = [worker("poc-fence"), worker("poc-evict")]


def test_services_are_read() -> None:
    assert services(config(THEIRS)) == [
        Service("core:user:chat", {"Room": "chat-Room", "Lobby": "chat-Lobby"}),
        Service("do:storage", disk="/tmp/do"),  # noqa: S108 - only a text
    ]


def test_a_class_without_a_key_keeps_nothing() -> None:
    ephemeral = worker("w", ("Room", "k"))
    told = ephemeral.pointers[1]
    assert isinstance(told, Struct)
    told.pointers[5] = [Struct(1, ["Room", None])]
    assert services(config([ephemeral])) == [Service("w")]


def test_joined_there_are_the_services_of_both_in_their_order() -> None:
    whole = joined(config(THEIRS, [Struct(None, ["entry"])]), config(OURS, [Struct(None, ["fence"])]))
    assert [each.name for each in services(whole)] == ["core:user:chat", "do:storage", "poc-fence", "poc-evict"]
    assert services(whole)[0].classes == {"Room": "chat-Room", "Lobby": "chat-Lobby"}
    assert len(whole) == WORD * (1 + struct.unpack_from("<I", whole, 4)[0])


def test_a_list_that_was_empty_is_made() -> None:
    # the second pointer of the root is the list of sockets, which has the form of a list of services without a choice
    whole = joined(config(THEIRS), config(OURS, [Struct(None, ["fence", "unix:fence.sock"])]))
    lower, upper = struct.unpack_from("<iI", whole, WORD * 3)
    tag = 3 + 1 + (lower >> 2)
    assert struct.unpack_from("<IHH", whole, WORD * tag) == (1 << 2, 0, 2)
    assert upper == 2 << 3 | 7


def test_lists_of_different_sizes_become_one_of_the_larger() -> None:
    small = config([Struct(2, ["network"])])
    assert [each.name for each in services(joined(small, config(OURS)))] == ["network", "poc-fence", "poc-evict"]
    assert [each.name for each in services(joined(config(OURS), small))] == ["poc-fence", "poc-evict", "network"]


def tailed(name: str, *consumers: str) -> Struct:
    """Return a worker with tail consumers, as the current workerd compiles one."""
    found = worker(name)
    content = found.pointers[1]
    assert isinstance(content, Struct)
    content.pointers += [None] * (10 - len(content.pointers))
    content.pointers.append([Struct(0, [each, None, None]) for each in consumers] or None)
    return found


def tails(message: bytes, service: str) -> list[str]:
    segment = Segment.of(message)
    start, size, count = segment.structs(segment.worker(service) + 10)
    return [segment.text(start + index * sum(size) + size[0]) for index in range(count)]


def test_a_tail_consumer_is_moved_from_ours_to_their_workers_beside_the_consumers_that_they_have() -> None:
    before = config([tailed("chat", "audit"), tailed("lobby"), tailed("poc-evict", "poc-evict"), tailed("other")])
    after = with_tails(before, ["chat", "lobby"], "poc-evict")
    assert tails(after, "chat") == ["audit", "poc-evict"]
    assert tails(after, "lobby") == ["poc-evict"]
    assert tails(after, "poc-evict") == tails(after, "other") == []
    assert [each.name for each in services(after)] == ["chat", "lobby", "poc-evict", "other"]


def test_a_worker_of_an_older_configuration_gets_no_tail_consumer() -> None:
    before = config([worker("chat", ("Room", "k")), tailed("poc-evict", "poc-evict")])
    after = with_tails(before, ["chat"], "poc-evict")
    assert services(after)[0].classes == {"Room": "k"}


@pytest.mark.parametrize(
    "damaged",
    [b"", b"\0" * 8, config(THEIRS)[:-8], struct.pack("<II", 1, 4) + bytes(40), struct.pack("<II", 0, 1) + bytes(8)],
)
def test_what_is_no_configuration_is_refused(damaged: bytes) -> None:
    with pytest.raises(TargetError, match="cannot read"):
        services(damaged)
    with pytest.raises(TargetError, match="cannot read"):
        joined(damaged, config(OURS))


def test_changed_keys_are_refused_as_ids_could_not_be_computed() -> None:
    with pytest.raises(TargetError, match="changes the unique keys"):
        services(config([worker("w", ("Room", "k"), modifier="m")]))
