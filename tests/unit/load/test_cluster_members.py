"""Who may take part in a load: addresses, versions, descriptors and ports, and how a clock stands."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poc_cli.errors import TargetError, UsageError
from poc_cli.load.capacity import Limits
from poc_cli.load.cluster.members import (
    Member,
    clock_from,
    is_loopback,
    member,
    one_each,
    raise_if_different,
    raise_if_elsewhere,
    raise_if_too_many,
    scheduler_address,
)
from poc_cli.load.plan import Plan, Step, template
from poc_cli.load.process_usage import Usage
from poc_cli.load.sharding import Shard, shards

_VERSIONS = {"poc": "1", "websockets": "17"}


def _member(number: int, *, host: str = "127.0.0.1", files: int = 1_000, ports: int = 20_000) -> Member:
    address = f"tcp://{host}:{4000 + number}"
    return Member(address, f"process {number}", host, _VERSIONS, Limits(files, ports), Usage(1, 0.0, 1))


def _parts(sockets: int, of: int) -> tuple[Shard, ...]:
    message = template("{mark}")
    plan = Plan(sockets, of, "/", (), (Step("ramp", 1.0),), message, message, message, None)
    return shards(plan, of, play="p", lockstep=True)


@pytest.mark.parametrize("text", ["tcp://127.0.0.1:8786", "tls://[::1]:8786", "tcp://scheduler:1"])
def test_an_address_of_a_scheduler_is_taken_as_it_is(text: str) -> None:
    assert scheduler_address(text) == text


@pytest.mark.parametrize(
    "text",
    ["127.0.0.1:8786", "tcp://scheduler", "http://a:1", "tcp://a:x", "tcp://a:1/path", "tcp://me@a:1", "", "tcp://:1"],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match=r"tcp://127\.0\.0\.1:8786"):
        scheduler_address(text)


def test_loopback_is_known_by_number_and_by_name() -> None:
    assert is_loopback("tcp://127.0.0.9:1")
    assert is_loopback("tls://[::1]:1")
    assert is_loopback("tcp://localhost:1")
    assert not is_loopback("tcp://10.0.0.1:1")
    assert not is_loopback("tcp://localhost.example:1")


def test_a_process_with_two_workers_takes_part_once() -> None:
    first, second = _member(2), _member(1)
    twice = replace(second, address="tcp://127.0.0.1:9")
    assert one_each([first, second, twice]) == [second, first]


def test_a_member_of_another_version_is_named_with_both() -> None:
    other = replace(_member(2), versions={"poc": "1", "websockets": "16"})
    raise_if_different([_member(1)], _VERSIONS)
    with pytest.raises(TargetError, match=r"tcp://127\.0\.0\.1:4002 has websockets 16, but this machine has 17"):
        raise_if_different([_member(1), other], _VERSIONS)


def test_a_member_that_does_not_tell_a_version_has_none() -> None:
    with pytest.raises(TargetError, match="has uvloop none, but this machine has 1"):
        raise_if_different([_member(1)], {"uvloop": "1"})


def test_only_workers_of_this_machine_reach_a_runtime_of_ours() -> None:
    raise_if_elsewhere([_member(1)])
    with pytest.raises(TargetError, match=r"tcp://10\.0\.0\.1:4002 is not on loopback"):
        raise_if_elsewhere([_member(1), _member(2, host="10.0.0.1")])


def test_a_part_must_fit_the_descriptors_of_its_process() -> None:
    small, large = _member(1, files=100), _member(2)
    raise_if_too_many(list(zip(_parts(72, 2), (small, large), strict=True)))
    with pytest.raises(UsageError, match=r"37 sockets do not fit into the worker tcp://127\.0\.0\.1:4001"):
        raise_if_too_many(list(zip(_parts(74, 2), (small, large), strict=True)))


def test_parts_of_one_machine_share_its_ports() -> None:
    together = [_member(1, ports=50), _member(2, ports=50)]
    apart = [_member(1, ports=50), _member(2, host="10.0.0.1", ports=50)]
    parts = _parts(60, 2)
    raise_if_too_many(list(zip(parts, apart, strict=True)))
    with pytest.raises(UsageError, match=r"60 sockets do not fit on 127\.0\.0\.1: it has about 50 ports"):
        raise_if_too_many(list(zip(parts, together, strict=True)))
    raise_if_too_many([(replace(part, many_addresses=True), each) for part, each in zip(parts, together, strict=True)])


def test_a_member_is_what_it_told_about_itself() -> None:
    told = {
        "process": "p",
        "host": "h",
        "versions": {"poc": "1"},
        "files": 5,
        "ports": 6,
        "use": {"rss": 1, "cpu": 2.0, "files": 3},
    }
    assert member("tcp://h:1", told) == Member("tcp://h:1", "p", "h", {"poc": "1"}, Limits(5, 6), Usage(1, 2.0, 3))


_SECONDS = st.floats(min_value=0, max_value=1)


@given(
    st.floats(min_value=-100, max_value=100),
    st.lists(st.tuples(st.floats(min_value=0, max_value=100), _SECONDS, _SECONDS), min_size=1),
)
def test_a_clock_is_wrong_by_no_more_than_is_said(ahead: float, trips: list[tuple[float, float, float]]) -> None:
    samples = [(asked, asked + there + ahead, asked + there + back) for asked, there, back in trips]
    clock = clock_from(samples)
    assert abs(clock.ahead - ahead) <= clock.error + 1e-9
    assert clock.error <= min((answered - asked) / 2 for asked, _, answered in samples) + 1e-9
