"""The transcripts of the page: every line of an ordinary run; of a longer one the lines that matter."""

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
from poc_cli.report.transcript import Teller

LINES_OF_A_PAGE: Final = 8_000
"""All transcripts together; at 250 bytes a line 2 MB, of a page that should stay below 5."""

FEWEST_LINES: Final = 40
"""Of one play, however many there are: its beginning, its sleeps and its end."""

_WEIGHTY: Final = frozenset(
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
_UNTOLD: Final = frozenset({kinds.DELIVERED, kinds.EVICTING, kinds.STARTED, kinds.FRAME_SENT, kinds.FRAME_RECEIVED})
"""Events that have no line of their own."""

_STYLES: Final = {"": "", "dim": "dim", "bold": "strong", "cyan": "note", "green": "ok", "yellow": "warn"}
"""Those of the terminal by the names that the page has for them; all others tell of a failure."""

_NAMES: Final = {kinds.SENT: "sent", kinds.RECEIVED: "received", kinds.STEP: "step begun", kinds.STEP_END: "step ended"}


@dataclass(slots=True)
class Told:
    """What is on the page of the events of a run: their words, and the line at which each is found."""

    words: dict[int, str] = field(default_factory=dict)
    anchors: dict[int, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def place(self, event: Event, line: str) -> None:
        """Keep at which line an event is found. The first of two that have the same number counts."""
        self.anchors.setdefault(event.id, line)

    def anchor(self, event: Event) -> str | None:
        """Return the anchor of a line; none where a damaged history has the number twice."""
        name = f"e{event.id}"
        if name in self.taken:
            return None
        self.taken.add(name)
        return name


@dataclass(frozen=True, slots=True)
class Room:
    """How many events of a play get a line of their own, and which should be among them as evidence."""

    limit: int
    wanted: AbstractSet[int]


def lines_of(label: str, events: Sequence[Event], top: str, room: Room, told: Told) -> tuple[Line, ...]:
    """Return the transcript of one play and note in `told` where its events are; `top` is the anchor above it.

    Where there is not room for all, evidence, what matters, the beginning and the end are kept.
    """
    teller = Teller(label, list(events), messages=True)
    kept = _kept(events, room)
    found = [Line(None, _styled(teller.heading()))]
    here, folded = top, _Fold()
    for index, event in enumerate(events):
        untold = event.kind in _UNTOLD and not folded.events
        if kept is not None and index not in kept and not untold:
            if not folded.events:
                here = told.anchor(event) or here
            folded.take(event)
            told.place(event, here)
            continue
        found += folded.closed()
        line = teller.line(index)
        if line is not None:
            anchor = told.anchor(event)
            here = anchor or here
            told.words[event.id] = styled.plain(line).strip()
            found.append(Line(anchor, _styled(line)))
        told.place(event, here)
    found += folded.closed()
    if all(event.kind != kinds.PLAY_END for event in events):
        found.append(Line(None, (("          the record breaks off", "bad"),)))
    return tuple(found)


def _styled(line: styled.Line) -> Spans:
    return tuple((text, _STYLES.get(style, "bad")) for text, style in line)


def _kept(events: Sequence[Event], room: Room) -> set[int] | None:
    """Return the places of the events whose lines are shown, None for all."""
    tellable = [index for index, event in enumerate(events) if event.kind not in _UNTOLD]
    if len(tellable) <= room.limit:
        return None
    quarter = room.limit // 4
    kept = {*tellable[:quarter], *tellable[-quarter:]}
    evidence = [index for index in tellable if events[index].id in room.wanted]
    weighty = [index for index in tellable if events[index].kind in _WEIGHTY or _failed(events[index])]
    kept.update(evidence[:quarter])
    kept.update(weighty[:quarter])
    return kept


def _failed(event: Event) -> bool:
    return event.kind == kinds.STEP_END and not event.data.get("ok")


@dataclass(slots=True)
class _Fold:
    """A run of events that share one line."""

    events: list[Event] = field(default_factory=list)

    def take(self, event: Event) -> None:
        self.events.append(event)

    def closed(self) -> list[Line]:
        """Return the line that stands for them, and begin anew. Events that have no line are no loss."""
        events, self.events = self.events, []
        if not events:
            return []
        counted = Counter((event.actor, event.kind) for event in events)
        listed = ", ".join(f"{number:,} {_name(*which)}" for which, number in counted.most_common())
        where = f"{events[0].id} to {events[-1].id} of history.ndjson"
        text = f"          … {len(events):,} events folded here ({listed}): {where}"
        return [Line(f"e{events[0].id}", ((text, "dim"),), is_fold=True)]


def _name(actor: str, kind: str) -> str:
    told = _NAMES.get(kind, kind)
    return inert(f"{actor} {told}" if kind in {kinds.SENT, kinds.RECEIVED} else told)
