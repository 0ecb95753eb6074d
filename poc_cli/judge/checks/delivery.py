"""Did every message arrive, once, and in order?

Never guesses which message is which: each carries a mark at the claim's `by` path.
"""

from collections import Counter, defaultdict
from itertools import pairwise

from poc_cli.history import event as kinds
from poc_cli.judge.finding import Finding, held, refuted, unknown
from poc_cli.judge.proof import asks_for_sleep, proven_sleeps
from poc_cli.judge.record import PlayRecord
from poc_cli.scenario.model import Claim
from poc_cli.scenario.values import MISSING
from poc_cli.scenario.where import lookup

Marks = list[tuple[int, str]]
"""Event ids and marks, in the order of the history."""


def _marks(play: PlayRecord, claim: Claim, kind: str) -> dict[str, Marks]:
    found: dict[str, Marks] = defaultdict(list)
    for event in play.of_kind(kind):
        message = play.message(event.id)
        mark = MISSING if message is None else lookup(message.json, claim.by)
        if mark is not MISSING and mark is not None:
            found[event.actor].append((event.id, repr(mark)))
    return found


def _without_sleep(play: PlayRecord, claim: Claim) -> Finding | None:
    """Give rule 1's finding for a story that asks for a sleep and did not get it."""
    if not asks_for_sleep(play):
        return None
    found = proven_sleeps(play, claim)
    return found if isinstance(found, Finding) else None


def delivered_in_order(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by a client that got two messages of one sender the other way round."""
    sleepless = _without_sleep(play, claim)
    if sleepless is not None:
        return sleepless
    sent = _marks(play, claim, kinds.SENT)
    received = _marks(play, claim, kinds.RECEIVED)
    place = {(sender, mark): index for sender, marks in sent.items() for index, (_, mark) in enumerate(marks)}
    compared = 0
    for receiver, marks in received.items():
        for sender in sent:
            ranks = [(event, place[sender, mark]) for event, mark in marks if (sender, mark) in place]
            for (earlier, rank), (later, next_rank) in pairwise(ranks):
                compared += 1
                if next_rank < rank:
                    return refuted(f"{receiver} got {sender}'s messages out of order", (earlier, later))
    if compared == 0:
        return unknown(f'no two messages with a mark at "{claim.by}" arrived at one client')
    return held(f"{compared + 1} messages arrived in the order in which they were sent")


def delivered_once(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by a message that a client got twice, or that nobody got although the play went to its end."""
    sleepless = _without_sleep(play, claim)
    if sleepless is not None:
        return sleepless
    sent = _marks(play, claim, kinds.SENT)
    received = _marks(play, claim, kinds.RECEIVED)
    marked = {mark for marks in sent.values() for _, mark in marks}
    if not marked:
        return unknown(f'no message with a mark at "{claim.by}" was sent')
    for receiver, marks in received.items():
        for mark, times in Counter(mark for _, mark in marks if mark in marked).items():
            if times > 1:
                evidence = [event for event, each in marks if each == mark]
                return refuted(f"{receiver} got the message {mark} {times} times", evidence)
    missing = [
        (event, mark) for sender, marks in sent.items() for event, mark in _not_received(sender, marks, received)
    ]
    if missing:
        told = f"{len(missing)} of {len(marked)} messages were not answered, the first is {missing[0][1]}"
        evidence = [event for event, _ in missing]
        return refuted(told, evidence) if play.outcome == "done" else unknown(f"{told} ({play.ending})", evidence)
    return held(f"{len(marked)} messages arrived exactly once")


def _not_received(sender: str, marks: Marks, received: dict[str, Marks]) -> Marks:
    """Give what the sender did not get back; where it gets none of its own back, what nobody else got."""
    own = {mark for _, mark in received.get(sender, [])}
    if not any(mark in own for _, mark in marks):
        own = {mark for receiver in received.values() for _, mark in receiver}
    return [(event, mark) for event, mark in marks if mark not in own]
