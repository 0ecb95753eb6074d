"""The parts of the html report: addresses, embedded data, folding, lanes, drawings, and what a folder lacks."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poc_cli.history import event as kinds
from poc_cli.judge.figures import figures
from poc_cli.record.run_record import record
from poc_cli.report.completeness import missing
from poc_cli.report.html.charts import latencies
from poc_cli.report.html.drawing import AXIS, BAR, GAP, KINDS, LABEL, Scale, TimelineRenderer, data_of
from poc_cli.report.html.html_page import _source
from poc_cli.report.html.safe import address, embedded
from poc_cli.report.html.timeline import MOST_LANES, merge_lanes, timeline_of
from poc_cli.report.html.transcripts import EventIndex, LineBudget, lines_of
from tests.support.big_run import big_run
from tests.support.pages import STORY, story
from tests.unit.judge.histories import History

BAD = [
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.example/",
    "https://",
    "https://exa mple.com/",
    "https://[",
    "https://example.com/" + "a" * 600,
    "",
    None,
    "https://example.com/\u202e",
]


@pytest.mark.parametrize("url", BAD)
def test_what_is_no_address_is_no_link(url: object) -> None:
    assert address(url) is None


def test_an_address_is_a_link_that_nothing_can_end() -> None:
    assert address("https://example.com/a?b=c&d=%20#e") == "https://example.com/a?b=c&d=%20#e"
    found = address("https://example.com/\"'<>`")
    assert found is not None
    assert re.fullmatch(r"[\w:/.%]+", found)


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_embedded_data_is_what_it_was_and_ends_no_element(value: Any) -> None:
    written = embedded({"value": value})
    assert not re.search(r"[<>&'\u2028\u2029]", written)
    assert json.loads(written) == {"value": value}


# --- transcripts


def long_play() -> History:
    return big_run(scenarios=1, exchanges=300)


def test_a_fold_counts_all_that_it_stands_for() -> None:
    events = [event for event in long_play().events if event.play != "run"]
    wanted = {events[700].id, events[900].id}
    told = EventIndex()
    lines = lines_of("talk-000", events, "top", LineBudget(80, wanted), told)
    folded = [re.search(r"… ([\d,]+) events not shown", text) for line in lines for text, _ in line.spans]
    counted = sum(int(found[1].replace(",", "")) for found in folded if found)
    shown = {line.anchor for line in lines if line.anchor and not line.is_fold}
    silent = [event for event in events if f"e{event.id}" not in shown]
    assert 0 <= len(silent) - counted < 60  # the rest are what has no line of its own: an answer that came, an event
    assert {f"e{each}" for each in wanted} <= shown
    assert set(told.anchors) == {event.id for event in events}
    assert set(told.anchors.values()) <= {line.anchor for line in lines} | {"top"}


def test_a_short_play_is_told_in_full() -> None:
    events = [event for event in story().events if event.play == "story"]
    lines = lines_of("story", events, "top", LineBudget(1000, set()), EventIndex())
    assert not any(line.is_fold for line in lines)


# --- lanes


def lanes(history: History, play: str) -> dict[str, list[str]]:
    timeline = timeline_of([event for event in history.events if event.play == play])
    return {lane.label: [each.kind for each in lane.stretches] for lane in timeline.lanes}


def test_each_object_and_client_has_its_lane() -> None:
    found = lanes(story(), "story")
    assert found["object"] == ["memory", "asleep", "memory"]
    assert found["ann"] == found["bob"] == ["open"]


def test_a_pin_lies_over_the_stay_that_it_prolongs() -> None:
    (control,) = {event.play for event in story().events if "~" in event.play}
    assert lanes(story(), control)["object"] == ["memory", "pinned"]


def test_a_crash_is_no_sleep() -> None:
    history = History()
    told = history.play(STORY)
    told.connect()
    history.add("story", "poc", kinds.FAULT, fault="crash")
    told.leaves("died", 0.1)
    told.closed("ann", "bob", by="nobody", clean=False)
    timeline = timeline_of([event for event in history.events if event.play == "story"])
    assert [fault[1] for fault in timeline.faults] == ["runtime killed"]
    assert lanes(history, "story")["object"] == ["memory", "gone"]


def test_what_was_thrown_is_marked_on_the_lane_of_its_object() -> None:
    history = History()
    told = history.play(STORY)
    told.connect()
    thrown: dict[str, Any] = {"name": "Error", "message": "no", "stack": [], "event": "alarm"}
    marked = [history.add("story", actor, kinds.THREW, **thrown).id for actor in ("object:object", "worker")]
    timeline = timeline_of([event for event in history.events if event.play == "story"])
    found = {lane.label: lane for lane in timeline.lanes}
    for name, event in zip(("object", "worker"), marked, strict=True):
        assert [mark.event for mark in found[name].marks if mark.kind == "failed"] == [event]
    assert found["worker"].what == "app"
    assert [mark.event for mark in found["console and exceptions"].marks] == marked


def test_no_mark_is_lost_in_drawing_or_in_the_data() -> None:
    timeline = timeline_of([event for event in long_play().events if event.play != "run"])
    marks = sum(len(lane.marks) for lane in timeline.lanes)
    drawing = TimelineRenderer({}, {}).draw(timeline, Scale(0.0, timeline.end, 40), "all")
    many = [shape for shape in drawing.shapes if shape.style.endswith(" many")]
    counted = sum(
        int(number.replace(",", "")) for each in many for number in re.findall(r"([\d,]+) \w+[,]", each.title)
    )
    names = {"up", "down", "in", "step", "opened", "closed", "failed", "broken"}
    single = sum(shape.style in names for shape in drawing.shapes)
    assert counted + single == marks
    data = json.loads(data_of(timeline, None))
    assert sum(len(lane["marks"]) for lane in data["lanes"]) == 3 * marks
    assert [kind for kind, _ in data["kinds"]] == list(KINDS)


def test_many_clients_become_few_lanes_and_keep_all_marks() -> None:
    history = History()
    history.play(STORY)
    for number in range(200):
        history.add("story", f"c.{number}", kinds.OPENED)
        history.add("story", f"c.{number}", kinds.SENT, text="x", bytes=1)
    whole = timeline_of([event for event in history.events if event.play == "story"])
    few = merge_lanes(whole)
    assert len(few.lanes) <= MOST_LANES < len(whole.lanes)
    assert sum(len(lane.marks) for lane in few.lanes) == sum(len(lane.marks) for lane in whole.lanes)
    assert "c (200)" in [lane.label for lane in few.lanes]


def test_the_script_draws_with_the_same_measures() -> None:
    measures = re.search(r"LABEL = (\d+), BAR = (\d+), GAP = (\d+), AXIS = (\d+)", _source("base.js"))
    assert measures is not None
    assert [float(each) for each in measures.groups()] == [LABEL, BAR, GAP, AXIS]


# --- figures


def test_the_distribution_is_of_what_the_judge_counts() -> None:
    history = History()
    told = history.play("measures = true\n" + STORY)
    told.connect()
    told.says({"ok": True})
    told.says({"value": "blue"})
    told.sleeps()
    told.says("pong", reached=0)
    told.says({"sockets": 2}, wake_ms=3.5)
    told.ended("done")
    counted = figures(record(list(history.end().events)).plays)
    wakes, warm = latencies([[event for event in history.events if event.play == "story"]])
    assert (len(wakes), len(warm)) == (counted["wake_ms"]["n"], counted["warm_ms"]["n"]) == (1, 2)


# --- the run folder

WHOLE = ("history.ndjson", "run.json", "trace", "worker.log")


def test_a_whole_folder_lacks_nothing() -> None:
    judged = story().judged()
    assert missing(story().events, judged, json.dumps(judged), WHOLE) == ()


@pytest.mark.parametrize(
    ("run_json", "files", "said"),
    [
        (None, WHOLE, "run.json is missing"),
        ("{", WHOLE, "run.json cannot be read"),
        ("[]", WHOLE, "run.json has the schema None"),
        ('{"schema": "poc.run/2"}', WHOLE, "run.json has the schema 'poc.run/2'"),
        ('{"schema": "poc.run/1", "verdict": "held"}', WHOLE, "run.json does not match the history"),
        ("", WHOLE[:2], "trace/ is missing"),
        ("", WHOLE[:3], "worker.log is missing"),
    ],
)
def test_what_is_missing_is_said(run_json: str | None, files: tuple[str, ...], said: str) -> None:
    history = story()
    assert any(said in sentence for sentence in missing(history.events, history.judged(), run_json, files))


def test_a_record_that_breaks_off_is_said_to() -> None:
    history = story()
    history.events.pop()
    found = missing([*history.events, None], history.judged(), None, WHOLE)
    assert found[0] == "The record is incomplete: the record breaks off. No claim counts as held."
    assert "The last line of history.ndjson is truncated" in found[1]


# --- contrast


def _light(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1])
def test_every_text_stands_out_from_what_is_behind_it(scheme: int) -> None:
    block = re.findall(r":root \{(.*?)\}", _source("page.css"), re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", block))
    pairs = [
        (text, behind)
        for text in ("ink", "soft", "link", "unknown", "refuted", "held")
        for behind in ("paper", "panel")
    ]
    pairs += [("error", "paper"), ("pin-ink", "paper"), ("asleep-ink", "paper"), ("asleep-ink", "asleep")]
    pairs += [("asleep-ink", "panel"), ("on", "memory"), ("ink", "flash"), ("refuted", "flash"), ("paper", "ink")]
    for text, behind in pairs:
        high, low = sorted((_light(colours[text]), _light(colours[behind])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, f"{text} on {behind}"  # WCAG 2 AA
