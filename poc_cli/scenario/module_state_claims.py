"""Which claims a worker could meet by state in its modules: a local sleep keeps it, one on Cloudflare may not."""

from typing import Final

from poc_cli.scenario.model import Claim, Hibernate, Restart, Step
from poc_cli.scenario.plays import Play

_OF_OTHER_THINGS: Final = frozenset(
    {"sleeps", "stays-awake", "no-wake", "memory-is-reset", "connections-drop", "close-handshake", "wake-under"}
)
"""Checks that no state can meet: of residency, of what is lost, of closes and of times."""


_ITS_OWN_ROW: Final = "module globals"


def leaves_memory(step: Step) -> bool:
    """Return whether an object leaves memory in a step while its process, and with it the modules, goes on."""
    return isinstance(step, Hibernate) or (isinstance(step, Restart) and step.restart == "object")


def resting_on_state(play: Play) -> frozenset[str]:
    """Return the claims of a play whose "held" has to be confirmed with module state put back."""
    steps = [placed.step for placed in play.steps]
    first = next((number for number, step in enumerate(steps) if leaves_memory(step)), None)
    if first is None:
        return frozenset()
    named_later = {step.claim for step in steps[first:]}
    return frozenset(claim.id for claim in play.scenario.document.claim if _could_rest_on_state(claim, named_later))


def _could_rest_on_state(claim: Claim, named_later: set[str | None]) -> bool:
    if claim.matrix is not None and claim.matrix.row == _ITS_OWN_ROW:
        return False  # what it says is said of module state
    return claim.id in named_later if claim.check is None else claim.check not in _OF_OTHER_THINGS
