"""How a stay ended, decided from what the engine recorded: what it did, and when the object left."""

from typing import Any

import pytest

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.stay_end import EVICT_LINGERS_NS, with_how
from tests.unit.judge.histories import History

OBJECT = "object:object"
SECOND = 1_000_000_000

Told = tuple[str, str, dict[str, Any]]
"""An event: its actor, its kind and its data."""


def how(*before: Told, after_s: float = 10.0, waited_s: float = 0.0, **facts: Any) -> object:
    """Tell of a play and of a leaving, `after_s` after the object's last activity, and give how it ended."""
    history = History()
    for actor, kind, data in before:
        history.add("story", actor, kind, step=0, **data)
    history.t_ns += round(waited_s * SECOND)
    times = {"at_ns": 100 * SECOND, "at_last_event_ns": 1, "at_last_activity_ns": round((100 - after_s) * SECOND)}
    left = history.add("story", OBJECT, kinds.LEFT, **{"ended": "context", "process": 1, "ctx": 1, **times, **facts})
    found = with_how([*history.events])[left.id - 1]
    assert found is not None
    return found.data.get("how")


ENTERED: Told = (OBJECT, kinds.ENTERED, {})
EVICTING: Told = (OBJECT, kinds.EVICTING, {})
END = ("poc", kinds.STEP_END, {"ok": True})


def evicted(outcome: str, actor: str = OBJECT) -> Told:
    return actor, kinds.EVICTED, {"outcome": outcome}


def fault(what: str, actor: str = "poc") -> Told:
    return actor, kinds.FAULT, {"fault": what}


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ((ENTERED,), "idle"),
        ((ENTERED, EVICTING), "evict"),
        ((ENTERED, EVICTING, evicted("evicted")), "evict"),
        ((ENTERED, EVICTING, evicted("busy")), "idle"),
        ((ENTERED, EVICTING, evicted("evicted"), ENTERED), "idle"),
        ((ENTERED, ("object:other", kinds.EVICTING, {})), "idle"),
        ((ENTERED, EVICTING, evicted("no_answer")), "evict"),
        ((ENTERED, EVICTING, evicted("no_answer"), ENTERED), "evict"),
        ((ENTERED, fault("crash")), "died"),
        ((ENTERED, fault("crash"), END), "idle"),
        ((ENTERED, fault("object", OBJECT)), "died"),
        ((ENTERED, fault("object", "object:other")), "idle"),
        ((ENTERED, fault("drop", "ann")), "idle"),
    ],
)
def test_what_was_done_says_how_it_ended(before: tuple[Told, ...], expected: str) -> None:
    assert how(*before) == expected


def test_an_unanswered_evict_strikes_only_so_long() -> None:
    waited = EVICT_LINGERS_NS / SECOND
    assert how(ENTERED, EVICTING, evicted("no_answer"), waited_s=waited - 1) == "evict"
    assert how(ENTERED, EVICTING, evicted("no_answer"), waited_s=waited + 1) == "idle"


def test_what_leaves_right_after_it_ran_was_ended_by_the_worker() -> None:
    assert how(ENTERED, after_s=0.0001) == "dropped"
    assert how(ENTERED, after_s=6.0) == "idle"  # a busy machine starts the timer late by the trace


def test_what_ended_with_its_process_died() -> None:
    assert how(ENTERED, EVICTING, ended="process") == "died"


def test_older_records_keep_their_word_and_damaged_ones_get_none() -> None:
    assert how(ENTERED, EVICTING, how="idle", ended="context") == "idle"
    assert how(ENTERED, at_ns=None) is None


def test_lines_that_cannot_be_read_stay_where_they_are() -> None:
    event = Event(1, "run", 0, "poc", kinds.RUN_START, None, {})
    assert with_how([event, None]) == [event, None]
