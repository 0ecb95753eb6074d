"""Claims that did not hold, grouped by the step that failed them, so that each cause is reported once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.document_types import ClaimDocument, RunDocument, ScenarioDocument
from poc_cli.record.play_record import PlayRecord, StepRecord
from poc_cli.report.failed_step import FailedStep, failed_step
from poc_cli.report.target_summary import is_known

_WORST_FIRST: Final = ("refuted", "error", "unknown", "held")

_UNREADABLE: Final = (KeyError, TypeError, ValueError, AttributeError, RecursionError)
"""What reading an edited or damaged history raises."""

_CLOSED: Final = "closed"
"""The failure of a step whose client had no connection any more."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Claims of one scenario that did not hold for one reason, the worst first; `step` is None if no step failed."""

    scenario: ScenarioDocument
    claims: tuple[ClaimDocument, ...]
    step: FailedStep | None = None

    @property
    def verdict(self) -> str:
        """Return the worst verdict of its claims."""
        return self.claims[0]["verdict"]


def is_remarkable(claim: ClaimDocument) -> bool:
    """Return whether a claim came out otherwise than it should."""
    return not is_known(claim) and (claim["verdict"] != "held" or claim["known"] is not None)


def is_reported(step: FailedStep | None, causes: Sequence[Cause]) -> bool:
    """Return whether one of the causes is this step."""
    return step is not None and any(each.step is not None and each.step.end == step.end for each in causes)


def known_defects(document: RunDocument) -> list[tuple[ScenarioDocument, ClaimDocument]]:
    """Return the claims that are refuted as known, in order."""
    return [(each, claim) for each in document["scenarios"] for claim in each["claims"] if is_known(claim)]


class Causes:
    """The causes of one run, read from its history; without one, each claim has a cause of its own."""

    def __init__(self, events: Iterable[Event | None] = ()) -> None:
        """Take the history, which is read when a cause is asked for."""
        self._events = events

    @cached_property
    def _plays(self) -> dict[str, list[PlayRecord]]:
        """Return the stories of each scenario, in the order of the history."""
        inside: dict[str, list[Event]] = {}
        for event in self._events:
            if event is not None and event.kind not in kinds.OF_THE_RUN:
                inside.setdefault(event.play, []).append(event)
        found: dict[str, list[PlayRecord]] = {}
        for label, (start, *rest) in inside.items():
            if start.kind == kinds.PLAY_START and start.data.get("role") == "story":
                end = next((event for event in rest if event.kind == kinds.PLAY_END), None)
                play = PlayRecord(label, start, tuple(rest), end)
                found.setdefault(str(start.data.get("scenario")), []).append(play)
        return found

    def of(self, scenario: ScenarioDocument) -> list[Cause]:
        """Return the causes for which claims of a scenario did not hold, in the order of the claims."""
        groups: dict[object, list[ClaimDocument]] = {}
        steps: dict[object, FailedStep] = {}
        for claim in scenario["claims"]:
            if not is_remarkable(claim):
                continue
            step = self._step_of(scenario["name"], claim)
            key: object = claim["id"] if step is None else (step.play, step.end)
            if step is not None:
                steps[key] = step
            groups.setdefault(key, []).append(claim)
        found = ((_worst_first(claims), steps.get(key)) for key, claims in groups.items())
        return [Cause(scenario, claims, _untold(step, [claim["reason"] for claim in claims])) for claims, step in found]

    def ending(self, scenario: ScenarioDocument) -> FailedStep | None:
        """Return the step at which a scenario stopped early, None if it did not or that is not recorded."""
        if not scenario["stopped"]:
            return None
        for play in self._plays.get(scenario["name"], ()):
            if play.outcome == "stopped" and (last := _last_failed(play)) is not None:
                return _untold(self._known(play, last), [scenario["stopped"]])
        return None

    def _step_of(self, scenario: str, claim: ClaimDocument) -> FailedStep | None:
        if claim["verdict"] == "held":
            return None
        evidence = frozenset(claim["evidence"])
        plays = self._plays.get(scenario, [])
        shown = [play for play in plays if any(event.id in evidence for event in play.events)]
        for play in sorted(shown, key=lambda play: play.round) or plays[-1:]:
            try:
                step = _failing(play, claim, evidence)
            except _UNREADABLE:
                return None
            if step is not None:
                return self._known(play, step)
        return None

    def _known(self, play: PlayRecord, step: StepRecord) -> FailedStep | None:
        try:
            return failed_step(play, _root(play, step))
        except _UNREADABLE:
            return None


def _untold(step: FailedStep | None, said: Sequence[str]) -> FailedStep | None:
    """Return the step without its reason if one of these sentences has it."""
    return replace(step, reason="") if step is not None and any(step.reason in each for each in said) else step


def _worst_first(claims: Sequence[ClaimDocument]) -> tuple[ClaimDocument, ...]:
    return tuple(sorted(claims, key=lambda claim: _WORST_FIRST.index(claim["verdict"])))


def _failing(play: PlayRecord, claim: ClaimDocument, evidence: frozenset[int]) -> StepRecord | None:
    """Return the step for which a claim did not hold: among its evidence, else of the claim, else the play's last."""
    failed = [step for step in play.steps if step.ended is not None and not step.ok]
    shown = next((step for step in failed if step.end_id in evidence), None)
    if shown is not None:
        return shown
    closed = next((event for event in play.of_kind(kinds.CLOSED) if event.id in evidence), None)
    during = None if closed is None else next((step for step in failed if step.index == closed.step), None)
    if during is not None:
        return during
    if claim["verdict"] != "unknown":
        return None
    own = next((step for step in failed if step.claim == claim["id"]), None)
    return own or (_last_failed(play) if play.outcome == "stopped" else None)


def _last_failed(play: PlayRecord) -> StepRecord | None:
    last = play.steps[-1] if play.steps else None
    return last if last is not None and last.ended is not None and not last.ok else None


def _root(play: PlayRecord, step: StepRecord) -> StepRecord:
    """Return the failed step during which the connection was closed that a later step had needed."""
    if step.failure != _CLOSED:
        return step
    closed = (
        event
        for event in play.of_kind(kinds.CLOSED)
        if event.id < step.end_id and event.data.get("by") != "client" and step.reason.startswith(f"{event.actor} ")
    )
    during = {event.step for event in closed}
    first = (each for each in play.steps if each.index in during and each.ended is not None and not each.ok)
    return next(first, step)
