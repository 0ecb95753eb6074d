"""The scenarios of the page: their claims with the way to the evidence, their timelines and transcripts."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from poc_cli.history.event import Event
from poc_cli.report.html.drawing import Drafter, Scale, close_up
from poc_cli.report.html.lanes import gathered
from poc_cli.report.html.safe import address
from poc_cli.report.html.timeline import Timeline, timeline_of
from poc_cli.report.html.timeline_data import data_of
from poc_cli.report.html.transcripts import FEWEST_LINES, LINES_OF_A_PAGE, Room, Told, lines_of
from poc_cli.report.html.view_model import Claim, Picture, Play, Reference, Scenario, verdict_shown
from poc_cli.scenario.plays import CONFIRM

EVENTS_LISTED: Final = 16
"""Ids of evidence that a claim lists; all are in run.json."""

OPEN_AT_ONCE: Final = 24
"""Scenarios of a page that are all unfolded; of more only those that did not hold are."""

_MARKS_OF_A_PAGE: Final = 9_000
"""All timelines together, before the script draws them anew: at 130 bytes a mark 1.2 MB."""

_MOST_BINS: Final = 160
_FEWEST_BINS: Final = 24
"""Marks side by side in a lane: six pixels each on a wide screen; and the least that shows where something is."""


@dataclass
class Plays:
    """The events of a run by play, and those that are evidence."""

    by_label: Mapping[str, Sequence[Event]]
    wanted: AbstractSet[int]
    told: Told = field(default_factory=Told)

    def of_scenario(self, name: str) -> tuple[list[str], list[str]]:
        """Return the labels of a scenario's stories (a second attempt is one too) and of its controls."""
        mine = self._by_scenario.get(name, [])
        controls = [label for label in mine if self.by_label[label][0].data.get("role") == "control"]
        return [label for label in mine if label not in controls], controls

    @cached_property
    def _by_scenario(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for label, events in self.by_label.items():
            found.setdefault(_scenario_of(events), []).append(label)
        return found

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Return the place of each play in the history, by its label."""
        return {label: place for place, label in enumerate(self.by_label)}


def _scenario_of(events: Sequence[Event]) -> str:
    start = events[0]
    return str(start.data.get("scenario", start.play.split("~", maxsplit=1)[0]))


def scenarios_of(document: dict[str, Any], plays: Plays) -> tuple[Scenario, ...]:
    """Return all scenarios of a judged run, and what of the history belongs to none of them."""
    pictured = _Picturing(plays)
    everything = document["scenarios"]
    few = len(everything) <= OPEN_AT_ONCE
    whole = not document["error"]
    found = [_scenario(number, each, pictured, few=few, whole=whole) for number, each in enumerate(everything)]
    known = {each["name"] for each in everything}
    strays = [label for label, events in plays.by_label.items() if _scenario_of(events) not in known]
    if strays:
        found.append(_strays(len(found), [pictured.play(label) for label in strays]))
    return tuple(found)


def anchors_of(document: dict[str, Any]) -> dict[tuple[str, str], str]:
    """Return where each claim is on the page, by its scenario and id; the first of two of one name."""
    found: dict[tuple[str, str], str] = {}
    for number, scenario in enumerate(document["scenarios"]):
        for place, claim in enumerate(scenario["claims"]):
            found.setdefault((scenario["name"], claim["id"]), f"s{number}c{place}")
    return found


def _scenario(number: int, each: dict[str, Any], pictured: "_Picturing", *, few: bool, whole: bool) -> Scenario:
    stories, controls = pictured.plays.of_scenario(each["name"])
    story = tuple(pictured.play(label) for label in stories)
    others = tuple(pictured.play(label) for label in controls)
    remarks = {"error": "Could not be played", "stopped": "Ended early", "left_out": "Left out"}
    return Scenario(
        anchor=f"s{number}",
        name=each["name"],
        title=each["title"],
        file=each["file"],
        verdict=verdict_shown(each["verdict"] or "left out", whole=whole),
        seconds=f"{each['seconds']:.1f} s" if each["left_out"] is None else "",
        is_open=few or each["verdict"] != "held",
        remarks=(
            *((words, each[key]) for key, words in remarks.items() if each[key]),
            *(("Left out", f"{claim['id']}: {claim['reason']}") for claim in each.get("left_out_claims", ())),
        ),
        claims=tuple(
            _claim(f"s{number}c{place}", claim, pictured.plays.told, whole=whole)
            for place, claim in enumerate(each["claims"])
        ),
        story=story,
        controls=others,
    )


def _strays(number: int, plays: list[Play]) -> Scenario:
    remark = "These plays are in the history, but nothing of them could be judged."
    return Scenario(
        anchor=f"s{number}",
        name="plays of no scenario",
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


def _claim(anchor: str, claim: dict[str, Any], told: Told, *, whole: bool) -> Claim:
    ids = sorted(set(claim["evidence"]))
    source = claim["source"] or ""
    return Claim(
        anchor=anchor,
        id=claim["id"],
        verdict=verdict_shown(claim["verdict"], whole=whole),
        known=_known(claim),
        says=claim["says"],
        reason=claim["reason"],
        source=source,
        url=address(source) if source else None,
        evidence=tuple(Reference(str(each), told.anchors.get(each)) for each in ids[:EVENTS_LISTED]),
        more_evidence=max(0, len(ids) - EVENTS_LISTED),
        control=_control(claim["control"]),
    )


def _known(claim: dict[str, Any]) -> str:
    if claim["known"] is None:
        return ""
    return "known here" if claim["known"] == claim["verdict"] else f"known here as {claim['known']}"


def _control(control: dict[str, Any] | None) -> str:
    if control is None:
        return "none"
    if control["verdict"] == "not run":
        return f"not run: {control['reason']}"
    so = "as it should" if control["as_expected"] else f"should be {control['expected']}"
    return f"{control['verdict']}, {so}: {control['reason']}"


class _Picturing:
    """Makes the plays of a page, with what each may take of it."""

    def __init__(self, plays: Plays) -> None:
        self.plays = plays
        self._limit = _share([len(events) for events in plays.by_label.values()])
        # Lanes are not counted before they are drawn; most plays have three to six.
        self._bins = max(_FEWEST_BINS, min(_MOST_BINS, _MARKS_OF_A_PAGE // (4 * max(1, len(plays.by_label)))))

    def play(self, label: str) -> Play:
        events = self.plays.by_label[label]
        start = events[0]
        anchor = f"p{self.plays.numbers[label]}"
        told = self.plays.told
        lines = lines_of(label, events, anchor, Room(self._limit, self.plays.wanted), told)
        decides = start.data.get("decides")
        named = ", ".join(map(str, decides)) if isinstance(decides, list) else ""
        control = start.data.get("role") == "control"
        story = "The story with module state put back" if start.data.get("role") == CONFIRM else "The story"
        what = f"Control of {named}: should come out {start.data.get('expect')}" if control else story
        return Play(label, what, anchor, len(events), self._picture(label, events), lines)

    def _picture(self, label: str, events: Sequence[Event]) -> Picture | None:
        whole = timeline_of(events)
        timeline = gathered(whole)
        if not timeline.lanes:
            return None
        drafter = Drafter(self.plays.told.words, self.plays.told.anchors)
        drawn = drafter.draw(timeline, Scale(0.0, timeline.end, self._bins), _describe(label, timeline))
        near = close_up(timeline, self._bins)
        message = "" if near is None else f"{label}, from {near.start:.3f} to {near.end:.3f} s"
        return Picture(drawn, None if near is None else drafter.draw(timeline, near, message), data_of(timeline, near))


def _share(lengths: Sequence[int]) -> int:
    """Return how many lines each play may have, so that all of them together stay within those of a page."""
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
    shown = "; ".join(stays[:6])  # a label is listened to
    return f"Timeline of {label}, {timeline.end:.3f} s. {shown}" + (f"; and {len(stays) - 6} more" if stays[6:] else "")
