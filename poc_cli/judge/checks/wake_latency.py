"""The check `wake-under`."""

from bisect import bisect_right
from collections.abc import Sequence

from poc_cli.judge.check_registry import check
from poc_cli.judge.finding import Finding, held, refuted, unknown
from poc_cli.judge.proof import proven_sleeps
from poc_cli.record.play_record import FOREVER, PlayRecord, StepRecord
from poc_cli.scenario.check_names import CheckEntry
from poc_cli.scenario.model import Claim
from poc_cli.scenario.wording import several


@check(
    CheckEntry(
        name="wake-under",
        order=140,
        meaning="Every answer to a `resume` came within `limit` of its message.",
        has_limit=True,
        beyond_state=True,
    )
)
def wake_under(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by an answer to a `resume` that took longer than the claim's limit."""
    found = proven_sleeps(play, claim)
    if isinstance(found, Finding):
        return found
    if claim.limit is None:
        return unknown('the claim names no "limit"')
    ends = sorted(sleep.back.id for sleep in found if sleep.back is not None)
    wakes = [
        (float(step.ended.data["wake_ms"]), step.end_id)
        for step in play.steps
        if step.ended is not None and step.ok and _resumed(step, ends)
    ]
    slowest, event = max(wakes, default=(0.0, FOREVER))
    message = (
        f"the slowest of {several(len(wakes), 'wake')} took {slowest:.1f} ms, the limit is {claim.limit * 1000:g} ms"
    )
    if slowest > claim.limit * 1000:
        return refuted(message, (event,), found)
    asked = sum(placed.step.verb == "resume" for placed in play.play.steps)
    if len(wakes) < asked or not wakes:
        ending = f" ({play.ending})" if play.ending else ""
        return unknown(
            f"{len(wakes)} of {several(asked, 'resume step')} woke a sleeping object and got an answer{ending}"
        )
    return held(message, [each for _, each in wakes], found)


def _resumed(step: StepRecord, ends: Sequence[int]) -> bool:
    """Return whether a proven sleep ended in this `resume` step; with the object awake, it measures no wake."""
    number = bisect_right(ends, step.begun.id)
    return step.verb == "resume" and number < len(ends) and ends[number] < step.end_id
