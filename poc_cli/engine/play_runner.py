"""Run one play from its first step to its `play_end` event."""

import asyncio
import secrets
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from poc_cli.clients.client import in_seconds
from poc_cli.engine.admission import raise_if_too_many
from poc_cli.engine.callers import CROWDED
from poc_cli.engine.context import PlayContext
from poc_cli.engine.environment import PlayEnvironment
from poc_cli.engine.gap_sleeps import GapSleeps
from poc_cli.engine.hibernation import Sleeper
from poc_cli.engine.hibernation_traced import TracedSleeper
from poc_cli.engine.in_flight import await_answers, in_flight_of
from poc_cli.engine.module_state_play import ModuleStateResetter, resets_in, resetter_for
from poc_cli.engine.step_failure import STEP_FAILED, PlayError, StepFailed
from poc_cli.engine.step_handlers import HANDLERS, Seen
from poc_cli.errors import TargetError
from poc_cli.history import event as kinds
from poc_cli.history.writer import HistoryWriter
from poc_cli.record.attempts import CUT_STEP, SUSPECT
from poc_cli.record.lateness import LATE_NS, TOO_SLOW, Cut, concerning, cut_of
from poc_cli.record.play_record import steps_of
from poc_cli.record.stay_end import with_how
from poc_cli.run_options import SleepMode
from poc_cli.scenario.capabilities import fit, place_of
from poc_cli.scenario.loader import text_sha256
from poc_cli.scenario.model import Hibernate, Idle, On, Step
from poc_cli.scenario.plays import Play, patience
from poc_cli.scenario.scenario import PlacedStep
from poc_cli.scenario.sessions import SESSIONS
from poc_cli.scenario.templates import UnknownNameError
from poc_cli.targets.base import Target, TargetDied, TargetHung

if TYPE_CHECKING:
    from poc_cli.engine.black_box import BlackBox
    from poc_cli.engine.canaries import Canaries
    from poc_cli.history.event import Event

CLEAN_UP_SECONDS = 1.0
"""How long a client that is still open after the last step may take to close."""

Outcome = Literal["done", "stopped", "error", "interrupted", "given_up", "runtime_failed", "shared"]
"""`given_up`: something outside the play disturbed it, and it is repeated; `runtime_failed`: that was the runtime, and
`shared`: that was what another play may have stored, so it is repeated in another one."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a play: its number from 1, whether the play has its own runtime, whether it is the last."""

    number: int
    alone: bool
    is_last: bool = False


class PlayRunner:
    """One play on one target."""

    def __init__(  # noqa: PLR0913 - the play, its target, its history and the options
        self,
        play: Play,
        target: Target,
        history: HistoryWriter,
        *,
        environment: PlayEnvironment,
        sleep: SleepMode | None,
        attempt: Attempt,
        canaries: "Canaries | None",
    ) -> None:
        """Initialize; `sleep` overrides how the play's sleeps are caused.

        `canaries` show when objects sleep if the target has no trace.
        """
        self._play = play
        self._attempt = attempt
        self._label = play.label if attempt.number == 1 else f"{play.label}@{attempt.number}"
        # Unique, so that no play shares an object with another.
        self._nonce = f"{play.scenario.document.name}-{secrets.token_hex(4)}"
        self._target = target
        self._history = history
        self._environment = environment
        self._sleep = sleep
        self._canaries = canaries
        self._box: BlackBox | None = None
        self._start: Event | None = None
        self._due_ns = 0
        self._cut_step: int | None = None
        self._next_cut_check_ns = 0
        self._is_suspect = False
        self._has_late_step = False
        self._resetter: ModuleStateResetter | None = None
        self._gap_sleeps: GapSleeps | None = None
        self._sleepers: dict[str | None, Sleeper] = {}
        """By the claim of a step, which decides whether its object is expected to sleep."""
        self._all_passed = True
        # A control is decided by one attempt; a story whose object does not sleep in a black box is repeated.
        self._is_last = attempt.number > 1 or play.role == "control"
        self._fitted = fit(play, place_of(self._place_of_target()))

    async def run(self) -> Outcome:
        """Run and record the play, and return its outcome. Raises only CancelledError."""
        context: PlayContext | None = None
        outcome: Outcome = "interrupted"
        reason = "interrupted"
        try:
            context = self._context()
            raise_if_too_many(self._play)
            context.subscribe()
            await context.ready()
            await self._prepare(context)
            outcome, reason = await self._steps(context)
            outcome, reason = await self._repeat_in_black_box(outcome, reason)
            outcome, reason = await self._cut_if_late(context, outcome, reason)
            outcome, reason = self._repeat_if_crowded(context, outcome, reason)
            outcome, reason = self._repeat_if_shared(context, outcome, reason)
        except (TargetHung, TargetDied) as error:
            outcome, reason = self._runtime_failed(context, error)
        except TargetError as error:
            outcome, reason = "error", error.in_a_line
        except PlayError as error:
            outcome, reason = "error", str(error)
        finally:
            if self._resetter is not None:
                await self._resetter.end(ok=outcome == "done" and self._all_passed)
            step = None
            if context is not None:
                step, context.step = context.step, None
                self._list_unread(context)
                context.reports.end()
            ending: dict[str, Any] = {"outcome": outcome, "reason": reason, "at_step": step}
            if outcome in {"given_up", "runtime_failed", "shared"}:
                ending |= {"outcome": "given_up", CUT_STEP: self._cut_step}
            if self._is_suspect:
                ending |= {SUSPECT: True}
            self._history.add(self._label, "poc", kinds.PLAY_END, **ending)
            if context is not None:
                await self._clean_up(context)
        return outcome

    async def _prepare(self, context: PlayContext) -> None:
        self._resetter = resetter_for(context)
        if self._resetter is not None:
            await self._resetter.begin()
        if self._play.role in SESSIONS:
            self._gap_sleeps = GapSleeps(context, self._resetter)

    async def _cut_if_late(self, context: PlayContext, outcome: Outcome, reason: str) -> tuple[Outcome, str]:
        """Return the outcome; if lateness may have changed it, give the play up so that it is repeated."""
        if self._target.trace is not None:
            # A pending fence may show that the runtime was late until now.
            await self._target.settled()
            context.came_round()
        cut = None if outcome == "given_up" else self._cut(context)
        if cut is None:
            return outcome, reason
        self._cut_step = cut.step
        return ("stopped" if self._attempt.is_last else "given_up"), TOO_SLOW + cut.reason

    def _repeat_if_crowded(self, context: PlayContext, outcome: Outcome, reason: str) -> tuple[Outcome, str]:
        """Return the outcome; where another play may have held its sockets, give the play up so that it is repeated."""
        if outcome not in {"done", "stopped"} or not context.callers.is_crowded or self._attempt.is_last:
            return outcome, reason
        return "given_up", CROWDED

    def _repeat_if_shared(self, context: PlayContext, outcome: Outcome, reason: str) -> tuple[Outcome, str]:
        """Return the outcome; where another play may have stored what this one found, nothing of it is evidence."""
        found = self._shared_object(context)
        if found is None or outcome in {"error", "interrupted"}:
            return outcome, reason
        self._cut_step = 0
        return "shared", f"{found}, which the scenario does not name, was used by another play too"

    def _shared_object(self, context: PlayContext) -> str | None:
        """Return an object that the objects of another play have reached as well, such as a lobby; None without one."""
        if self._attempt.alone or self._target.trace is None:
            return None
        return self._target.trace.shared_with_others([each.id for each in context.objects.values()])

    def _is_cut(self, context: PlayContext) -> bool:
        """Return whether lateness makes the rest of the play worthless as evidence.

        This only saves time: the end of the play checks it again. A check takes longer the more steps a play has, so
        checks are limited to a fiftieth of its time.
        """
        begun_ns = context.now_ns
        if begun_ns < self._next_cut_check_ns:
            return False
        is_cut = self._cut(context) is not None
        ended_ns = context.now_ns
        self._next_cut_check_ns = ended_ns + 50 * (ended_ns - begun_ns)
        return is_cut

    def _cut(self, context: PlayContext) -> Cut | None:
        """Return where lateness ends the play's evidence so far, by the same rule as the judge."""
        if self._start is None:
            return None
        now_ns = context.now_ns
        late = concerning(context.late_stretches(), self._start, context.events, now_ns)
        if not late and not self._has_late_step:
            return None
        events = [event for event in with_how(context.events) if event is not None]
        return cut_of(self._play, steps_of(events), events, late, traced=self._target.trace is not None)

    def _runtime_failed(self, context: PlayContext | None, error: TargetError) -> tuple[Outcome, str]:
        """Return the outcome after the runtime hung or died.

        A hang is the play's own error if it had the runtime to itself. A runtime that died may have been killed from
        outside, so the play is repeated; if no play explains the death, a play that was waiting for the runtime at
        that moment does not hold.
        """
        self._cut_step = None if context is None else context.step
        self._is_suspect = (
            context is not None
            and self._waited_for_runtime(context)
            and not (isinstance(error, TargetDied) and error.from_outside)
        )
        hung_alone = self._attempt.alone and isinstance(error, TargetHung) and self._target.trace is not None
        if hung_alone or self._attempt.number > 1:
            return "error", error.in_a_line
        return "runtime_failed", error.in_a_line

    def _waited_for_runtime(self, context: PlayContext) -> bool:
        """Return whether the play was waiting for its runtime when that failed.

        The death of a runtime during an idle wait is noticed only by the next step.
        """
        died_in = (
            event.step for event in context.events if event.kind == kinds.LEFT and event.data["ended"] == "process"
        )
        steps = {step for step in (context.step, *died_in) if step is not None}
        return bool(steps) and all(self._play.steps[step].step.asks_worker for step in steps)

    async def _repeat_in_black_box(self, outcome: Outcome, reason: str) -> tuple[Outcome, str]:
        """Return the outcome; without a trace, give the play up if there is a reason to repeat it."""
        if self._box is None:
            return outcome, reason
        await self._box.ask_at_the_end()
        repeat = None if self._attempt.number > 1 else self._box.reason_to_repeat(is_story=self._play.role == "story")
        if repeat is None:
            return outcome, reason
        self._cut_step = repeat.cut_step
        return "given_up", repeat.reason

    def _context(self) -> PlayContext:
        start = self._start = self._history.add(self._label, "poc", kinds.PLAY_START, **self._description())
        context = PlayContext(
            self._play,
            self._label,
            self._nonce,
            self._target,
            self._history,
            self._environment,
            alone=self._attempt.alone,
        )
        context.in_flight = in_flight_of(self._play)
        if self._canaries is not None:
            from poc_cli.engine.black_box import BlackBox  # slow to import, and most plays have a trace

            self._box = BlackBox(context, self._canaries, self._label, start)
        return context

    def _description(self) -> dict[str, Any]:
        play = self._play
        # A scenario may contain a secret; the checksum is then that of the masked text, which is recorded.
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
            "attempt": self._attempt.number,
            "runtime": self._target.number,
            "alone": self._attempt.alone,
            "round": play.round,
            **({"gaps": list(play.gaps), "ignore": list(play.ignore)} if play.role in SESSIONS else {}),
            **({"asleep": list(play.asleep)} if play.asleep else {}),
            **({"resets": True} if resets_in(self._target, play) else {}),
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

    async def _steps(self, context: PlayContext) -> tuple[Outcome, str]:
        failed_claims: set[str | None] = set()
        self._environment.run.mismatched[self._play.label] = set()
        self._due_ns = context.now_ns
        for index, placed in enumerate(self._play.steps):
            if self._fitted.leaves_out(placed.step):
                continue
            context.step = index
            context.names |= dict(placed.bound)
            self._begin(context, placed)
            failed = await self._outcome(context, placed)
            if self._is_cut(context) or self._shared_object(context) is not None:
                return "stopped", ""  # `_cut_if_late` or `_repeat_if_shared` has the reason
            if self._gap_sleeps is not None:
                # What the clients see decides, not what the steps expect.
                await self._gap_sleeps.after(index)
                self._due_ns = context.now_ns
                continue
            if failed is not None:
                self._all_passed = False
                failed_claims.add(placed.step.claim)
                if self._play.role == "story" and not self._is_known(placed.step.claim):
                    self._environment.say(STEP_FAILED)
                if self._play.role == "control" and failed_claims.issuperset(self._play.decides):
                    return "done", ""  # the control has failed as it should; the other steps decide nothing
                if placed.step.claim is None:
                    return "stopped", f"{placed.step.verb} failed at {self._place(placed)}: {failed.reason}"
            # An `idle` that took too long makes the next step late; any other step only delays it.
            self._due_ns = self._due_ns + idle_ns(placed.step) if idle_ns(placed.step) else context.now_ns
        context.step = None
        if self._gap_sleeps is not None:
            await self._gap_sleeps.end()
        await await_answers(context)
        return "done", ""

    def _is_known(self, claim_id: str | None) -> bool:
        """Return whether a claim is known to be refuted on some target."""
        claims = self._play.scenario.document.claim
        return any(claim.known for claim in claims if claim.id == claim_id)

    async def _outcome(self, context: PlayContext, placed: PlacedStep) -> StepFailed | None:
        """Run a step, record its end, and return its failure, if any."""
        try:
            seen = await context.unless_broken_off(self._carry_out(context, placed))
        except StepFailed as failed:
            failed.reason = await context.reports.explain(failed)
            context.add("poc", kinds.STEP_END, ok=False, failure=failed.failure, reason=failed.reason)
            if failed.failure == "mismatch" and context.step is not None:
                self._environment.run.mismatched[self._play.label].add(context.step)
            return failed
        except (TargetHung, TargetDied) as error:
            # A copy: all plays of a runtime may get the same error object.
            own = copy(error)
            own.message = f"{self._place(placed)}: {error.message}"
            raise own from error
        except (TargetError, PlayError, ValueError) as error:
            # A ValueError is an invalid value that only shows during the play, such as a template that is not bytes.
            message = error.in_a_line if isinstance(error, TargetError) else str(error)
            raise PlayError(f"{self._place(placed)}: {message}") from error
        context.add("poc", kinds.STEP_END, ok=True, **seen)
        return None

    def _place(self, placed: PlacedStep) -> str:
        return f"{self._play.scenario.file}:{placed.position.line}:{placed.position.column}"

    def _begin(self, context: PlayContext, placed: PlacedStep) -> None:
        step, now_ns = placed.step, context.now_ns
        late_ms = round(max(0, now_ns - self._due_ns) / 1e6, 3)
        context.late_s = late_ms / 1000
        self._has_late_step |= late_ms * 1e6 > LATE_NS
        due = {"due_ns": min(self._due_ns, now_ns), "late_ms": late_ms}
        context.passed_over.begin(step)
        context.add("poc", kinds.STEP, t_ns=now_ns, verb=step.verb, line=placed.position.line, claim=step.claim, **due)
        context.say(step.verb)

    async def _carry_out(self, context: PlayContext, placed: PlacedStep) -> Seen:
        step = placed.step
        if step.claim not in self._sleepers:
            self._sleepers[step.claim] = self._sleeper(context, step)
        sleeper = self._sleepers[step.claim]
        if isinstance(step, Hibernate) and self._sleep is not None and not (step.natural or step.forced):
            step = step.model_copy(update={"hibernate": self._sleep})
        try:
            seen = await HANDLERS[type(step)](context, step, sleeper)
        except UnknownNameError as missing:
            # The loader has checked the names, so a missing one is a capture of a step that failed.
            raise StepFailed("unbound", f"{missing}: the step that captures it failed") from missing
        if self._resetter is not None:
            await self._resetter.after(step)
        only_sends = isinstance(step, On) and step.sends and not step.expects
        slept = any(witnessed.slept for witnessed in context.objects.values())
        if (slept and not only_sends) or isinstance(step, Idle):
            # After a sleep the judge checks which messages reached the object in this step; a pong is the runtime's.
            # In an `idle` step it counts wakes and time in memory.
            await context.target.settled()
        return seen

    def _sleeper(self, context: PlayContext, step: Step) -> Sleeper:
        how_long = patience(self._play, step)
        if context.target.trace is not None:
            return TracedSleeper(context, context.target.trace, how_long)
        if self._box is None:
            raise PlayError("a target without a trace needs canaries")
        expects_sleep = how_long == "sleep"
        from poc_cli.engine.hibernation_untraced import UntracedSleeper

        return UntracedSleeper(context, self._box, expects_sleep=expects_sleep, is_long=expects_sleep and self._is_last)

    def _list_unread(self, context: PlayContext) -> None:
        for name, client in context.clients.items():
            unread = list(client.inbox.unread())
            if unread:
                context.add(name, kinds.UNREAD, events=unread)

    async def _clean_up(self, context: PlayContext) -> None:
        in_time = in_seconds(CLEAN_UP_SECONDS)
        await asyncio.gather(*(client.close(1000, "", in_time) for client in context.clients.values()))
        context.unsubscribe()


def idle_ns(step: Step) -> int:
    """Return the length of an `idle` step, 0 for any other step."""
    return round(step.idle * 1e9) if isinstance(step, Idle) else 0
