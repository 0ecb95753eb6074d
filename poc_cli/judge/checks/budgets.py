"""The checks `wakes-at-most` and `in-memory-at-most`."""

from dataclasses import dataclass

from poc_cli.judge.check_registry import check
from poc_cli.judge.claim_sleeps import objects_of
from poc_cli.judge.fences import fences_of
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.memory_use import MemoryUse, counted, memory_use
from poc_cli.record.lateness import TOO_SLOW
from poc_cli.record.play_record import PlayRecord
from poc_cli.scenario.check_names import CheckEntry
from poc_cli.scenario.model import Claim, Idle


@dataclass(frozen=True, slots=True)
class _Watched:
    """From when to when a claim watches its objects, None for the whole play, and why that is not known to the end."""

    window: tuple[int, int] | None
    doubt: str | None


@check(
    CheckEntry(
        name="wakes-at-most",
        order=52,
        meaning=(
            "Each object came into memory again at most `most` times, within each `within` if that is given, by events "
            "of the kinds in `woken_by`. Counted from the first to the last step of the claim, else in the whole story."
        ),
        seen_in_trace="how often an object is woken",
        limits="number",
        judges_its_steps=True,
        beyond_state=True,
    )
)
def wakes_at_most(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by one wake too many; held only for an object that slept and was watched to the end."""
    watched = _watched(play, claim)
    return worst([_wakes(play, claim, watched, label) for label in objects_of(play, claim)])


def _wakes(play: PlayRecord, claim: Claim, watched: _Watched, label: str) -> Finding:
    if not isinstance(claim.most, int):
        return unknown('the claim names no number as "most"')
    use = memory_use(play, label, watched.window, claim.woken_by or ())
    within_ns = use.length_ns if claim.within is None else round(claim.within * 1e9)
    found = use.most_wakes(within_ns)
    evidence = tuple(wake.event for wake in found)
    by = f": {counted(found)}" if found else ""
    message = f"{label} was woken {_times(len(found))} in {_seconds(min(within_ns, use.length_ns))}{by}"
    if len(found) > claim.most:
        if use.late_ns and found[claim.most].at_ns - found[0].at_ns + use.late_ns > within_ns:
            return unknown(_late(message, use), evidence)
        return refuted(f"{message}; at most {claim.most} allowed", evidence)
    doubt = watched.doubt or _not_shown(use)
    if doubt is None and not use.slept:
        doubt = "did not sleep in this time, so nothing could wake it"
    if doubt is None and claim.within is not None and use.length_ns - use.late_ns < within_ns:
        doubt = f"was watched for {_seconds(use.length_ns)}, less than {claim.within:g} s"
    return held(message, evidence or _stays(use)) if doubt is None else unknown(f"{label} {doubt}", evidence)


@check(
    CheckEntry(
        name="in-memory-at-most",
        order=53,
        meaning=(
            'Each object was in memory for at most the share `most` of the time, such as "20%". Counted from the first '
            "to the last step of the claim, else in the whole story. Unknown where the idle timer instead of an evict "
            "might have made the difference."
        ),
        seen_in_trace="for how long an object is in memory",
        limits="share",
        judges_its_steps=True,
        beyond_state=True,
    )
)
def in_memory_at_most(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by an object that was in memory for longer; held only for one that was watched to the end."""
    watched = _watched(play, claim)
    return worst([_share(play, claim, watched, label) for label in objects_of(play, claim)])


def _share(play: PlayRecord, claim: Claim, watched: _Watched, label: str) -> Finding:
    most = claim.share
    if most is None:
        return unknown('the claim names no share as "most"')
    use = memory_use(play, label, watched.window)
    evidence = _stays(use)
    share = use.in_memory_ns / use.length_ns if use.length_ns else 0.0
    message = f"{label} was in memory for {share:.0%} of {_seconds(use.length_ns)}"
    doubt = watched.doubt or (None if use.presences else "was never seen in memory")
    if doubt is None and use.in_memory_ns - use.late_ns > most * use.length_ns:
        return refuted(f"{message}; at most {claim.most} allowed", evidence)
    if doubt is None and use.in_memory_ns > most * (use.length_ns - use.late_ns):
        return unknown(_late(message, use), evidence)
    doubt = doubt or _not_shown(use)
    if doubt is None and use.in_memory_ns + use.spared_ns > most * (use.length_ns - use.late_ns):
        with_timer = f"{use.share:.0%} of {_seconds(use.length_ns)}"
        doubt = f"was evicted; the idle timer might have left it in memory for {with_timer}"
    return held(message, evidence) if doubt is None else unknown(f"{label} {doubt}", evidence)


def _not_shown(use: MemoryUse) -> str | None:
    """Return why the time says nothing about how the object is left alone, None if it does."""
    return None if use.ended_otherwise is None else "left memory otherwise than to sleep in this time"


def _late(message: str, use: MemoryUse) -> str:
    return f"{TOO_SLOW}{message}, but {_seconds(use.late_ns)} of it were late"


def _seconds(time_ns: int) -> str:
    return f"{time_ns / 1e9:.1f} s"


def _stays(use: MemoryUse) -> tuple[int, ...]:
    mine = (each for each in use.presences if each.until_ns is None or each.until_ns >= use.from_ns)
    found = [event for each in mine for event in (each.wake.event, each.left) if event is not None]
    return tuple(sorted(found))


def _watched(play: PlayRecord, claim: Claim) -> _Watched:
    """Return the time of a claim's steps, or of the whole play; the trace must be read to its end."""
    named = [index for index, placed in enumerate(play.play.steps) if placed.step.claim == claim.id]
    steps = {step.index: step for step in play.steps}
    last = steps.get(named[-1] if named else len(play.play.steps) - 1)
    begun = [steps[index] for index in named if index in steps]
    if named and not begun:
        return _Watched((play.start.t_ns, play.start.t_ns), f"was not watched: the play ended before: {play.ending}")
    end_ns = play.events[-1].t_ns if last is None or last.ended is None else last.ended.t_ns
    window = (begun[0].begun.t_ns, end_ns) if begun else None
    if last is None or last.ended is None or not last.ok:
        return _Watched(window, f"was not watched to the end of the time: {play.ending}")
    # The engine reads the trace to its end after each `idle` step.
    is_read = isinstance(play.play.steps[last.index].step, Idle) or any(each >= last.end_id for each in fences_of(play))
    return _Watched(window, None if is_read else "may have been woken later: end the time with an idle step")


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
