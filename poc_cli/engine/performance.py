"""One play from its first step to its last word in the history.

Never judges: it stops at a failed precondition and says so.
"""

import asyncio
import secrets
import time
from typing import Any, Literal

from poc_cli.engine.admission import raise_if_too_many
from poc_cli.engine.box import Box
from poc_cli.engine.ears import Ears
from poc_cli.engine.failure import PlayError, StepFailed
from poc_cli.engine.sentinels import Watch
from poc_cli.engine.sleeper import Sleeper
from poc_cli.engine.sleeping import TracedSleeper
from poc_cli.engine.stage import Stage
from poc_cli.engine.turns import Turn
from poc_cli.engine.verbs import HANDLERS, Seen
from poc_cli.engine.waiting import InstanceSleeper
from poc_cli.errors import TargetError
from poc_cli.history import event as kinds
from poc_cli.history.writer import HistoryWriter
from poc_cli.scenario.fitting import fit, place_of
from poc_cli.scenario.loader import text_sha256
from poc_cli.scenario.model import Hibernate, On, Step
from poc_cli.scenario.plays import Play, patience
from poc_cli.scenario.story import PlacedStep
from poc_cli.scenario.templates import UnknownNameError
from poc_cli.target.base import Target, TargetDied, TargetHung
from poc_cli.target.busyness import BUSY

CLEAN_UP_SECONDS = 1.0
"""How long a client that the story left open may take to close."""

SleepMode = Literal["idle", "evict"]
Outcome = Literal["done", "stopped", "error", "interrupted", "given_up"]
"""`given_up`: something around the play spoiled it, and it will be played once more."""

CLOCK_JUMP_SECONDS = 1.0
"""A wall clock that runs so far ahead of the monotonic one during a play: the machine was asleep, not the object."""


def _clock_offset() -> float:
    return time.time() - time.monotonic()


class Performance:
    """One play on one target."""

    def __init__(  # noqa: PLR0913 - what is played, where, how, and who hears of it
        self,
        play: Play,
        target: Target,
        history: HistoryWriter,
        *,
        ears: Ears,
        sleep: SleepMode | None,
        turn: Turn,
        attempt: int,
        watch: Watch | None,
    ) -> None:
        """Take what is to be played and where; `sleep` overrides the way of its sleeps, `turn` says when it may act.

        `watch` tells of sleep where there is no trace.

        A first attempt that the surroundings spoiled is given up, for a second one in a fresh runtime.
        """
        self._play = play
        self._attempt = attempt
        self._label = play.label if attempt == 1 else f"{play.label}@{attempt}"
        # Fresh, so that no play ever meets an object of another.
        self._nonce = f"{play.scenario.document.name}-{secrets.token_hex(4)}"
        self._target = target
        self._history = history
        self._ears = ears
        self._sleep = sleep
        self._turn = turn
        self._watch = watch
        self._box: Box | None = None
        self._busyness = target.busyness
        self._begun = self._busyness.mark()
        # A control is decided by one performance; a story whose object does not sleep in a black box gets a second.
        self._is_last = attempt > 1 or play.role == "control"
        self._fitted = fit(play, place_of(self._place_of_target()))

    async def perform(self) -> Outcome:
        """Play to the end and write it down; give how it ended. Lets only cancellation through."""
        stage: Stage | None = None
        outcome: Outcome = "interrupted"
        reason = "interrupted"
        clock = _clock_offset()
        try:
            stage = self._stage()
            raise_if_too_many(self._play)
            stage.watch()
            await stage.ready()
            outcome, reason = await self._steps(stage)
            outcome, reason = await self._looked_at(outcome, reason)
            if abs(_clock_offset() - clock) > CLOCK_JUMP_SECONDS:
                outcome, reason = self._spoiled("the machine's clock jumped while the play went on")
        except (TargetHung, TargetDied) as error:
            outcome, reason = self._spoiled(error.in_a_line)
        except TargetError as error:
            outcome, reason = "error", error.in_a_line
        except PlayError as error:
            outcome, reason = "error", str(error)
        finally:
            self._turn.leave()
            step = None
            if stage is not None:
                step, stage.step = stage.step, None
                self._list_unread(stage)
            self._history.add(self._label, "poc", kinds.PLAY_END, outcome=outcome, reason=reason, at_step=step)
            if stage is not None:
                await self._clean_up(stage)
        return outcome

    def _spoiled(self, reason: str) -> tuple[Outcome, str]:
        return ("given_up" if self._attempt == 1 else "error"), reason

    async def _looked_at(self, outcome: Outcome, reason: str) -> tuple[Outcome, str]:
        """Give how the play ended, or that it is to be played once more, and why."""
        if self._box is None:
            return outcome, reason
        await self._box.ask_at_the_end()
        told = None if self._attempt > 1 else self._box.worth_another(is_story=self._play.role == "story")
        return (outcome, reason) if told is None else ("given_up", told)

    def _stage(self) -> Stage:
        start = self._history.add(self._label, "poc", kinds.PLAY_START, **self._description())
        stage = Stage(self._play, self._label, self._nonce, self._target, self._history, self._ears)
        self._box = None if self._watch is None else Box(stage, self._watch, self._label, start)
        return stage

    def _description(self) -> dict[str, Any]:
        play = self._play
        # A scenario may hold a secret of the worker's; what is written down is then what the sum must be of.
        text = str(self._history.without_secrets(play.scenario.text))
        return {
            "scenario": play.scenario.document.name,
            "file": play.scenario.file,
            "sha256": play.scenario.sha256 if text == play.scenario.text else text_sha256(text),
            "text": text,
            "role": play.role,
            "decides": list(play.decides),
            "expect": play.expect,
            "nonce": self._nonce,
            "attempt": self._attempt,
            "round": play.round,
            "sleep": self._sleep,
            "target": self._place_of_target(),
        }

    def _place_of_target(self) -> dict[str, Any]:
        return {
            "kind": self._target.kind,
            "versions": self._target.versions,
            "compatibility_date": self._target.compatibility_date,
            "oracle": self._target.oracle,
            "abilities": sorted(self._target.abilities),
        }

    async def _steps(self, stage: Stage) -> tuple[Outcome, str]:
        failed_claims: set[str | None] = set()
        for index, placed in enumerate(self._play.steps):
            if self._fitted.leaves_out(placed.step):
                continue
            stage.step = index
            stage.names |= dict(placed.bound)
            self._begin(stage, placed)
            try:
                seen = await self._turn.take(self._carry_out(stage, placed))
            except StepFailed as failed:
                stage.add("poc", kinds.STEP_END, ok=False, failure=failed.failure, reason=failed.reason)
                if late := self._only_late(placed.step, failed):
                    return self._spoiled(f"{self._place(placed)}: {late}")
                failed_claims.add(placed.step.claim)
                if self._play.role == "control" and failed_claims.issuperset(self._play.decides):
                    return "done", ""  # it has come out; the rest of its steps decide nothing
                if placed.step.claim is None:
                    return "stopped", f"{placed.step.verb} failed at {self._place(placed)}: {failed.reason}"
            except (TargetHung, TargetDied) as error:
                raise type(error)(f"{self._place(placed)}: {error.message}", error.advice) from error
            except (TargetError, PlayError, ValueError) as error:
                # A ValueError is a value that only the play has shown to be wrong: a template that gives no bytes.
                told = error.in_a_line if isinstance(error, TargetError) else str(error)
                raise PlayError(f"{self._place(placed)}: {told}") from error
            else:
                stage.add("poc", kinds.STEP_END, ok=True, **seen)
        stage.step = None
        return "done", ""

    def _only_late(self, step: Step, failed: StepFailed) -> str | None:
        """Give why a silence is no evidence, None where it is; one by which a control comes out as it should is.

        A runtime that is busy may be so with the worker's own work: that alone excuses only a first attempt.
        """
        comes_out = self._play.role == "control" and step.claim in self._play.decides
        if failed.failure != "silence" or comes_out:
            return None
        asked = self._busyness.busy_since if self._attempt == 1 else self._busyness.starved_since
        share = asked(self._begun)
        return f"the machine was too busy to tell ({share:.0%}): {failed.reason}" if share >= BUSY else None

    def _place(self, placed: PlacedStep) -> str:
        return f"{self._play.scenario.file}:{placed.position.line}:{placed.position.column}"

    def _begin(self, stage: Stage, placed: PlacedStep) -> None:
        step = placed.step
        stage.add("poc", kinds.STEP, verb=step.verb, line=placed.position.line, claim=step.claim)
        stage.say(step.verb)

    async def _carry_out(self, stage: Stage, placed: PlacedStep) -> Seen:
        step = placed.step
        self._busyness = self._target.busyness
        self._begun = self._busyness.mark()
        sleeper = self._sleeper(stage, step)
        if isinstance(step, Hibernate) and self._sleep is not None and not (step.natural or step.forced):
            step = step.model_copy(update={"hibernate": self._sleep})
        try:
            seen = await HANDLERS[type(step)](stage, step, sleeper)
        except UnknownNameError as missing:
            # The loader knows every name; what is missing is what a step of a claim should have captured, and failed.
            raise StepFailed("unbound", f"{missing}: the step that captures it failed") from missing
        only_sends = isinstance(step, On) and step.sends and not step.expects
        if any(witnessed.slept for witnessed in stage.objects.values()) and not only_sends:
            # After a sleep the judge asks which messages reached the object in this very step; a pong is the runtime's.
            await stage.target.settled()
        return seen

    def _sleeper(self, stage: Stage, step: Step) -> Sleeper:
        how_long = patience(self._play, step)
        if stage.target.trace is not None:
            return TracedSleeper(stage, stage.target.trace, how_long)
        if self._box is None:
            raise PlayError("without a trace somebody has to watch where sleep begins")
        expects_sleep = how_long == "sleep"
        return InstanceSleeper(stage, self._box, expects_sleep=expects_sleep, is_long=expects_sleep and self._is_last)

    def _list_unread(self, stage: Stage) -> None:
        for name, client in stage.clients.items():
            unread = [received.event_id for received in client.inbox.unread()]
            if unread:
                stage.add(name, kinds.UNREAD, events=unread)

    async def _clean_up(self, stage: Stage) -> None:
        await asyncio.gather(*(client.close(1000, "", CLEAN_UP_SECONDS) for client in stage.clients.values()))
        stage.unwatch()
