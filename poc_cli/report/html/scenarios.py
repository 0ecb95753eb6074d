"""The scenarios of the page: claims with links to their evidence, timelines and transcripts."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from poc_cli.history.event import Event
from poc_cli.judge.document_types import ClaimDocument, ControlDocument, RunDocument, ScenarioDocument
from poc_cli.report.html.drawing import Scale, TimelineRenderer, close_up, data_of
from poc_cli.report.html.safe import address
from poc_cli.report.html.session_strip import session_of
from poc_cli.report.html.timeline import Timeline, merge_lanes, timeline_of
from poc_cli.report.html.transcripts import FEWEST_LINES, LINES_OF_A_PAGE, EventIndex, LineBudget, lines_of
from poc_cli.report.html.view_model import Claim, Picture, Play, Reference, Scenario, verdict_shown
from poc_cli.report.object_use import object_uses
from poc_cli.report.target_summary import known_defect, rests_on
from poc_cli.scenario.plays import CONFIRM
from poc_cli.scenario.sessions import SESSIONS

EVENTS_LISTED: Final = 16
"""Events of evidence listed per claim; all are in run.json."""

OPEN_AT_ONCE: Final = 24
"""Up to this many scenarios all are expanded; with more, only those that did not hold."""

_MARKS_OF_A_PAGE: Final = 9_000
"""Marks in all timelines together, before the script redraws them: 1.2 MB at 130 bytes a mark."""

_MOST_BINS: Final = 160
_FEWEST_BINS: Final = 24
"""Marks side by side in a lane: six pixels each on a wide screen, and the least that still shows when."""


@dataclass
class Plays:
    """The events of a run by play, and the ids of those that are evidence."""

    by_label: Mapping[str, Sequence[Event]]
    wanted: AbstractSet[int]
    index: EventIndex = field(default_factory=EventIndex)

    def of_scenario(self, name: str) -> tuple[list[str], list[str]]:
        """Return the labels of a scenario's stories, repeats included, and of its controls."""
        mine = self._by_scenario.get(name, [])
        controls = [label for label in mine if self.by_label[label][0].data.get("role") == "control"]
        return [label for label in mine if label not in controls and self._is_shown(label)], controls

    def _is_shown(self, label: str) -> bool:
        """Return whether a play is shown: of the many performances of a session only those that are evidence."""
        events = self.by_label[label]
        if events[0].data.get("role") not in SESSIONS:
            return True
        return any(event.id in self.wanted for event in events)

    @cached_property
    def _by_scenario(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for label, events in self.by_label.items():
            found.setdefault(_scenario_of(events), []).append(label)
        return found

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Return the position of each play in the history, by label."""
        return {label: place for place, label in enumerate(self.by_label)}


def _scenario_of(events: Sequence[Event]) -> str:
    start = events[0]
    return str(start.data.get("scenario", start.play.split("~", maxsplit=1)[0]))


def scenarios_of(document: RunDocument, plays: Plays) -> tuple[Scenario, ...]:
    """Return the scenarios of a judged run, and one entry for plays that belong to none of them."""
    renderer = _PlayRenderer(plays)
    everything = document["scenarios"]
    few = len(everything) <= OPEN_AT_ONCE
    whole = not document["error"]
    found = [_scenario(number, each, renderer, few=few, whole=whole) for number, each in enumerate(everything)]
    known = {each["name"] for each in everything}
    strays = [label for label, events in plays.by_label.items() if _scenario_of(events) not in known]
    if strays:
        found.append(_strays(len(found), [renderer.play(label) for label in strays]))
    return tuple(found)


def anchors_of(document: RunDocument) -> dict[tuple[str, str], str]:
    """Return the anchor of each claim by scenario and id; the first of two with the same name."""
    found: dict[tuple[str, str], str] = {}
    for number, scenario in enumerate(document["scenarios"]):
        for place, claim in enumerate(scenario["claims"]):
            found.setdefault((scenario["name"], claim["id"]), f"s{number}c{place}")
    return found


def _scenario(number: int, each: ScenarioDocument, renderer: "_PlayRenderer", *, few: bool, whole: bool) -> Scenario:
    stories, controls = renderer.plays.of_scenario(each["name"])
    story = tuple(renderer.play(label) for label in stories)
    others = tuple(renderer.play(label) for label in controls)
    endings = (("Could not be run", each["error"]), ("Ended early", each["stopped"]), ("Left out", each["left_out"]))
    return Scenario(
        anchor=f"s{number}",
        name=each["name"],
        title=each["title"],
        file=each["file"],
        verdict=verdict_shown(each["verdict"] or "left out", whole=whole),
        seconds=f"{each['seconds']:.1f} s" if each["left_out"] is None else "",
        is_open=few or each["verdict"] != "held",
        remarks=(
            *((words, reason) for words, reason in endings if reason),
            *(("Not evicted", words) for words in each.get("not_evicted", ())),
            *(("In memory", words) for words in object_uses(each)),
            *(("Left out", f"{claim['id']}: {claim['reason']}") for claim in each.get("left_out_claims", ())),
        ),
        claims=tuple(
            _claim(f"s{number}c{place}", claim, renderer.plays.index, whole=whole)
            for place, claim in enumerate(each["claims"])
        ),
        story=story,
        controls=others,
        session=session_of(each.get("session")),
    )


def _strays(number: int, plays: list[Play]) -> Scenario:
    remark = "These plays are in the history but could not be judged."
    return Scenario(
        anchor=f"s{number}",
        name="plays without a scenario",
        title="",
        file="",
        verdict="error",
        seconds="",
        is_open=True,
        remarks=(("Not judged", remark),),
        claims=(),
        story=tuple(plays),
        controls=(),
    )


def _claim(anchor: str, claim: ClaimDocument, index: EventIndex, *, whole: bool) -> Claim:
    ids = sorted(set(claim["evidence"]))
    source = claim["source"] or ""
    return Claim(
        anchor=anchor,
        id=claim["id"],
        verdict=verdict_shown(claim["verdict"], whole=whole),
        known=known_defect(claim),
        says=claim["says"],
        reason=claim["reason"],
        source=source,
        url=address(source) if source else None,
        evidence=tuple(Reference(str(each), index.anchors.get(each)) for each in ids[:EVENTS_LISTED]),
        more_evidence=max(0, len(ids) - EVENTS_LISTED),
        rests_on=rests_on(claim),
        control=_control(claim["control"]),
    )


def _control(control: ControlDocument | None) -> str:
    if control is None:
        return "none"
    if control["verdict"] == "not run":
        return f"not run: {control['reason']}"
    note = "as expected" if control["as_expected"] else f"expected {control['expected']}"
    return f"{control['verdict']}, {note}: {control['reason']}"


class _PlayRenderer:
    """Renders the plays of a page, each within its share of the page's size."""

    def __init__(self, plays: Plays) -> None:
        self.plays = plays
        self._limit = _share([len(events) for events in plays.by_label.values()])
        # Lanes are not counted before they are drawn; most plays have three to six.
        self._bins = max(_FEWEST_BINS, min(_MOST_BINS, _MARKS_OF_A_PAGE // (4 * max(1, len(plays.by_label)))))

    def play(self, label: str) -> Play:
        events = self.plays.by_label[label]
        start = events[0]
        anchor = f"p{self.plays.numbers[label]}"
        index = self.plays.index
        lines = lines_of(label, events, anchor, LineBudget(self._limit, self.plays.wanted), index)
        decides = start.data.get("decides")
        named = ", ".join(map(str, decides)) if isinstance(decides, list) else ""
        control = start.data.get("role") == "control"
        story = "The story with module state reset" if start.data.get("role") == CONFIRM else "The story"
        what = f"Control of {named}: expected {start.data.get('expect')}" if control else story
        return Play(label, what, anchor, len(events), self._picture(label, events), lines)

    def _picture(self, label: str, events: Sequence[Event]) -> Picture | None:
        whole = timeline_of(events)
        timeline = merge_lanes(whole)
        if not timeline.lanes:
            return None
        renderer = TimelineRenderer(self.plays.index.words, self.plays.index.anchors)
        drawn = renderer.draw(timeline, Scale(0.0, timeline.end, self._bins), _describe(label, timeline))
        near = close_up(timeline, self._bins)
        message = "" if near is None else f"{label}, from {near.start:.3f} to {near.end:.3f} s"
        return Picture(drawn, None if near is None else renderer.draw(timeline, near, message), data_of(timeline, near))


def _share(lengths: Sequence[int]) -> int:
    """Return how many lines each play may have, so that all plays together stay within `LINES_OF_A_PAGE`."""
    limit, left, plays = LINES_OF_A_PAGE, LINES_OF_A_PAGE, sorted(lengths)
    for place, length in enumerate(plays):
        limit = left // (len(plays) - place)
        if length > limit:
            break
        left -= length
    else:
        return LINES_OF_A_PAGE
    return max(FEWEST_LINES, limit)


def _describe(label: str, timeline: Timeline) -> str:
    objects = [lane for lane in timeline.lanes if lane.what == "object"]
    stays = [f"{lane.label} {each.title}" for lane in objects for each in lane.stretches]
    shown = "; ".join(stays[:6])  # screen readers read the whole label
    return f"Timeline of {label}, {timeline.end:.3f} s. {shown}" + (f"; and {len(stays) - 6} more" if stays[6:] else "")
