"""How long does a sleeping object take to answer?

Never mixes clocks: the client's alone, from the send to the answer.
"""

from poc_cli.judge.finding import Finding, held, refuted, unknown
from poc_cli.judge.proof import proven_sleeps
from poc_cli.judge.record import PlayRecord
from poc_cli.scenario.model import Claim


def wake_under(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by a resumed answer that took longer than the claim's limit."""
    found = proven_sleeps(play, claim)
    if isinstance(found, Finding):
        return found
    if claim.limit is None:
        return unknown('the claim names no "limit"')
    wakes = [
        (float(step.ended.data["wake_ms"]), step.end_id)
        for step in play.steps
        if step.verb == "resume" and step.ok and step.ended is not None
    ]
    if not wakes:
        return unknown(f"no sleep was resumed{f' ({play.ending})' if play.ending else ''}")
    slowest, event = max(wakes)
    told = f"the slowest of {len(wakes)} wake(s) took {slowest:.1f} ms, the limit is {claim.limit * 1000:g} ms"
    return held(told, [each for _, each in wakes]) if slowest <= claim.limit * 1000 else refuted(told, (event,))
