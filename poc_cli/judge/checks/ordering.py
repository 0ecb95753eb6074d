"""Did a client get every message that the object numbered, in order?"""

from dataclasses import dataclass, field
from itertools import pairwise

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.check_registry import check
from poc_cli.judge.finding import Finding, held, refuted, unknown
from poc_cli.judge.proof import asks_for_sleep, proven_sleeps
from poc_cli.record.play_record import PlayRecord
from poc_cli.scenario.check_names import CheckEntry
from poc_cli.scenario.conditions import lookup
from poc_cli.scenario.model import Claim

Content = tuple[object, object]


@dataclass(slots=True)
class _Numbered:
    """What one client got on one connection: its numbers with their events, and the last event of any kind."""

    client: str
    numbers: list[tuple[int, int]] = field(default_factory=list)
    contents: dict[int, Content] = field(default_factory=dict)
    last_event: int = 0

    @property
    def last(self) -> tuple[int, int]:
        """Return the last number and its event."""
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
    """Refuted by a number that is missing, comes twice, or comes before a smaller one, at any client.

    A message that was lost at the end leaves no gap: it is seen by what others got, and where nothing came after the
    last number, nothing shows that it was the last.
    """
    if asks_for_sleep(play, claim):
        found = proven_sleeps(play, claim)
        if isinstance(found, Finding):
            return found
    numbered = _numbers(play, claim)
    if not any(len(each.numbers) > 1 for each in numbered):
        return unknown(f'no client got two messages with a number at "{claim.by}"')
    gap = _gap(numbered) or _lost_tail(play, numbered)
    return _without_a_gap(play, numbered) if gap is None else gap


def _without_a_gap(play: PlayRecord, numbered: list[_Numbered]) -> Finding:
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
        return unknown(f"{reason}, but {after}: more may have been lost", (event,))
    return held(reason, evidence)


def _gap(numbered: list[_Numbered]) -> Finding | None:
    """Return the first number that does not follow the one before.

    A new connection may go on where the last one ended, or be numbered from the beginning again.
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
    """Return what a client did not get at the end although others got it, where all get the same messages.

    Something must have come to it after the others had that number: else it may have been on its way.
    """
    for each in numbered:
        number, event = each.last
        for other in numbered:
            common = each.contents.keys() & other.contents.keys()
            alike = len(common) > 1 and all(each.contents[n] == other.contents[n] for n in common)
            missing = [(n, e) for e, n in other.numbers if n > number and e < each.last_event]
            if other.client != each.client and alike and missing:
                reason = f"{each.client} did not get number {missing[0][0]} after {number}, which {other.client} got"
                evidence = event, missing[0][1]
                return (
                    refuted(reason, evidence)
                    if play.outcome == "done"
                    else unknown(f"{reason} ({play.ending})", evidence)
                )
    return None


def _numbers(play: PlayRecord, claim: Claim) -> list[_Numbered]:
    """Return what was numbered, by the connections on which it came."""
    found: dict[tuple[str, int], _Numbered] = {}
    opened: dict[str, int] = {}
    for event in play.of_kind(kinds.OPENED, kinds.RECEIVED):
        if event.kind == kinds.OPENED:
            opened[event.actor] = event.id
            continue
        each = found.setdefault((event.actor, opened.get(event.actor, 0)), _Numbered(event.actor))
        each.last_event = event.id
        number = _number(play, event, claim)
        if number is not None:
            each.numbers.append((event.id, number))
            each.contents[number] = (event.data.get("text"), event.data.get("hex"))
    return [each for each in found.values() if each.numbers]


def _number(play: PlayRecord, event: Event, claim: Claim) -> int | None:
    message = play.message(event.id)
    # A message too long to be kept whole still has its short fields in the record.
    value = event.data.get("fields") if message is None else message.json
    number = lookup(value, claim.by)
    return number if isinstance(number, int) and not isinstance(number, bool) else None
