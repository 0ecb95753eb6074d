"""The transcripts of the page; long ones are shortened to the lines that matter."""

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.inert import inert
from poc_cli.report import styled
from poc_cli.report.html.view_model import Line, Spans
from poc_cli.report.transcript import PlayTranscript

LINES_OF_A_PAGE: Final = 8_000
"""Lines of all transcripts together: 2 MB at 250 bytes a line, of a page that should stay below 5 MB."""

FEWEST_LINES: Final = 40
"""Lines of one play, whatever the number of plays: its beginning, its sleeps and its end."""

_IMPORTANT: Final = frozenset(
    {
        kinds.ENTERED,
        kinds.LEFT,
        kinds.AWAKE,
        kinds.REFUSED,
        kinds.FAULT,
        kinds.CLOSED,
        kinds.EXITED,
        kinds.OPEN_FAILED,
        kinds.PROBED,
        kinds.MODULE_STATE,
        kinds.THREW,
        kinds.PLAY_END,
    }
)
_WITHOUT_LINE: Final = frozenset(
    {kinds.DELIVERED, kinds.EVICTING, kinds.STARTED, kinds.FRAME_SENT, kinds.FRAME_RECEIVED}
)
"""Events that have no line of their own."""

_STYLES: Final = {"": "", "dim": "dim", "bold": "strong", "cyan": "note", "green": "ok", "yellow": "warn"}
"""The CSS class of each terminal style; all other styles mean a failure."""

_NAMES: Final = {
    kinds.SENT: "sent",
    kinds.RECEIVED: "received",
    kinds.STEP: "step started",
    kinds.STEP_END: "step ended",
}


@dataclass(slots=True)
class EventIndex:
    """The transcript lines of the events of a run, and the anchors of those lines."""

    words: dict[int, str] = field(default_factory=dict)
    anchors: dict[int, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def place(self, event: Event, line: str) -> None:
        """Record the line of an event; the first wins if two events have the same id."""
        self.anchors.setdefault(event.id, line)

    def anchor(self, event: Event) -> str | None:
        """Return a new anchor for an event; None if a damaged history has its id twice."""
        name = f"e{event.id}"
        if name in self.taken:
            return None
        self.taken.add(name)
        return name


@dataclass(frozen=True, slots=True)
class LineBudget:
    """How many events of a play get a line, and the ids of evidence that should be among them."""

    limit: int
    wanted: AbstractSet[int]


def lines_of(label: str, events: Sequence[Event], top: str, budget: LineBudget, index: EventIndex) -> tuple[Line, ...]:
    """Return the transcript of one play and add its events to `index`; `top` is the anchor of the play.

    If not all lines fit, evidence, important events, the beginning and the end are kept.
    """
    transcript = PlayTranscript(label, list(events), messages=True)
    kept = _kept(events, budget)
    found = [Line(None, styled_spans(transcript.heading()))]
    here, folded = top, _Fold()
    for position, event in enumerate(events):
        without_line = event.kind in _WITHOUT_LINE and not folded.events
        if kept is not None and position not in kept and not without_line:
            if not folded.events:
                here = index.anchor(event) or here
            folded.take(event)
            index.place(event, here)
            continue
        found += folded.closed()
        line = transcript.line(position)
        if line is not None:
            anchor = index.anchor(event)
            here = anchor or here
            index.words[event.id] = styled.plain(line).strip()
            found.append(Line(anchor, styled_spans(line)))
        index.place(event, here)
    found += folded.closed()
    if all(event.kind != kinds.PLAY_END for event in events):
        found.append(Line(None, (("          the record breaks off", "bad"),)))
    return tuple(found)


def styled_spans(line: styled.Line) -> Spans:
    """Return a line with the CSS classes of its styles."""
    return tuple((text, _STYLES.get(style, "bad")) for text, style in line)


def _kept(events: Sequence[Event], budget: LineBudget) -> set[int] | None:
    """Return the indexes of the events whose lines are shown, None for all."""
    with_line = [index for index, event in enumerate(events) if event.kind not in _WITHOUT_LINE]
    if len(with_line) <= budget.limit:
        return None
    quarter = budget.limit // 4
    kept = {*with_line[:quarter], *with_line[-quarter:]}
    evidence = [index for index in with_line if events[index].id in budget.wanted]
    important = [index for index in with_line if events[index].kind in _IMPORTANT or _failed(events[index])]
    kept.update(evidence[:quarter])
    kept.update(important[:quarter])
    return kept


def _failed(event: Event) -> bool:
    return event.kind == kinds.STEP_END and not event.data.get("ok")


@dataclass(slots=True)
class _Fold:
    """Consecutive events that share one line."""

    events: list[Event] = field(default_factory=list)

    def take(self, event: Event) -> None:
        self.events.append(event)

    def closed(self) -> list[Line]:
        """Return the line for the collected events, if any, and start over."""
        events, self.events = self.events, []
        if not events:
            return []
        counted = Counter((event.actor, event.kind) for event in events)
        listed = ", ".join(f"{number:,} {_name(*which)}" for which, number in counted.most_common())
        where = f"{events[0].id} to {events[-1].id} of history.ndjson"
        text = f"          … {len(events):,} events not shown ({listed}): {where}"
        return [Line(f"e{events[0].id}", ((text, "dim"),), is_fold=True)]


def _name(actor: str, kind: str) -> str:
    name = _NAMES.get(kind, kind)
    return inert(f"{actor} {name}" if kind in {kinds.SENT, kinds.RECEIVED} else name)
