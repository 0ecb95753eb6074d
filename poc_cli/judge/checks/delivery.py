"""The checks `delivered-in-order` and `delivered-once`."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import pairwise

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.check_registry import check
from poc_cli.judge.finding import Finding, held, refuted, unknown
from poc_cli.judge.proof import asks_for_sleep, proven_sleeps
from poc_cli.record.closings import closing_of
from poc_cli.record.play_record import Connection, PlayRecord
from poc_cli.scenario.check_names import CheckEntry
from poc_cli.scenario.marks import IN_FLIGHT_SECONDS, mark_of
from poc_cli.scenario.model import Claim

Marks = list[tuple[int, str]]
"""Event ids and marks, in the order of the history."""

NAMES_A_KIND = frozenset({"type", "kind", "op", "event", "t", "action", "method", "ok"})
"""Keys that commonly hold the kind of a message."""

IN_FLIGHT_NS = round(IN_FLIGHT_SECONDS * 1e9)
"""A message that was sent this shortly before the end of the story, and that no step waited for, may still be answered.
The engine waits for the answer; in older records it did not."""


def marks_of(play: PlayRecord, claim: Claim, kind: str) -> dict[str, Marks]:
    """Return the marks of the messages that each client sent or received."""
    found: dict[str, Marks] = defaultdict(list)
    for event in play.of_kind(kind):
        message = play.message(event.id)
        mark = None if message is None else mark_of(message, claim.by)
        if mark is not None:
            found[event.actor].append((event.id, mark))
    return found


def undecidable(play: PlayRecord, claim: Claim, sent: dict[str, Marks]) -> Finding | None:
    """Return an `unknown` finding if a planned sleep is not proven, no message has a mark, or marks are not unique."""
    found = proven_sleeps(play, claim) if asks_for_sleep(play, claim) else None
    if isinstance(found, Finding):
        return found
    times = Counter(mark for marks in sent.values() for _, mark in marks)
    if not times:
        return unknown(f'no message with a mark at "{claim.by}" was sent')
    again, number = times.most_common(1)[0]
    if number == 1:
        return None
    evidence = [event for marks in sent.values() for event, mark in marks if mark == again]
    return unknown(f"the mark {again} was sent {number} times, so it does not identify a message", evidence)


@check(
    CheckEntry(
        name="delivered-in-order",
        order=100,
        meaning=(
            "No client got two messages of one sender the other way round; `by` is the path of the mark that tells "
            "them apart."
        ),
        about_messages=True,
    )
)
def delivered_in_order(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by a client that got two messages of one sender in reverse order."""
    sent = marks_of(play, claim, kinds.SENT)
    doubt = undecidable(play, claim, sent)
    if doubt is not None:
        return doubt
    received = marks_of(play, claim, kinds.RECEIVED)
    place = {(sender, mark): index for sender, marks in sent.items() for index, (_, mark) in enumerate(marks)}
    compared: dict[int, None] = {}
    for receiver, marks in received.items():
        for sender in sent:
            ranks = [(event, place[sender, mark]) for event, mark in marks if (sender, mark) in place]
            for (earlier, rank), (later, next_rank) in pairwise(ranks):
                compared |= {earlier: None, later: None}
                if next_rank < rank:
                    return refuted(f"{receiver} got {sender}'s messages out of order", (earlier, later))
    if not compared:
        return unknown(f'no two messages with a mark at "{claim.by}" arrived at one client')
    reason = f"{len(compared)} messages arrived in the order in which they were sent"
    return held(reason, compared) if play.outcome == "done" else unknown(f"{reason}, but {play.ending}", compared)


@check(
    CheckEntry(
        name="delivered-once",
        order=110,
        meaning=(
            "Each message, identified by the mark at `by`, was answered once: none was lost, none came twice. The end "
            "of the story waits up to 5 s for answers."
        ),
        about_messages=True,
        awaits_answers=True,
    )
)
def delivered_once(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by a message that a client got twice, or that no client got although the play ran to its end."""
    sent = marks_of(play, claim, kinds.SENT)
    doubt = undecidable(play, claim, sent)
    if doubt is not None:
        return doubt
    received = marks_of(play, claim, kinds.RECEIVED)
    marked = {mark for marks in sent.values() for _, mark in marks}
    arrived: list[int] = []
    for receiver, marks in received.items():
        counted: dict[str, list[int]] = defaultdict(list)
        for event, mark in marks:
            if mark in marked:
                counted[mark].append(event)
        for mark, evidence in counted.items():
            times = len(evidence)
            again = repeated(play, evidence)
            if again:
                return refuted(f"{receiver} got the message {mark} {times} times", again)
            arrived += evidence
    missing = [each for sender, marks in sent.items() for each in _not_received(sender, marks, received)]
    if missing:
        return _missed(play, missing, sent)
    reason = f"{len(marked)} messages arrived exactly once"
    return held(reason, arrived) if play.outcome == "done" else unknown(f"{reason}, but {play.ending}", arrived)


def repeated(play: PlayRecord, events: list[int]) -> list[int]:
    """Return those of these messages with one mark that are of one kind; an acknowledgement repeats no broadcast."""
    kinds_: dict[object, list[int]] = defaultdict(list)
    for event in events:
        message = play.message(event)
        kinds_[kind_of(None if message is None else message.json)].append(event)
    return next((alike for alike in kinds_.values() if len(alike) > 1), [])


def kind_of(value: object) -> object:
    """Return the kind of a message: its keys, with the values of those that name a kind."""
    if not isinstance(value, dict):
        return None
    return tuple(sorted((key, repr(value[key]) if key in NAMES_A_KIND else "") for key in map(str, value)))


def _missed(play: PlayRecord, missing: Marks, sent: Mapping[str, Marks]) -> Finding:
    number = len({mark for marks in sent.values() for _, mark in marks})
    reason = f"{len(missing)} of {number} messages were not answered, the first is {missing[0][1]}"
    evidence = [event for event, _ in missing]
    cut_off = next((each for each in play.connections if _was_cut_off(play, each, evidence)), None)
    if cut_off is not None and cut_off.closed is not None:
        # Messages lost with their connection decide nothing about delivery; the connection is for another claim.
        close = f"{cut_off.client} was closed: {closing_of(cut_off.closed.data)}"
        return unknown(f"{reason}, but {close}", (*evidence, cut_off.closed.id))
    unread = next((event.id for event in play.of_kind(kinds.RECEIVED) if play.message(event.id) is None), None)
    if unread is not None:
        message = f"{reason}, but event {unread} is not recorded in full and may be the answer"
        return unknown(message, (*evidence, unread))
    if play.outcome != "done":
        return unknown(f"{reason} ({play.ending})", evidence)
    if not any(_had_its_time(play, play.by_id[event]) for event in evidence):
        return unknown(f"{reason}, and the story ended without waiting for any of them", evidence)
    return refuted(reason, evidence)


def _had_its_time(play: PlayRecord, sent: Event) -> bool:
    """Return whether the story waited for the answer to a message, or its connection stayed open for long enough.

    An answer to a later message proves nothing: a worker may take longer for one than for another.
    """
    connection = play.connection_of(sent.actor, sent.id)
    end = play.end if connection is None or connection.closed is None else connection.closed
    if end is not None and end.t_ns - sent.t_ns >= IN_FLIGHT_NS:
        return True
    return any(step.index == sent.step and step.failure == "silence" for step in play.steps)


def _was_cut_off(play: PlayRecord, connection: Connection, missing: list[int]) -> bool:
    """Return whether the other side ended a connection after one of the missing messages had been sent on it."""
    closed = connection.closed
    mine = [event for event in missing if play.by_id[event].actor == connection.client and connection.is_open_at(event)]
    return closed is not None and closed.data["by"] != "client" and bool(mine)


def _not_received(sender: str, marks: Marks, received: dict[str, Marks]) -> Marks:
    """Return the messages that the sender did not get back, or those that no client got if it gets none of its own."""
    own = {mark for _, mark in received.get(sender, [])}
    if not any(mark in own for _, mark in marks):
        own = {mark for receiver in received.values() for _, mark in receiver}
    return [(event, mark) for event, mark in marks if mark not in own]
