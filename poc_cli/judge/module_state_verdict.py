"""Refute claims that held only because of module state.

A local sleep ends the object and keeps the isolate, so module variables survive it; on Cloudflare the object may wake
in another process. A held story is therefore played once more with module state put back at each sleep. What held only
without that did not survive.
"""

from dataclasses import replace
from functools import cached_property
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.claims import ClaimFinding, judge_claim
from poc_cli.judge.finding import Finding, refuted, unknown
from poc_cli.judge.sleeps import sleeps_of
from poc_cli.record.module_resets import listed, variables, why_incomplete, woke_before_reset
from poc_cli.record.play_record import FOREVER, PlayRecord
from poc_cli.record.run_record import RunRecord
from poc_cli.scenario.model import Claim
from poc_cli.scenario.module_state_claims import resting_on_state
from poc_cli.scenario.plays import CONFIRM

PUT_BACK: Final = "put back"
"""The value of `module_state` in `run_start` if claims are confirmed; older records have none."""

_NOT_MET: Final = frozenset({"mismatch", "silence", "closed"})
_DECIDED_BY_STEPS: Final = frozenset({None, "holds-after-loss"})
"""Checks, or none, whose claims are decided by the steps that name them."""


def confirmed(found: ClaimFinding, story: PlayRecord, run: RunRecord) -> ClaimFinding:
    """Return a finding after the confirming play; only a held one can change."""
    if found.finding.verdict != "held" or run.start.get("module_state") != PUT_BACK:
        return found
    if found.claim.id not in resting_on_state(story.play) or _is_known(story, run):
        return found
    plays = [each for each in run.plays if each.start.data["role"] == CONFIRM and _is_of(each, story)]
    again = plays[-1] if plays else None  # the last had the modules loaded that the one before had loaded meanwhile
    if again is None:
        finding: Finding | None = unknown(
            "it held, but there is no confirming play with module state put back, so that may be what survived"
        )
    else:
        finding = _changed(_Confirmation(again, found.claim), judge_claim(again, found.claim), story)
    if finding is None:
        return found
    finding = replace(finding, losses=found.finding.losses)
    return replace(found, finding=finding, rounds=tuple(finding for _ in found.rounds))


def _is_known(story: PlayRecord, run: RunRecord) -> bool:
    return any(_subject(each) == _subject(story.start) for each in run.confirmed)


def _is_of(play: PlayRecord, story: PlayRecord) -> bool:
    return _subject(play.start) == _subject(story.start)


def _subject(event: Event) -> tuple[object, ...]:
    return tuple(event.data[name] for name in ("scenario", "file", "sha256"))


class _Confirmation:
    """The confirming play of a story, with module state put back."""

    def __init__(self, play: PlayRecord, claim: Claim) -> None:
        self.play = play
        self._claim = claim
        recorded = play.of_kind(kinds.MODULE_STATE)
        self.states = [each for each in recorded if each.data["at"] == "sleep"]
        self._recorded = recorded
        self.evidence = tuple(each.id for each in self.states)

    @cached_property
    def changed(self) -> list[str]:
        """The variables that at some sleep differed from their values after loading."""
        return variables(self.states, "changed")

    @cached_property
    def doubt(self) -> str | None:
        """Why not all module state was put back at every sleep that the claim can rest on, None if it was."""
        decided = self._decided
        early = next(woke_before_reset(each for each in self.play.events if each.id <= decided), None)
        if early is not None:
            return f"{early.actor.removeprefix('object:')} woke before module state was put back"
        return why_incomplete(self._recorded)

    @property
    def _decided(self) -> int:
        """The last event that can decide the claim: nothing after its last step can, for most checks."""
        ends = [step.end_id for step in self.play.steps if step.claim == self._claim.id]
        return max(ends) if ends and self._claim.check in _DECIDED_BY_STEPS else FOREVER

    @property
    def others(self) -> list[str]:
        """The objects that were in memory when module state was put back, and stayed in memory."""
        found: dict[str, None] = {}
        for state in self.states:
            left_later = {each.actor for each in self.states if each.id > state.id and each.step == state.step}
            found |= dict.fromkeys(str(each) for each in state.data["others"] if f"object:{each}" not in left_later)
        return [*found]

    @property
    def evicted(self) -> list[str]:
        """The objects that did not sleep and were evicted, so their fields were lost too."""
        return [*dict.fromkeys(str(each) for state in self._recorded for each in state.data.get("evicted", ()))]

    def nothing_differed(self, story: PlayRecord) -> bool:
        """Return whether no module state had changed at any sleep of the story."""
        slept = len(sleeps_of(self.play)) >= len(sleeps_of(story))
        return bool(self.states) and slept and not self.changed and not self.evicted and self.doubt is None

    def unmet(self, story: PlayRecord) -> str | None:
        """Return the first step that passed in the story and failed here, None without one."""
        met = {step.index for step in story.steps if step.ok}
        for step in self.play.steps:
            if step.index in met and step.failure in _NOT_MET:
                return f"the {step.verb} step at line {step.begun.data['line']}: {step.reason}"
        return None


def _changed(confirmation: _Confirmation, again: Finding, story: PlayRecord) -> Finding | None:
    """Return the new finding on a held claim, None if it stays held."""
    evidence = confirmation.evidence
    if again.verdict == "held":
        doubt = confirmation.doubt
        return None if doubt is None else unknown(f"it held, but {doubt}, so that may be what survived", evidence)
    if confirmation.nothing_differed(story) and again.verdict != "refuted":
        return None  # whatever failed in the confirming play, module state is not what survived
    unmet = again.reason if again.verdict == "refuted" else confirmation.unmet(story)
    if unmet is not None and confirmation.evicted and not confirmation.changed:
        strangers = listed(confirmation.evicted)
        return unknown(f"it held, but not after {strangers} had left memory too: {unmet}", (*evidence, *again.evidence))
    if unmet is None or not confirmation.changed:
        return unknown(f"it held, but not in the confirming play with module state put back: {again.reason}", evidence)
    names = listed(confirmation.changed)
    why = confirmation.doubt
    if why is None and confirmation.others:
        why = f"{listed(confirmation.others)} was in memory meanwhile and shares the isolate"
    if why is not None:
        return unknown(f"it held, but not with module state put back ({names}): {unmet}; {why}", evidence)
    message = f"it held only because of module state {names}: with it put back, {unmet}"
    return refuted(message, (*evidence, *again.evidence))
