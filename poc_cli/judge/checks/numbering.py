"""Did a client get every message that the object numbered, in order?

Never looks at what clients sent: the numbers are the worker's own, at the claim's `by` path.
"""

from itertools import pairwise

from poc_cli.history import event as kinds
from poc_cli.judge.finding import Finding, held, refuted, unknown
from poc_cli.judge.proof import asks_for_sleep, proven_sleeps
from poc_cli.judge.record import PlayRecord
from poc_cli.scenario.model import Claim
from poc_cli.scenario.where import lookup

Numbers = list[tuple[int, int]]
"""Event ids and numbers, in the order of the history."""


def received_in_order(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by a number that is missing, comes twice, or comes before a smaller one, at any client."""
    if asks_for_sleep(play, claim):
        found = proven_sleeps(play, claim)
        if isinstance(found, Finding):
            return found
    numbered = {client: numbers for client, numbers in _numbers(play, claim).items() if len(numbers) > 1}
    if not numbered:
        return unknown(f'no client got two messages with a number at "{claim.by}"')
    for client, numbers in numbered.items():
        for (before, number), (after, next_number) in pairwise(numbers):
            if next_number != number + 1:
                return refuted(f"{client} got number {next_number} right after {number}", (before, after))
    told = ", ".join(f"{client} got {len(numbers)} messages" for client, numbers in list(numbered.items())[:3])
    evidence = [event for numbers in numbered.values() for event in (numbers[0][0], numbers[-1][0])]
    told = f"{told} without a gap"
    return held(told, evidence) if play.outcome == "done" else unknown(f"{told}, but {play.ending}", evidence)


def _numbers(play: PlayRecord, claim: Claim) -> dict[str, Numbers]:
    found: dict[str, Numbers] = {}
    for event in play.of_kind(kinds.RECEIVED):
        message = play.message(event.id)
        # A message too long to be kept whole still has its short fields in the record.
        value = event.data.get("fields") if message is None else message.json
        number = lookup(value, claim.by)
        if isinstance(number, int) and not isinstance(number, bool):
            found.setdefault(event.actor, []).append((event.id, number))
    return found
