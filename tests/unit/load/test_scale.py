"""The arithmetic of docs/scale.md: each number of its tables is what the functions return."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from poc_cli.cost.bill import dollars
from poc_cli.cost.prices import shipped
from poc_cli.descriptors import DESCRIPTORS_PER_SOCKET
from tests.support import scale
from tests.support.scale import Crowd, Machine, beside_workerd, bills, capacity, largest_room, need

PAGE = (Path(__file__).parents[3] / "docs" / "scale.md").read_text(encoding="utf-8")

RAISED = 1_048_576
LAPTOP = Machine(cores=2, memory_gib=24, descriptors=20_000)
LAPTOP_RAISED = Machine(cores=2, memory_gib=24, descriptors=RAISED)

MILLION = [
    Crowd(1_000_000, 1_000, Decimal("0.02")),
    Crowd(1_000_000, 50, Decimal(1)),
    Crowd(1_000_000, 200, Decimal(1)),
    Crowd(1_000_000, 1_000, Decimal(1)),
]


def load_machine(addresses: int = 1) -> Machine:
    return Machine(cores=8, memory_gib=16, descriptors=RAISED, addresses=addresses)


def said(what: str) -> list[str]:
    """Return the cells that the page has behind the first one of a row."""
    [row] = [line for line in PAGE.splitlines() if line.startswith(f"| {what} |")]
    return [cell.strip() for cell in row.strip("|").split("|")][1:]


# --- the page says what the functions give


@pytest.mark.parametrize("rate", ["0.1", "1", "6", "60"])
def test_the_largest_rooms(rate: str) -> None:
    assert said(rate) == [f"{largest_room(Decimal(rate), each):,}" for each in scale.DELIVERIES_OF_AN_OBJECT]


def places() -> Iterator[tuple[str, scale.Capacity]]:
    yield "laptop, 2 cores, 24 GiB, workerd beside, 20,000 descriptors", beside_workerd(LAPTOP)
    yield f"the same, limit raised to {RAISED:,}", beside_workerd(LAPTOP_RAISED)
    yield "laptop against Cloudflare, limit raised", capacity(LAPTOP_RAISED, tls=True)
    yield "load machine with one address", capacity(load_machine(), tls=True)
    yield "with four addresses", capacity(load_machine(4), tls=True)
    yield "with eight addresses", capacity(load_machine(8), tls=True)


@pytest.mark.parametrize(("where", "found"), list(places()))
def test_the_machines(where: str, found: scale.Capacity) -> None:
    assert said(where) == [f"{found.sockets:,}", found.bound]


def rows() -> Iterator[tuple[str, list[str]]]:
    needs = [need(each, load_machine(4)) for each in MILLION]
    months = [bills(each, shipped()) for each in MILLION]
    yield "sockets in a room", [f"{each.per_room:,}" for each in MILLION]
    yield "messages a minute of each", [str(each.messages_per_minute) for each in MILLION]
    yield "objects", [f"{each.rooms:,}" for each in MILLION]
    yield "messages in, a second", [f"{each.sent:,.0f}" for each in MILLION]
    yield "messages out, a second", [f"{each.delivered:,.0f}" for each in MILLION]
    yield "out of one object, a second", [f"{each.of_a_room:,.0f}" for each in MILLION]
    yield "an object's time spent sending", [f"{each.busy:.1%}".replace("%", " %") for each in MILLION]
    yield "cores to send and read all that", [f"{each.cores:.0f}" for each in MILLION]
    yield "load machines", [str(each.machines) for each in needs]
    yield "because of", [each.bound for each in needs]
    yield "seconds to open all, at least", [f"{each.opening_seconds:.0f}" for each in needs]
    yield "the month with hibernation", [dollars(each.hibernating) for each in months]
    yield "the month without", [dollars(each.awake) for each in months]


@pytest.mark.parametrize(("what", "found"), list(rows()))
def test_a_million(what: str, found: list[str]) -> None:
    row = [line for line in PAGE.splitlines() if line.startswith(f"| {what} |")][-1]
    assert [cell.strip() for cell in row.strip("|").split("|")][1:] == found


@pytest.mark.parametrize(
    ("what", "takes"),
    [
        ("the client's memory", f"{scale.CLIENT_KIB} KiB a socket; {scale.CLIENT_TLS_KIB} KiB with TLS"),
        ("the kernel's memory", f"{scale.KERNEL_KIB} KiB an end, while idle"),
        ("the client's ports", f"{scale.PORTS_OF_AN_ADDRESS:,} for each source address and destination"),
        ("to open it", f"{scale.OPENING_MS} ms of a core; {scale.OPENING_TLS_MS} ms with TLS"),
        ("to send and get an answer", f"{scale.EXCHANGES_OF_A_CORE:,} a second and core"),
        ("to get a message", f"{scale.DELIVERIES_OF_A_CORE:,} a second and core"),
        ("workerd, where it runs beside", f"{scale.WORKERD_KIB} KiB and {DESCRIPTORS_PER_SOCKET} descriptors a socket"),
        ("an object", f"{scale.SOCKETS_OF_AN_OBJECT:,} sockets at most"),
        ("an object's sending", "{:,} to {:,} messages a second".format(*scale.DELIVERIES_OF_AN_OBJECT)),
    ],
)
def test_what_a_socket_takes(what: str, takes: str) -> None:
    assert said(what)[0] == takes


def test_the_sentences() -> None:
    handlers = [f"{each.handler_ms:.0f} ms for {each.per_room:,}" for each in MILLION[1:]]
    text = " ".join(PAGE.split())
    assert f"{handlers[0]} sockets, {handlers[1]}, {handlers[2]}." in text
    largest = MILLION[-1]
    assert f"busy for {largest.busy * 100:.1f} %" in text
    bits = largest.delivered * 100 * 8
    assert f"{largest.delivered:,.0f} messages of 100 bytes a second are {bits / 1e9:.0f} Gbit/s" in text
    assert f"would be {scale.SOCKETS_OF_AN_OBJECT * 16 // 1024} MiB" in text
    saved = 1 - bills(largest, shipped()).hibernating / bills(largest, shipped()).awake
    assert round(saved * 3) == 1  # "saves a third"


# --- the functions themselves, by figures worked out by hand


def test_a_measured_figure_of_part_of_a_core_is_stretched_to_a_whole_one() -> None:
    assert pytest.approx(26_300 / 0.68, rel=0.001) == scale.EXCHANGES_OF_A_CORE
    assert pytest.approx(31_000 / 0.64, rel=0.001) == scale.DELIVERIES_OF_A_CORE


def test_each_limit_can_be_the_one() -> None:
    small = Machine(cores=1, memory_gib=1, descriptors=RAISED, addresses=9)
    assert capacity(small, tls=True) == scale.Capacity(1024 * 1024 // 2 // 62, "memory")
    assert capacity(small, tls=False).sockets == 1024 * 1024 // 2 // 16
    assert capacity(Machine(1, 24, 1_024), tls=False) == scale.Capacity(768, "descriptors")
    assert capacity(Machine(1, 24, RAISED, 2), tls=False) == scale.Capacity(56_464, "ports")


def test_a_room_hears_everyone() -> None:
    crowd = Crowd(sockets=100, per_room=10, messages_per_minute=Decimal(60))
    assert (crowd.rooms, crowd.sent, crowd.delivered, crowd.of_a_room) == (10, 100, 1_000, 100)


def test_a_room_that_is_not_full_is_one_all_the_same() -> None:
    assert Crowd(101, 10, Decimal(1)).rooms == 11


def test_no_object_has_more_than_its_limit() -> None:
    assert Crowd(65_536, 32_768, Decimal(1)).rooms == 2
    with pytest.raises(ValueError, match="32768 at most"):
        _ = Crowd(65_536, 32_769, Decimal(1)).rooms
    assert largest_room(Decimal("0.0001"), 45_000) == 32_768


def test_the_largest_room_keeps_up_and_one_more_does_not() -> None:
    for each in scale.DELIVERIES_OF_AN_OBJECT:
        room = largest_room(Decimal(1), each)
        assert Crowd(room, room, Decimal(1)).of_a_room <= each < Crowd(room + 1, room + 1, Decimal(1)).of_a_room


def test_a_crowd_that_says_nothing_costs_its_connections() -> None:
    silent = bills(Crowd(1_000_000, 1_000, Decimal(0)), shipped())
    # 30 million connections: 29 of requests to objects beyond the first, 20 of Worker requests beyond the first ten,
    # and a millisecond each of duration, which is 3,840 GB-s and included; 30 million ms of Worker CPU are included
    assert silent.hibernating == Decimal("5.00") + 29 * Decimal("0.15") + 20 * Decimal("0.30")
