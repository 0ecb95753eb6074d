"""What the runtime answers for a sleeping object is known by what was answered while the trace showed it asleep."""

import pytest

from tests.unit.judge.histories import Tale, finding, scenario, tale

WHO = '{ on = "ann", send = "who", expect = "ann" }'
PING = '{ on = "bob", send = "ping", expect = "pong" }'
ASLEEP = '{ probe = "asleep" }'


def told_of(*steps: str) -> Tale:
    """Return a play in which ann is connected, bob too, and the object has slept."""
    told = tale(scenario("connections-survive", ['{ connect = ["ann", "bob"] }', '{ hibernate = "idle" }', *steps]))
    told.connect()
    told.sleeps()
    return told


def ann_speaks(told: Tale, *, pinged: str, answered: str = "pong", own: str = "who", got: str = "ann") -> None:
    """Let ann speak and one message reach the object, while bob's keep-alive falls into the same step."""
    told.begins("on")
    step = told.next - 1
    told.add("bob", "sent", step=step, text=pinged, bytes=4)
    told.add("bob", "received", step=step, text=answered, bytes=4)
    told.add("ann", "sent", step=step, text=own, bytes=3)
    told.enters(why="hibernatable_websocket")
    told.add("ann", "received", step=step, text=got, bytes=3)
    told.ends()


def ann(told: Tale) -> str:
    """Return what is said of ann, where bob never spoke."""
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    return str(found["reason"])


def test_a_keep_alive_of_another_client_takes_nothing_off_where_it_is_known() -> None:
    told = told_of(PING, ASLEEP, WHO)
    told.says("pong", reached=0)
    told.probe("asleep")
    ann_speaks(told, pinged="ping")
    assert ann(told).startswith("bob was not used after object slept (line 7): ")


def test_where_no_probe_has_shown_the_object_asleep_it_is_not_known() -> None:
    told = told_of(PING, WHO)
    told.says("pong", reached=0)
    ann_speaks(told, pinged="ping")
    assert ann(told).startswith("ann was not used after object slept (line 7): ")


def test_the_beginning_of_a_resume_shows_it_too() -> None:
    told = told_of(PING, '{ resume = "ann", send = "who", expect = "ann" }', WHO)
    told.says("pong", reached=0)
    told.says("ann")
    ann_speaks(told, pinged="ping")
    assert ann(told).startswith("bob was not used after object slept (line 7): ")


@pytest.mark.parametrize(
    ("pinged", "own", "got"),
    [
        pytest.param("pinG", "who", "ann", id="another text of bob's may have been answered, and ann's too"),
        pytest.param("ping", "ping", "ann", id="what ann sent is what the runtime answers"),
        pytest.param("ping", "who", "pong", id="what ann got is what the runtime says"),
    ],
)
def test_nothing_else_is_taken_for_it(pinged: str, own: str, got: str) -> None:
    told = told_of(PING, ASLEEP, WHO)
    told.says("pong", reached=0)
    told.probe("asleep")
    ann_speaks(told, pinged=pinged, own=own, got=got)
    assert ann(told).startswith("ann was not used after object slept (line 7): ")


def test_what_was_sent_and_not_answered_is_not_known_to_be() -> None:
    told = told_of(PING, ASLEEP, WHO)
    told.begins("on")
    told.add("bob", "sent", step=told.next - 1, text="ping", bytes=4)
    told.ends()
    told.probe("asleep")
    ann_speaks(told, pinged="ping")
    assert ann(told).startswith("ann was not used after object slept (line 7): ")
