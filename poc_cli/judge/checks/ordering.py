"""The check `received-in-order`."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.check_registry import check
from poc_cli.judge.checks.delivery import kind_of
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.frames_in_flight import ARRIVES_NS, answered_after
from poc_cli.judge.proof import asks_for_sleep, proven_sleeps
from poc_cli.record.play_record import PlayRecord, once
from poc_cli.scenario.check_names import CheckEntry
from poc_cli.scenario.conditions import lookup
from poc_cli.scenario.model import Claim

Content = tuple[object, object]


@dataclass(slots=True)
class _Numbered:
    """What a client got on one connection: the numbers with their events, and the last event of any kind."""

    client: str
    numbers: list[tuple[int, int]] = field(default_factory=list)
    contents: dict[int, Content] = field(default_factory=dict)
    last_event: int = 0

    @property
    def last(self) -> tuple[int, int]:
        """The last number and its event."""
        event, number = self.numbers[-1]
        return number, event


@check(
    CheckEntry(
        name="received-in-order",
        order=120,
        meaning="What the worker numbered at `by` came to each client without a gap, a repeat or a step back.",
        about_messages=True,
    )
)
def received_in_order(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by a number that is missing, repeated or before a smaller one, at any client.

    A message that was lost at the end leaves no gap: only what other clients got shows it. If nothing came after the
    last number, nothing shows that it was the last.
    """
    if asks_for_sleep(play, claim):
        found = proven_sleeps(play, claim)
        if isinstance(found, Finding):
            return found
    every = _numbers(play, claim)
    numbered = [each for each in every if each.numbers]
    if not any(len(each.numbers) > 1 for each in numbered):
        return unknown(f'no client got two messages with a number at "{claim.by}"')
    gap = _gap(numbered) or _lost_tail(play, numbered) or _left_out(play, every)
    return _without_a_gap(play, every, numbered) if gap is None else gap


def _without_a_gap(play: PlayRecord, every: list[_Numbered], numbered: list[_Numbered]) -> Finding:
    clients: dict[str, int] = {}
    for each in numbered:
        clients[each.client] = clients.get(each.client, 0) + len(each.numbers)
    reason = ", ".join(f"{client} got {number} messages" for client, number in list(clients.items())[:3])
    evidence = [event for each in numbered for event in (each.numbers[0][0], each.numbers[-1][0])]
    reason = f"{reason} without a gap"
    if play.outcome != "done":
        return unknown(f"{reason}, but {play.ending}", evidence)
    open_end = next((each for each in numbered if each.last_event <= each.last[1]), None)
    if open_end is not None:
        number, event = open_end.last
        after = f"nothing came after {number} to {open_end.client}"
        return unknown(f"{reason}, but {after}, so more may have been lost", (event,))
    asked = _asked_for_more(play, numbered) or _asked_in_vain(play, every)
    if asked is not None:
        message = f"{reason}, but nothing shows whether event {asked.id}, sent by {asked.actor}, had an effect"
        return unknown(message, (asked.id,))
    return held(reason, evidence)


def _asked_for_more(play: PlayRecord, numbered: list[_Numbered]) -> Event | None:
    """Return a message that no step waited for and that may have caused a number which every client lost.

    It was sent after the last number and is of a kind that got a number before, or more of its kind were sent than
    there are numbers and other messages that no step waited for.
    """
    with_number = {event for each in numbered for event, _ in each.numbers}
    sent = [each for each in play.frames_sent if each.kind == kinds.SENT]  # programs and pages send by themselves
    unawaited = [each for each in sent if (each.step, each.actor) not in _answers(play)]
    last = max(with_number)
    asking = _asking(play, with_number)
    later = (each for each in unawaited if each.id > last and _kind(play, each) in asking)
    return next(later, None) or _one_too_many(play, numbered, unawaited)


def _asking(play: PlayRecord, with_number: set[int]) -> set[object]:
    """Return the kinds of messages for which their own sender got a number."""
    sent = (each for each in play.frames_sent if each.kind == kinds.SENT)
    return {_kind(play, each) for each in sent if _answers(play).get((each.step, each.actor)) in with_number}


def _one_too_many(play: PlayRecord, numbered: list[_Numbered], unawaited: list[Event]) -> Event | None:
    """Return the last message of a kind of which more were sent than there are answers to them."""
    awaited = set(_answers(play).values())
    with_number = {event for each in numbered for event, _ in each.numbers}
    others = sum(each.id not in awaited and each.id not in with_number for each in play.frames_received)
    of_awaited = {number for each in numbered for event, number in each.numbers if event in awaited}
    answers = max(others, len({number for each in numbered for _, number in each.numbers} - of_awaited))
    times = Counter(_kind(play, each) for each in unawaited)
    too_many = {kind for kind, number in times.items() if kind is not None and number > answers}
    return next((each for each in reversed(unawaited) if _kind(play, each) in too_many), None)


def _asked_in_vain(play: PlayRecord, every: list[_Numbered]) -> Event | None:
    """Return a message that a client without any number sent before another client got a number.

    It is of a kind for which its sender should have got one, as another sender did, or its sender heard nothing more.
    """
    last_heard = {each.client: each.last_event for each in every}
    numbers = [event for each in every for event, _ in each.numbers]
    subscribers = {each.client for each in every if each.numbers}
    asking = _asking(play, set(numbers))
    for sent in play.frames_sent:
        if sent.kind != kinds.SENT or sent.actor in subscribers:
            continue
        if sent.id < last_heard.get(sent.actor, 0) and _kind(play, sent) not in asking:
            continue
        connection = play.connection_of(sent.actor, sent.id)
        if connection is not None and any(sent.id < event and connection.is_open_at(event) for event in numbers):
            return sent
    return None


@once
def _answers(play: PlayRecord) -> dict[tuple[int | None, str], int]:
    """Return the answer that each step waited for, by step and client."""
    answers = ((step.index, *each) for step in play.steps for each in step.reported("answered").items())
    return {(index, client): answer["event"] for index, client, answer in answers}


def _kind(play: PlayRecord, frame: Event) -> object:
    message = play.message(frame.id)
    return kind_of(None if message is None else message.json)


def _gap(numbered: list[_Numbered]) -> Finding | None:
    """Return the first number that does not follow the one before.

    A new connection may continue the numbers of the last one or start them again.
    """
    before: dict[str, _Numbered] = {}
    for each in numbered:
        for (earlier, number), (later, next_number) in pairwise(each.numbers):
            if next_number != number + 1:
                return refuted(f"{each.client} got number {next_number} right after {number}", (earlier, later))
        last = before.get(each.client)
        if last is not None:
            event, first = each.numbers[0]
            if first not in {last.last[0] + 1, last.numbers[0][1]}:
                reason = f"{each.client} got number {first} right after {last.last[0]}, on a new connection"
                return refuted(reason, (last.last[1], event))
        before[each.client] = each
    return None


def _lost_tail(play: PlayRecord, numbered: list[_Numbered]) -> Finding | None:
    """Return the finding on a last message that one client did not get although others did.

    It is lost if the clients are known to get the same messages and it was not in flight: the client got an answer to a
    message sent after the others had that number, or got something long after that.
    """
    found = [_not_got(play, each, other) for each in numbered for other in numbered if other.client != each.client]
    return worst([each for each in found if each is not None]) if any(found) else None


def _not_got(play: PlayRecord, each: _Numbered, other: _Numbered) -> Finding | None:
    number, event = each.last
    common = each.contents.keys() & other.contents.keys()
    missing = [(n, e) for e, n in other.numbers if n > number and _is_open(play, each, e)]
    if not missing or _are_apart(play, each, other) or any(each.contents[n] != other.contents[n] for n in common):
        return None
    reason = f"{each.client} did not get number {missing[0][0]} after {number}, which {other.client} got"
    evidence = event, missing[0][1]
    if len(common) <= 1:
        return unknown(f"{reason}: nothing shows that both should get the same messages", evidence)
    if play.outcome != "done":
        return unknown(f"{reason} ({play.ending})", evidence)
    later = _came_later(play, each, missing[0][1])
    if later is None:
        return unknown(f"{reason}: it may have been in flight", evidence)
    return refuted(reason, (*evidence, later))


def _left_out(play: PlayRecord, every: list[_Numbered]) -> Finding | None:
    """Return the finding on a client that got numbers before and none on its new connection, while others got some."""
    subscribers = {each.client for each in every if each.numbers}
    for each in (each for each in every if not each.numbers and each.client in subscribers):
        # Its opening may be its only event.
        connection = play.connection_of(each.client, each.last_event + 1)
        for other in every:
            if connection is None or other.client == each.client or _are_apart(play, each, other):
                continue
            missed = next(((n, event) for event, n in other.numbers if connection.is_open_at(event)), None)
            if missed is not None:
                reason = f"{each.client} got no number on its new connection, while {other.client} got {missed[0]}"
                return unknown(reason, (missed[1],))
    return None


def _is_open(play: PlayRecord, each: _Numbered, event: int) -> bool:
    """Return whether the connection on which a client got its numbers was open at an event."""
    connection = play.connection_of(each.client, each.last_event)
    return event < each.last_event or connection is None or connection.is_open_at(event)


def _are_apart(play: PlayRecord, each: _Numbered, other: _Numbered) -> bool:
    """Return whether two clients are known to be connected to different objects, which number separately."""
    one, another = play.leads_to(each.client, each.last_event), play.leads_to(other.client, other.last_event)
    return one is not None and another is not None and not one & another


def _came_later(play: PlayRecord, each: _Numbered, event: int) -> int | None:
    """Return an event at a client that must have been sent after an event that another client got, None without one."""
    if play.by_id[each.last_event].t_ns - play.by_id[event].t_ns >= ARRIVES_NS:
        return each.last_event
    connection = play.connection_of(each.client, each.last_event)
    return None if connection is None else answered_after(play, connection, event)


def _numbers(play: PlayRecord, claim: Claim) -> list[_Numbered]:
    """Return the numbered messages by connection."""
    found: dict[tuple[str, int], _Numbered] = {}
    opened: dict[str, int] = {}
    for event in play.of_kind(kinds.OPENED, kinds.RECEIVED):
        if event.kind == kinds.OPENED:
            opened[event.actor] = event.id
        each = found.setdefault((event.actor, opened.get(event.actor, 0)), _Numbered(event.actor))
        each.last_event = event.id
        if event.kind == kinds.OPENED:
            continue
        number = _number(play, event, claim)
        if number is not None:
            each.numbers.append((event.id, number))
            each.contents[number] = (event.data.get("text"), event.data.get("hex"))
    return list(found.values())


def _number(play: PlayRecord, event: Event, claim: Claim) -> int | None:
    message = play.message(event.id)
    # The short fields of a message that is too long to be recorded in full are still in the record.
    value = event.data.get("fields") if message is None else message.json
    number = lookup(value, claim.by)
    return number if isinstance(number, int) and not isinstance(number, bool) else None
