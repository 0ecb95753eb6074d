"""The scenarios of the page: claims with links to their evidence, timelines and transcripts."""

import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import PurePath
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.document_types import (
    ClaimDocument,
    ControlDocument,
    GapDocument,
    LossDocument,
    RunDocument,
    ScenarioDocument,
    SessionDocument,
)
from poc_cli.report.cause_lines import again, step_lines
from poc_cli.report.failed_step import FailedStep
from poc_cli.report.failure_causes import Cause, Causes, is_reported
from poc_cli.report.html.drawing import Scale, TimelineRenderer, close_up, data_of
from poc_cli.report.html.safe import address
from poc_cli.report.html.timeline import Timeline, merge_lanes, timeline_of
from poc_cli.report.html.transcripts import (
    FEWEST_LINES,
    LINES_OF_A_PAGE,
    EventIndex,
    LineBudget,
    lines_of,
    styled_spans,
)
from poc_cli.report.html.view_model import (
    Claim,
    Drawing,
    FailedClaims,
    Gap,
    Loss,
    Picture,
    Play,
    Reference,
    Scenario,
    Session,
    SourceLine,
    verdict_shown,
)
from poc_cli.report.object_use import object_uses, pins_on_cloudflare
from poc_cli.report.session_view import MEANINGS, advice, remarks, states, value_text
from poc_cli.report.target_summary import known_defect, rests_on
from poc_cli.scenario.plays import CONFIRM
from poc_cli.scenario.sessions import SESSIONS

EVENTS_LISTED: Final = 16
"""Events of evidence listed per claim; all are in run.json."""

OPEN_AT_ONCE: Final = 6
"""Up to this many scenarios all are expanded and in the page as elements, for readers without scripts."""

FAILURES_OPEN: Final = 2
"""With more scenarios, this many of those that did not hold are; the page holds the others as data until they are
opened. A scenario with its plays has 600 elements on average, and up to 3,000."""

_WORST_FIRST: Final = ("refuted", "error", "unknown", "held", "left out")

_NOT_IN_AN_ANCHOR: Final = re.compile(r"[^A-Za-z0-9._~-]+")

_MARKS_OF_A_PAGE: Final = 9_000
"""Marks in all timelines together, before the script redraws them: 1.2 MB at 130 bytes a mark."""

_MOST_BINS: Final = 160
_FEWEST_BINS: Final = 24
"""Marks side by side in a lane: six pixels each on a wide screen, and the least that still shows when."""

Linked = Callable[[str, int], str | None]
"""Returns the address of a line of a file, None if it has none."""


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


def scenarios_of(document: RunDocument, plays: Plays, causes: Causes, linked: Linked) -> tuple[Scenario, ...]:
    """Return the scenarios of a judged run, the worst first, and one entry for plays that belong to none of them."""
    renderer = _ScenarioRenderer(document, plays, causes, linked)
    everything = sorted(document["scenarios"], key=lambda each: _WORST_FIRST.index(_verdict_of(each)))
    few = len(everything) <= OPEN_AT_ONCE
    found: list[Scenario] = []
    for place, each in enumerate(everything):
        is_open = few or (place < FAILURES_OPEN and _verdict_of(each) in {"refuted", "error", "unknown"})
        found.append(renderer.scenario(each, is_open=is_open))
    known = {each["name"] for each in everything}
    strays = [label for label, events in plays.by_label.items() if _scenario_of(events) not in known]
    if strays:
        found.append(_strays([renderer.plays.play(label, is_drawn=True) for label in strays]))
    return tuple(found)


def _verdict_of(scenario: ScenarioDocument) -> str:
    return scenario["verdict"] or "left out"


@dataclass(frozen=True, slots=True)
class Anchors:
    """The anchors of a page, by names, so that a link to a later run of the same scenarios still lands."""

    scenarios: Mapping[str, str]
    claims: Mapping[tuple[str, str], str]


def anchors_of(document: RunDocument) -> Anchors:
    """Return the anchor of each scenario by its name and of each claim by scenario and id, the first of two alike."""
    taken: set[str] = set()
    scenarios: dict[str, str] = {}
    claims: dict[tuple[str, str], str] = {}
    for scenario in document["scenarios"]:
        name = scenario["name"]
        if name not in scenarios:
            scenarios[name] = _free(f"s/{_NOT_IN_AN_ANCHOR.sub('-', name)}", taken)
        for claim in scenario["claims"]:
            wanted = f"{scenarios[name]}/{_NOT_IN_AN_ANCHOR.sub('-', claim['id'])}"
            if (name, claim["id"]) not in claims:
                claims[name, claim["id"]] = _free(wanted, taken)
    return Anchors(scenarios, claims)


def _free(anchor: str, taken: set[str]) -> str:
    found = next(each for number in count(1) if (each := anchor if number == 1 else f"{anchor}~{number}") not in taken)
    taken.add(found)
    return found


class _ScenarioRenderer:
    """Renders the scenarios of a page."""

    def __init__(self, document: RunDocument, plays: Plays, causes: Causes, linked: Linked) -> None:
        self.plays = _PlayRenderer(plays)
        self._document = document
        self._whole = not document["error"]
        self._causes = causes
        self._linked = linked
        self._anchors = anchors_of(document)
        self._free: set[str] = set()

    def scenario(self, each: ScenarioDocument, *, is_open: bool) -> Scenario:
        """Return a scenario; the timelines of one that is not open are drawn by the script when it is opened."""
        causes = self._causes.of(each)
        ending = self._causes.ending(each)
        stopped = None if is_reported(ending, causes) else each["stopped"]
        stories, controls = self.plays.plays.of_scenario(each["name"])
        story = tuple(self.plays.play(label, is_drawn=is_open) for label in stories)
        others = tuple(self.plays.play(label, is_drawn=is_open) for label in controls)
        endings = (("Could not be run", each["error"]), ("Ended early", stopped), ("Left out", each["left_out"]))
        index, claims = self.plays.plays.index, self._anchors.claims
        return Scenario(
            anchor=self._once(self._anchors.scenarios[each["name"]]),
            name=each["name"],
            title=each["title"],
            file=each["file"],
            verdict=verdict_shown(_verdict_of(each), whole=self._whole),
            seconds=f"{each['seconds']:.1f} s" if each["left_out"] is None else "",
            is_open=is_open,
            is_lazy=not is_open,
            theme=PurePath(each["file"]).parent.name if "/" in each["file"] else "",
            remarks=(
                *((words, reason) for words, reason in endings if reason),
                *(("Not evicted", words) for words in each.get("not_evicted", ())),
                *(("In memory", words) for words in object_uses(each)),
                *(("On Cloudflare", words) for words in pins_on_cloudflare(each)),
                *(("Left out", f"{claim['id']}: {claim['reason']}") for claim in each.get("left_out_claims", ())),
            ),
            claims=tuple(
                _claim(self._once(claims[each["name"], claim["id"]]), claim, index, whole=self._whole)
                for claim in each["claims"]
            ),
            story=story,
            controls=others,
            failures=tuple(self._failure(cause, cause.step) for cause in causes if cause.step is not None),
            source=_source(self.plays.plays, stories[:1]),
            session=session_of(each.get("session")),
        )

    def _once(self, anchor: str) -> str:
        """Return an anchor, or another one for a second scenario or claim of the same name."""
        return _free(anchor, self._free)

    def _failure(self, cause: Cause, step: FailedStep) -> FailedClaims:
        command = again(self._document, cause.scenario)
        name = cause.scenario["name"]
        claims = (Reference(claim["id"], self._anchors.claims.get((name, claim["id"]))) for claim in cause.claims)
        return FailedClaims(
            claims=tuple(claims),
            place=step.place,
            url=self._linked(step.file, step.line),
            lines=tuple(styled_spans(line) for line in step_lines(step, command)[1:-1]),
            command=command,
        )


def _source(plays: Plays, labels: Sequence[str]) -> tuple[SourceLine, ...]:
    """Return the text of a scenario as it was played, with the lines of the steps that failed in its story."""
    for label in labels:
        start, *events = plays.by_label[label]
        text = start.data.get("text")
        if isinstance(text, str):
            ended = {event.step for event in events if event.kind == kinds.STEP_END and not event.data.get("ok")}
            failed = {event.data.get("line") for event in events if event.kind == kinds.STEP and event.step in ended}
            lines = text.removesuffix("\n").split("\n")[:LINES_OF_A_SOURCE]
            return tuple(SourceLine(number, line, number in failed) for number, line in enumerate(lines, start=1))
    return ()


LINES_OF_A_SOURCE: Final = 400
"""Lines of a scenario; the longest shipped one has 160."""


def _strays(plays: list[Play]) -> Scenario:
    remark = "These plays are in the history but could not be judged."
    return Scenario(
        anchor="s/~strays",
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

    def play(self, label: str, *, is_drawn: bool) -> Play:
        """Return a play; if it is not drawn, its timelines have the data from which the script draws them."""
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
        return Play(label, what, anchor, len(events), self._picture(label, events, is_drawn=is_drawn), lines)

    def _picture(self, label: str, events: Sequence[Event], *, is_drawn: bool) -> Picture | None:
        whole = timeline_of(events)
        timeline = merge_lanes(whole)
        if not timeline.lanes:
            return None
        near = close_up(timeline, self._bins)
        words = _describe(label, timeline)
        message = "" if near is None else f"{label}, from {near.start:.3f} to {near.end:.3f} s"
        if not is_drawn:
            close = None if near is None else Drawing(0.0, message, (), ())
            return Picture(Drawing(0.0, words, (), ()), close, data_of(timeline, near))
        renderer = TimelineRenderer(self.plays.index.words, self.plays.index.anchors)
        drawn = renderer.draw(timeline, Scale(0.0, timeline.end, self._bins), words)
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


def session_of(session: SessionDocument | None) -> Session | None:
    """Return the view of a session, None where none was played."""
    if session is None:
        return None
    return Session(
        gaps=tuple(_gap(each) for each in session["gaps"]),
        legend=tuple(Gap(state, MEANINGS[state]) for state in states(session)),
        losses=tuple(_loss(each) for each in session["losses"]),
        remarks=tuple(remarks(session)),
    )


def _gap(gap: GapDocument) -> Gap:
    words = f"between lines {gap['after_line']} and {gap['before_line']}: {MEANINGS[gap['state']]}"
    return Gap(gap["state"], words)


def _loss(loss: LossDocument) -> Loss:
    return Loss(
        where=f"Evicted {loss['where']}",
        says=loss["says"],
        expected=value_text(loss["expected"]),
        seen=value_text(loss["seen"]),
        looks_like=loss["looks_like"],
        url=address(loss["read"]),
        advice=advice(loss),
    )
