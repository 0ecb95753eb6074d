"""The parts of a load hold every socket once, and a room lies whole in one of them."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as some

from poc_cli.errors import UsageError
from poc_cli.load.plan import plan_of
from poc_cli.load.sharding import Shard, shards, source_address
from poc_cli.scenario.load_model import LoadTable


def parts(sockets: int, rooms: int, of: int) -> tuple[Shard, ...]:
    table = LoadTable.model_validate(
        {"sockets": sockets, "rooms": rooms, "path": "/{room}", "stages": [{"ramp": "1s"}]}
    )
    return shards(plan_of(table), of, play="abc")


@given(some.integers(1, 300), some.data())
def test_every_socket_is_in_one_part(sockets: int, data: some.DataObject) -> None:
    rooms, of = data.draw(some.integers(1, sockets)), data.draw(some.integers(1, sockets))
    found = parts(sockets, rooms, of)
    assert [index for part in found for index in part.indexes] == list(range(sockets))
    assert [part.number for part in found] == list(range(of))


@given(some.integers(1, 300), some.data())
def test_a_room_is_in_one_part_where_there_are_enough_rooms(sockets: int, data: some.DataObject) -> None:
    rooms = data.draw(some.integers(1, sockets))
    found = parts(sockets, rooms, data.draw(some.integers(1, rooms)))
    assert [room for part in found for room in part.rooms] == list(range(rooms))


def test_more_parts_than_sockets_are_refused() -> None:
    with pytest.raises(UsageError, match="2 sockets cannot be divided into 3 shards"):
        parts(2, 1, 3)


def test_a_part_can_be_pickled() -> None:
    part = parts(10, 2, 2)[1]
    assert pickle.loads(pickle.dumps(part)) == part  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    ("index", "address"), [(0, "127.0.0.1"), (9, "127.0.0.1"), (10, "127.0.0.2"), (25, "127.0.0.3")]
)
def test_sockets_past_the_ports_of_one_address_come_from_the_next(index: int, address: str) -> None:
    assert source_address(index, ports=10) == address


def test_there_is_a_last_address() -> None:
    assert source_address(2499, ports=10) == "127.0.0.250"
    with pytest.raises(UsageError, match="there is no source address for socket 2500"):
        source_address(2500, ports=10)
