"""Find claims that could hold because of module-level state, which survives a local sleep but may not on Cloudflare."""

from typing import Final

from poc_cli.scenario.check_names import entry_of
from poc_cli.scenario.model import Claim, Hibernate, Probe, Restart, Step
from poc_cli.scenario.plays import Play

_ITS_OWN_ROW: Final = "module globals"


def leaves_memory(step: Step) -> bool:
    """Return whether an object leaves memory in a step while its process, and so module-level state, stays."""
    return isinstance(step, Hibernate) or (isinstance(step, Restart) and step.restart == "object")


def resting_on_state(play: Play) -> frozenset[str]:
    """Return the claims of a play that must be confirmed with module-level state reset before they count as held."""
    steps = [placed.step for placed in play.steps]
    first = next((number for number, step in enumerate(steps) if leaves_memory(step)), None)
    if first is None:
        return frozenset()
    # Whether an object is in memory shows in the trace; it rests on no state.
    named_later = {step.claim for step in steps[first:] if not isinstance(step, Probe)}
    return frozenset(claim.id for claim in play.scenario.document.claim if _could_rest_on_state(claim, named_later))


def _could_rest_on_state(claim: Claim, named_later: set[str | None]) -> bool:
    if claim.matrix is not None and claim.matrix.row == _ITS_OWN_ROW:
        return False  # module-level state is its subject
    return claim.id in named_later if claim.check is None else not entry_of(claim.check).beyond_state
