"""What of a play can be played in a place: the whole, all but some claims, or nothing of it, and why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from poc_cli.scenario.model import Alarm, Hibernate, Need, Probe, Restart, Step
from poc_cli.scenario.plays import Play

_EVERYTHING: Final = frozenset(
    {"idle", "evict", "trace", "crash", "restart", "deploy", "api", "environment", "itself", "origin", "worker"}
)

_ASKS_THE_TRACE: Final = "asks the runtime's trace, which is only read where poc runs the worker"

_WITHOUT: Final[Mapping[Need, str]] = {
    "trace": _ASKS_THE_TRACE,
    "evict": "evicts objects, which only the local runtime does on request",
    "crash": "kills the runtime",
    "restart": "restarts the runtime",
    "deploy": "deploys a new version",
    "api": "lets the worker call a server on this machine",
    "environment": "looks at variables that poc gives the worker",
    "itself": "lets the worker call its own address, which Cloudflare refuses at workers.dev (error 1042)",
}
"""What a play does that asks for an ability, as the end of a sentence that begins with `it`."""

_BY_RESTART: Final[Mapping[str, Need]] = {"object": "evict", "server": "restart", "crash": "crash", "deploy": "deploy"}

OBSERVERS: Final = (Probe, Alarm)
"""Steps that only look: without them the rest of a story stays what it is."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where plays go on: its kind, how sleeps are known there, and what it offers."""

    kind: str
    oracle: str
    abilities: frozenset[str]

    @property
    def has_trace(self) -> bool:
        """Whether sleeps are known by the runtime's own trace."""
        return self.oracle == "trace"


@dataclass(frozen=True, slots=True)
class Fitted:
    """What of a play is left out: all of it, for a reason, or some of its claims, each for one."""

    reason: str | None
    claims: Mapping[str, str]

    def leaves_out(self, step: Step) -> bool:
        """Return whether a step is passed over."""
        return isinstance(step, OBSERVERS) and step.claim in self.claims


def place_of(target: Mapping[str, Any]) -> Place:
    """Return the place that a record tells of. Older records have no more than the local target's kind."""
    abilities = target.get("abilities")
    known = frozenset(map(str, abilities)) if isinstance(abilities, list) else _EVERYTHING
    return Place(str(target.get("kind")), str(target.get("oracle", "trace")), known)


def fit(play: Play, place: Place) -> Fitted:
    """Return what of a play cannot be played in a place."""
    whole = _unfit(play, place)
    claims: dict[str, str] = {}
    for claim in play.scenario.document.claim:
        if claim.check == "no-wake" and not place.has_trace:
            claims[claim.id] = f"that nothing woke the object is only seen in the runtime's trace; not on {place.kind}"
        if claim.check == "connections-survive" and not place.has_trace:
            silent = [label for label in claim.of or play.objects if play.objects[label].sockets is None]
            if silent:
                claims[claim.id] = (
                    f"whose sockets they are is only seen in the runtime's trace, or told by {silent[0]}'s answers "
                    f'(object = {{ …, sockets = "path" }}); not on {place.kind}'
                )
    for placed in play.steps:
        need = _missing(placed.step, place)
        if need is None:
            continue
        why = _describe(need, place)
        if isinstance(placed.step, OBSERVERS) and placed.step.claim is not None:
            claims.setdefault(placed.step.claim, why)
        else:
            whole = whole or why
    if whole is None and play.decides and claims.keys() >= set(play.decides):
        whole = claims[play.decides[0]]
    return Fitted(whole, claims)


def _unfit(play: Play, place: Place) -> str | None:
    """Return why a play can never be played in a place, whatever its steps are."""
    document = play.scenario.document
    if document.origin is not None and "origin" not in place.abilities:
        return f"its app server is not reached from {place.kind}: give one that is deployed by --origin URL"
    deployed = "worker" in place.abilities and play.worker == document.worker
    if play.worker is not None and not place.has_trace and not deployed:
        return f"it brings a worker of its own, and on {place.kind} runs another"
    needs: list[Need] = list(document.needs)
    needs += ["environment"] if document.secrets and "origin" not in place.abilities else []
    missing = [need for need in needs if need not in place.abilities]
    return _describe(missing[0], place) if missing else None


def _missing(step: Step, place: Place) -> Need | None:
    match step:
        case Hibernate(forced=True):
            return _unless(place, "evict")
        case Probe() | Alarm():
            return _unless(place, "trace")
        case Restart():
            return _unless(place, _BY_RESTART[step.restart])
    return None


def _unless(place: Place, need: Need) -> Need | None:
    return None if need in place.abilities else need


def _describe(need: Need, place: Place) -> str:
    return f"it {_WITHOUT[need]}; not on {place.kind}"
