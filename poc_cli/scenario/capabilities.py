"""Determine which parts of a play a target can run: all, all but some claims, or nothing, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from poc_cli.scenario.abilities import LOCAL_ABILITIES, WITHOUT, Need
from poc_cli.scenario.check_names import entry_of
from poc_cli.scenario.model import Claim, Exchange, Step
from poc_cli.scenario.plays import Play
from poc_cli.scenario.token_names import TOKEN, TOKEN_NAMES, TOKEN_VARIABLE


@dataclass(frozen=True, slots=True)
class Place:
    """Where plays run: the kind of target, how it shows sleeps, and its abilities."""

    kind: str
    oracle: str
    abilities: frozenset[str]

    @property
    def has_trace(self) -> bool:
        """Whether sleeps are read from the runtime's trace."""
        return self.oracle == "trace"


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is left out of a play: everything, with a reason, or some of its claims, each with a reason."""

    reason: str | None
    claims: Mapping[str, str]

    def leaves_out(self, step: Step) -> bool:
        """Return whether a step is skipped."""
        return step.only_looks and step.claim in self.claims


def place_of(target: Mapping[str, Any]) -> Place:
    """Return the place that a record describes. Older records only have the kind of the local target."""
    abilities = target.get("abilities")
    known = frozenset(map(str, abilities)) if isinstance(abilities, list) else LOCAL_ABILITIES
    return Place(str(target.get("kind")), str(target.get("oracle", "trace")), known)


def fit(play: Play, place: Place) -> Fitted:
    """Return what has to be left out of a play in a place."""
    whole = _unfit(play, place)
    claims: dict[str, str] = {}
    for claim in play.scenario.document.claim:
        unseen = None if place.has_trace else _only_traced(claim, play)
        if unseen is not None:
            claims[claim.id] = f"{unseen}; not available on {place.kind}"
    for placed in play.steps:
        need = placed.step.need
        if need is None or need in place.abilities:
            continue
        why = _describe(need, place)
        if placed.step.only_looks and placed.step.claim is not None:
            claims.setdefault(placed.step.claim, why)
        else:
            whole = whole or why
    if whole is None and play.decides and claims.keys() >= set(play.decides):
        whole = claims[play.decides[0]]
    return Fitted(whole, claims)


def _only_traced(claim: Claim, play: Play) -> str | None:
    """Return why a claim's check cannot judge a play without a trace, None if it can."""
    check = entry_of(claim.check)
    if check.seen_in_trace is None:
        return None
    reason = f"{check.seen_in_trace} is only visible in the runtime's trace"
    if not check.or_by_sockets:
        return reason
    silent = [label for label in claim.of or play.objects if play.objects[label].sockets is None]
    return f'{reason}, or in replies of {silent[0]} (object = {{ …, sockets = "path" }})' if silent else None


def _unfit(play: Play, place: Place) -> str | None:
    """Return why a play cannot run in a place, regardless of its steps."""
    document = play.scenario.document
    if document.origin is not None and "origin" not in place.abilities:
        return f"its app server cannot be reached from {place.kind}; use a deployed one with --origin URL"
    deployed = "worker" in place.abilities and play.worker == document.worker
    if play.worker is not None and not place.has_trace and not deployed:
        return f"it has its own worker, but another one runs on {place.kind}"
    if play.worker is not None and play.worker.seed and not place.has_trace:
        return f"its worker begins with data (seed), which only a runtime that poc starts has; not on {place.kind}"
    if play.worker is not None and TOKEN_VARIABLE in play.worker.vars and not place.has_trace:
        return f"its worker has no token, and poc gives each one that it deploys a token; not available on {place.kind}"
    if play.fixed_name is not None and not place.has_trace:
        return (
            f'its object is always named "{play.fixed_name}", so it needs a runtime of its own;'
            f" not available on {place.kind}"
        )
    needs: list[Need] = list(document.needs)
    needs += ["environment"] if document.secrets and "origin" not in place.abilities else []
    needs += ["environment"] if _names_token(play) else []
    missing = [need for need in needs if need not in place.abilities]
    return _describe(missing[0], place) if missing else None


def _names_token(play: Play) -> bool:
    """Return whether a play uses the worker's token by its name."""
    captured = any(isinstance(placed.step, Exchange) and TOKEN in placed.step.capture for placed in play.steps)
    known = captured or TOKEN in play.vars
    return not known and any(f"{{{name}}}" in play.scenario.text for name in TOKEN_NAMES)


def _describe(need: Need, place: Place) -> str:
    return f"it {WITHOUT[need]}; not available on {place.kind}"
