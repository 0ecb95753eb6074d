"""What one play in a black box has instead of a trace: where sleep begins there, and what its objects tell of it."""

from dataclasses import dataclass

from poc_cli.engine.canaries import CanaryWatch
from poc_cli.engine.context import PlayContext
from poc_cli.engine.identity_queries import Questions
from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.instances import Change, describe_stay, instances_of, should_stay
from poc_cli.record.play_record import PlayRecord
from poc_cli.residency.sleep_onset import LONGEST_WAIT_SECONDS
from poc_cli.scenario.plays import patience


@dataclass(frozen=True, slots=True)
class Again:
    """Why a performance is worth another, and the step from which on it proves nothing, None where all of it counts."""

    reason: str
    cut_step: int | None


class BlackBox:
    """One play in a black box."""

    def __init__(self, context: PlayContext, watch: CanaryWatch, label: str, start: Event) -> None:
        """Take the play's stage, name and beginning, and what all plays of the run know of sleep."""
        self.watch = watch
        self._context = context
        self._label = label
        self._start = start
        self._questions = Questions(context) if watch.is_ours else None

    async def ask(self, labels: list[str]) -> None:
        """Ask objects who they are, if the worker is one that can be asked."""
        if self._questions is not None:
            await self._questions.ask(labels)

    async def ask_at_the_end(self) -> None:
        """Ask those objects that were left alone: the story is over."""
        await self.ask([label for label in self._context.objects if self._waits(label)])

    def still_there(self, label: str) -> str | None:
        """Return in words that an object was still there when it was last left alone, None where that is not known."""
        stays, last = instances_of(self._record(), label).stays, self._waits(label)[-1:]
        return next((describe_stay(stay) for stay in stays if any(each.id in last for each in stay.waited)), None)

    def worth_another(self, *, is_story: bool) -> Again | None:
        """Return why a second performance may come out otherwise; None where there is no reason to think so.

        A place far away may be out of reach for a moment, which no trace tells from a lost message: what a story did
        not get at all, it has to miss twice. A control is often meant to.
        """
        events = self._context.events
        late = next((each for each in events if each.kind == kinds.OPEN_FAILED and each.data.get("late")), None)
        if late is not None:
            return Again(f"{late.actor} could not connect in time; once more", late.step)
        if not is_story:
            return None
        silent = (each for each in events if each.kind == kinds.STEP_END and each.data.get("failure") == "silence")
        missed = next(silent, None)
        return self._was_late() if missed is None else Again(f"{missed.data['reason']}; once more", missed.step)

    def _was_late(self) -> Again | None:
        """Return that an object which should have slept was still there after a wait; None where all slept.

        One in some hundred sleeps is late, and what does not sleep is only refuted after a longer silence: such a story
        is worth a second, more patient performance.
        """
        play, long_enough = self._record(), self.watch.asleep_by_seconds or LONGEST_WAIT_SECONDS
        for label in play.play.objects:
            for stay in instances_of(play, label).stays:
                is_short = stay.silent_ms / 1000 < long_enough
                if is_short and not should_stay(play, stay) and self._should_sleep(stay):
                    return Again(f"{describe_stay(stay)}; once more, with more patience", None)
        return None

    def _waits(self, label: str) -> list[int]:
        actor = f"object:{label}"
        return [event.id for event in self._context.events if event.kind == kinds.WAITED and event.actor == actor]

    def _should_sleep(self, stay: Change) -> bool:
        steps = [self._context.play.steps[waited.step].step for waited in stay.waited if waited.step is not None]
        return any(patience(self._context.play, step) == "sleep" for step in steps)

    def _record(self) -> PlayRecord:
        return PlayRecord(self._label, self._start, tuple(self._context.events), None)
