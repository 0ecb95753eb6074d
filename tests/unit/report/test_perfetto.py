"""The trace-event file: its lanes, their slices and marks, and that they nest as the format asks."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import pytest

from poc_cli.report.perfetto import perfetto
from tests.support import pages
from tests.support.recorded import names as names_of_recorded
from tests.support.recorded import recorded
from tests.unit.judge.histories import History
from tests.unit.report.hostile import TEXTS


def trace_of(history: History) -> list[dict[str, Any]]:
    found: dict[str, Any] = json.loads(perfetto(history.events))
    assert found["displayTimeUnit"] == "ms"
    events: list[dict[str, Any]] = found["traceEvents"]
    return events


def names(trace: list[dict[str, Any]], what: str) -> list[str]:
    return [each["args"]["name"] for each in trace if each["name"] == what]


def test_each_play_is_a_process_and_each_lane_a_thread() -> None:
    trace = trace_of(pages.story())
    assert names(trace, "process_name") == ["story", "story~sleeps"]
    assert names(trace, "thread_name")[:4] == ["steps", "object", "ann (client)", "bob (client)"]


def test_stays_sleeps_wakes_messages_and_steps_are_in_it() -> None:
    trace = trace_of(pages.story())
    slices = Counter(each["name"] for each in trace if each["ph"] == "X" and each["pid"] == 1)
    assert slices["asleep"] == 1
    assert slices["in memory"] == 2
    assert slices["open"] == 2
    asleep = next(each for each in trace if each["name"] == "asleep")
    (wake,) = (each for each in trace if each["args"].get("kind") == "wake")
    assert wake["name"] == "-- object back: woken by hibernatable_websocket --"
    assert wake["ts"] == pytest.approx(asleep["ts"] + asleep["dur"], abs=0.01)
    assert any(each["name"] == 'ann > {"op":"put","key":"color","value":"blue"}' for each in trace)
    steps = [each for each in trace if each["ph"] == "X" and each["tid"] == 0 and each["pid"] == 1]
    assert len(steps) == 8
    assert all(each["args"]["ok"] for each in steps)


def test_a_step_that_failed_says_why() -> None:
    trace = trace_of(pages.story(color="red"))
    (failed,) = (each for each in trace if each["args"].get("reason") and each["pid"] == 1)
    assert failed["args"]["reason"] == "got 1 message, not as expected"
    assert failed["args"]["claim"] == "storage"


def test_lateness_has_lanes_of_its_own() -> None:
    history = pages.story()
    history.add("run", "poc", "late", who="runtime", from_ns=1_000_000, to_ns=4_000_000)
    trace = trace_of(history)
    assert names(trace, "process_name")[0] == "harness"
    (late,) = (each for each in trace if each["name"] == "stood still")
    assert (late["ts"], late["dur"], late["pid"]) == (1000.0, 3000.0, 0)


def flaws(trace: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what is against the description of the trace-event format, or what Perfetto's importer would drop."""
    for each in trace:
        if each.keys() - _FIELDS[each["ph"]] or _FIELDS[each["ph"]] - each.keys() - {"tid"}:
            yield f"fields of {each}"
        if not isinstance(each["name"], str) or not all(
            type(each[name]) is int for name in ("pid", "tid") if name in each
        ):
            yield f"types of {each}"
        if not all(isinstance(each[name], int | float) and each[name] >= 0 for name in ("ts", "dur") if name in each):
            yield f"times of {each}"
        if each["ph"] == "i" and each["s"] not in {"t", "p", "g"}:
            yield f"scope of {each}"
    yield from overlaps(trace)


def overlaps(trace: list[dict[str, Any]]) -> Iterator[str]:
    """Yield slices of a thread that overlap without nesting, which Perfetto drops."""
    lanes: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for each in trace:
        if each["ph"] == "X":
            lanes.setdefault((each["pid"], each["tid"]), []).append((each["ts"], each["ts"] + each["dur"]))
    for lane, slices in lanes.items():
        open_: list[float] = []
        for begin, end in sorted(slices, key=lambda each: (each[0], -each[1])):
            while open_ and open_[-1] <= begin + _ROUNDED:
                open_.pop()
            if open_ and end > open_[-1] + _ROUNDED:
                yield f"slices of {lane} overlap: {begin} to {end}, and until {open_[-1]}"
            open_.append(end)


_ROUNDED: Final = 0.002
"""Times are rounded to a nanosecond, a thousandth of the unit."""

_FIELDS: Final = {
    "X": frozenset({"name", "ph", "pid", "tid", "ts", "dur", "args"}),
    "i": frozenset({"name", "ph", "pid", "tid", "ts", "s", "args"}),
    "M": frozenset({"name", "ph", "pid", "tid", "args"}),
}
"""The fields of each phase; of metadata about a process the thread may be missing."""


@pytest.mark.parametrize("name", names_of_recorded())
def test_recorded_runs_are_traces_by_the_description_of_the_format(name: str) -> None:
    trace = json.loads(perfetto(recorded(name)))
    assert trace.keys() == {"displayTimeUnit", "traceEvents"}
    assert trace["traceEvents"]
    assert list(flaws(trace["traceEvents"])) == []


def test_slices_of_one_thread_nest() -> None:
    for trace in (trace_of(pages.story()), trace_of(pages.hostile_history("word"))):
        assert list(flaws(trace)) == []


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_of_others_is_a_string_of_json(text: str) -> None:
    trace = trace_of(pages.hostile_history(text))
    assert all(each["ph"] in {"X", "i", "M"} for each in trace)


def test_an_empty_or_damaged_history_is_an_empty_trace() -> None:
    assert json.loads(perfetto([None]))["traceEvents"] == []
