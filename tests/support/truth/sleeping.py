"""How a play in the little world puts its object to sleep, and looks at it."""

from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.scenario.model import Hibernate, Probe
from poc_cli.scenario.plays import patience
from tests.support.truth.recording import ACTOR, Failed, Recording
from tests.support.truth.world import MS, SECOND

SLEEPS_WITHIN_NS: Final = 13 * SECOND
AWAKE_AFTER_NS: Final = 13 * SECOND
"""Long enough with and without a pin."""


class Sleeping(Recording):
    """Hibernates and probes."""

    def _pins(self, at_least_ns: int = SECOND) -> list[Any]:
        world = self.world
        if not world.pins() or world.now_ns - world.pinned_since_ns < at_least_ns:
            return []
        at_ns = world.at_ns - (world.now_ns - world.pinned_since_ns)
        pin = {
            "kind": "timer",
            "name": "setTimeout",
            "what": "setTimeout",
            "script": "room.ts",
            "line": 12,
            "at_ns": at_ns,
        }
        return [pin]

    def _hibernate(self, step: Hibernate) -> Any:
        should_sleep = patience(self.play, step) == "sleep"
        self.world.is_asked = True
        try:
            self._put_to_sleep(step, should_sleep=should_sleep)
        finally:
            self.world.is_asked = False
        return {}

    def _put_to_sleep(self, step: Hibernate, *, should_sleep: bool) -> None:
        self._fence()
        if not self.seen:
            raise Failed("wrong_object", "Room was never in memory")
        if self.asleep:
            return
        if step.hibernate == "evict":
            pins = self._lasting_pins(should_sleep=should_sleep)
            if not pins:
                self._evict()
                if not self.in_memory:
                    return
                if not should_sleep:
                    raise Failed("no_sleep", "the evict did not end object's stay")
                self._await_sleep(should_sleep=should_sleep)
                return
            self.add(ACTOR, kinds.REFUSED, pins=pins, alarm_in_ms=None)
            if not should_sleep:
                raise Failed("no_sleep", "the evict was refused: object is pinned by setTimeout")
        self._await_sleep(should_sleep=should_sleep)

    def _lasting_pins(self, *, should_sleep: bool) -> list[Any]:
        while True:
            young = self._pins(0)
            lasting = self._pins(SECOND if should_sleep else 100 * MS)
            if lasting or not young:
                return lasting
            self._pass(50 * MS)
            self._fence()

    def _evict(self) -> None:
        self.add(ACTOR, kinds.EVICTING)
        self._pass(self.world.random.randint(1, 3) * MS)
        outcome = "evicted"
        if self.world.in_memory:
            self.world.leave("evict")
        else:
            outcome = "not_running"
        if self.world.random.random() < 0.5:
            self._read_trace()
        self.add(ACTOR, kinds.EVICTED, outcome=outcome, said="")
        self._fence()

    def _await_sleep(self, *, should_sleep: bool) -> None:
        limit_ns = SLEEPS_WITHIN_NS if should_sleep else AWAKE_AFTER_NS
        self._fence()
        begun_ns = self.world.now_ns
        while True:
            if not self.in_memory:
                return
            pins = self._pins()
            since_ns = self.world.last_event_ns if pins else self.world.last_activity_ns
            late_ns = self._late_since(since_ns)
            left_ns = limit_ns - (self.world.now_ns - since_ns - late_ns)
            watched_ns = self.world.now_ns - begun_ns
            if left_ns <= 0 or watched_ns >= 40 * SECOND:
                break
            self._pass(min(SECOND, max(left_ns, 10 * MS)))
            self._fence()
        zero_ns = self.world.now_ns - self.world.at_ns
        self.add(
            ACTOR,
            kinds.AWAKE,
            at_ns=self.world.at_ns,
            at_last_event_ns=self.world.last_event_ns - zero_ns,
            at_last_activity_ns=self.world.last_activity_ns - zero_ns,
            watched_ms=round(watched_ns / MS),
            late_ms=round(late_ns / MS, 3),
            pins=pins,
        )
        raise Failed("no_sleep", "object was still in memory")

    def _probe(self, step: Probe) -> Any:
        self._fence()
        if not self.seen:
            raise Failed("wrong_object", "Room was never in memory")
        pins = self._pins()
        found = ("pinned" if pins else "awake") if self.in_memory else "asleep" if self.asleep else "gone"
        ok = found == step.probe or (step.probe == "awake" and found == "pinned")
        times: dict[str, Any] = {}
        if self.in_memory:
            zero_ns = self.world.now_ns - self.world.at_ns
            times = {
                "at_ns": self.world.at_ns,
                "at_last_event_ns": self.world.last_event_ns - zero_ns,
                "at_last_activity_ns": self.world.last_activity_ns - zero_ns,
                "late_ms": round(self._late_since(self.world.last_activity_ns) / MS, 3),
            }
        self.add(ACTOR, kinds.PROBED, wanted=step.probe, found=found, ok=ok, pins=pins, **times)
        if not ok:
            raise Failed("probe", f"object should be {step.probe} and is {found}")
        return {}
