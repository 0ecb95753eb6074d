"""A load that does not fit is refused before anything is started, with what would fit."""

from dataclasses import replace

import pytest

from poc_cli.errors import UsageError
from poc_cli.load.capacity import Limits, needed_by_runtime, possible, raise_if_too_many, wants_many_addresses
from poc_cli.load.plan import Plan, plan_of
from poc_cli.scenario.load_model import LoadTable

TABLE = LoadTable.model_validate({"sockets": 1, "path": "/", "stages": [{"ramp": "1s"}]})


def plan(sockets: int, rooms: int = 1) -> Plan:
    return replace(plan_of(TABLE), sockets=sockets, rooms=rooms)


def test_the_runtime_takes_two_descriptors_a_socket_and_three_a_room() -> None:
    assert needed_by_runtime(9_500, 50) == 2 * 9_500 + 3 * 50 + 256


@pytest.mark.parametrize(
    ("files", "rooms", "local", "most"),
    [
        (20_000, 1, True, 9_870),
        (20_000, 50, True, 9_797),
        (1_024, 1, True, 382),
        (64, 1, True, 0),
        (20_000, 1, False, 19_936),
        (100_000, 1, False, 25_000),
    ],
)
def test_what_is_possible(*, files: int, rooms: int, local: bool, most: int) -> None:
    has = Limits(files, ports=25_000)
    assert possible(rooms, has, local=local) == most
    if most:
        raise_if_too_many(plan(most, rooms), has, local=local)
    with pytest.raises(UsageError):
        raise_if_too_many(plan(most + 1, rooms), has, local=local)


def test_the_refusal_says_what_to_raise_and_what_is_possible_now() -> None:
    with pytest.raises(UsageError) as refused:
        raise_if_too_many(plan(9_950), Limits(20_000), local=True)
    assert refused.value.exit_code == 2
    assert "9,950 sockets in 1 room do not fit" in refused.value.message
    assert "20,159 in total" in refused.value.message
    assert "the limit is 20,000" in refused.value.message
    assert "--sockets 9870" in str(refused.value)


def test_elsewhere_the_ports_of_one_address_may_be_too_few() -> None:
    with pytest.raises(UsageError, match=r"one address has about 25,000 ports"):
        raise_if_too_many(plan(30_000), Limits(100_000, 25_000), local=False)


@pytest.mark.parametrize(("sockets", "many"), [(9_500, False), (20_000, False), (20_001, True)])
def test_only_past_the_ports_of_one_address_others_are_used(*, sockets: int, many: bool) -> None:
    assert wants_many_addresses(plan(sockets), Limits(100_000, 25_000)) is many
