"""The check `heard-by-all`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.check_registry import check
from poc_cli.judge.checks.delivery import IN_FLIGHT_NS, Marks, marks_of, repeated, undecidable
from poc_cli.judge.finding import Finding, held, refuted, unknown
from poc_cli.record.closings import closing_of
from poc_cli.record.play_record import Connection, PlayRecord
from poc_cli.scenario.check_names import CheckEntry
from poc_cli.scenario.model import Claim

Sent = tuple[str, Event, str]
"""A message: its sender, the event of its sending, and its mark."""


@check(
    CheckEntry(
        name="heard-by-all",
        order=115,
        meaning=(
            "Each message, identified by the mark at `by`, came once to every other client that was connected to the "
            "same object when it was sent, and those of one sender in their order. The end of the story waits up to "
            "5 s for them."
        ),
        about_messages=True,
        awaits_hearers=True,
    )
)
def heard_by_all(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by a client that got a message of another not at all, twice, or before an earlier one."""
    marks = marks_of(play, claim, kinds.SENT)
    found = undecidable(play, claim, marks)
    if found is not None:
        return found
    sent = [(sender, play.by_id[event], mark) for sender, each in marks.items() for event, mark in each]
    received = marks_of(play, claim, kinds.RECEIVED)
    heard: list[int] = []
    doubts: list[Finding] = []
    for connection in play.connections:
        own = [(event, mark) for event, mark in received.get(connection.client, []) if connection.is_open_at(event)]
        expected = [each for each in sent if _is_for(play, each, connection)]
        wrong = _twice(play, connection, own, expected) or _out_of_order(connection, own, expected)
        if wrong is not None:
            return wrong
        missing = _missing(play, connection, own, expected)
        if missing is not None and missing.verdict == "refuted":
            return missing
        doubts += [] if missing is None else [missing]
        heard += [event for event, mark in own if any(mark == each[2] for each in expected)]
    if doubts:
        return doubts[0]
    if not heard:
        return unknown(f'no client got a message of another with a mark at "{claim.by}"')
    reason = f"{len(sent)} messages came once to each of the others, {len(heard)} in all"
    return held(reason, heard) if play.outcome == "done" else unknown(f"{reason}, but {play.ending}", heard)


def _is_for(play: PlayRecord, sent: Sent, connection: Connection) -> bool:
    """Return whether a connection must get a message: another client's, open before it, and to the same object."""
    sender, event, _ = sent
    if sender == connection.client or not connection.is_open_at(event.id):
        return False
    one, another = play.leads_to(sender, event.id), play.leads_to(connection.client, event.id)
    return one is None or another is None or bool(one & another)


def _twice(play: PlayRecord, connection: Connection, own: Marks, expected: list[Sent]) -> Finding | None:
    times: dict[str, list[int]] = defaultdict(list)
    for event, mark in own:
        times[mark].append(event)
    for _, _, mark in expected:
        again = repeated(play, times.get(mark, []))
        if again:
            return refuted(f"{connection.client} got the message {mark} {len(again)} times", again)
    return None


def _out_of_order(connection: Connection, own: Marks, expected: list[Sent]) -> Finding | None:
    first: Mapping[str, int] = {mark: event for event, mark in reversed(own)}
    by_sender: dict[str, list[int]] = defaultdict(list)
    for sender, _, mark in expected:
        by_sender[sender] += [first[mark]] if mark in first else []
    for sender, events in by_sender.items():
        for earlier, later in pairwise(events):
            if later < earlier:
                return refuted(f"{connection.client} got {sender}'s messages out of order", (later, earlier))
    return None


def _missing(play: PlayRecord, connection: Connection, own: Marks, expected: list[Sent]) -> Finding | None:
    """Return the finding on messages that a connection did not get, refuted if it had the time to get one of them."""
    got = {mark for _, mark in own}
    missing = [event for _, event, mark in expected if mark not in got]
    if not missing:
        return None
    reason = f"{connection.client} did not get {len(missing)} of {len(expected)} messages of the others"
    evidence = [event.id for event in missing]
    unread = next(_cut(play, connection), None)
    if unread is not None:
        message = f"{reason}, but event {unread.id} is not recorded in full and may be one of them"
        return unknown(message, (*evidence, unread.id))
    closed = connection.closed
    if closed is not None and closed.data["by"] != "client":
        # What is lost with a connection decides nothing about delivery; the connection is for another claim.
        return unknown(f"{reason}, but it was closed: {closing_of(closed.data)}", (*evidence, closed.id))
    if play.outcome != "done":
        return unknown(f"{reason} ({play.ending})", evidence)
    end = play.end if closed is None else closed
    if end is None or end.t_ns - missing[0].t_ns < IN_FLIGHT_NS:
        return unknown(f"{reason}, and the story ended without waiting for any of them", evidence)
    return refuted(reason, evidence)


def _cut(play: PlayRecord, connection: Connection) -> Iterator[Event]:
    """Yield what a connection got and the record does not hold in full."""
    for event in play.of_kind(kinds.RECEIVED):
        if event.actor == connection.client and connection.is_open_at(event.id) and play.message(event.id) is None:
            yield event
