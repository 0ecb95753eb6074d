"""One play told as a story: each method is the scenario's next step, and how it came out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.scenario.matching import payload
from poc_cli.scenario.model import Connect, Exchange, Idle, On
from poc_cli.scenario.plays import Play
from poc_cli.scenario.scenario import PlacedStep
from poc_cli.scenario.templates import render

if TYPE_CHECKING:
    from tests.unit.judge.histories import History

FILE = "scenarios/story.toml"
MILLISECOND = 1_000_000
SECOND = 1000 * MILLISECOND
SOCKET_EVENT = "hibernatable_websocket"
PIN = {"kind": "timer", "name": "setInterval", "what": "setInterval", "script": "room.ts", "line": 12, "at_ns": 1}


class Tale:
    """One play, told step by step."""

    def __init__(self, history: "History", play: Play, text: str, label: str | None = None) -> None:
        """Write the beginning of the play."""
        self.history = history
        self.play = play
        self.label = label or play.label
        self.next = 0
        self.at_ns = 1000 * SECOND
        self.last_event_ns = self.at_ns
        self.ctx = dict.fromkeys(play.objects, 0)
        self.in_memory: set[str] = set()
        self.asleep: set[str] = set()
        self.slept = False
        scenario = play.scenario
        self.names = play.names("nonce")
        self.add(
            "poc",
            kinds.PLAY_START,
            scenario=scenario.document.name,
            file=FILE,
            sha256=scenario.sha256,
            text=text,
            role=play.role,
            decides=list(play.decides),
            expect=play.expect,
            nonce="nonce",
            sleep=None,
            target={"kind": "local"},
        )

    # --- what happens between and inside the steps

    def add(self, actor: str, kind: str, *, step: int | None = None, **data: Any) -> Event:
        """Write any event of this play."""
        return self.history.add(self.label, actor, kind, step=step, **data)

    def passes(self, seconds: float) -> None:
        """Let time pass, on the client's clock."""
        self.history.t_ns += round(seconds * SECOND)

    def enters(self, label: str = "object", why: str = "fetch") -> None:
        """Let an object come into memory and get an event."""
        self.ctx[label] += 1
        self.in_memory.add(label)
        self.asleep.discard(label)
        self.at_ns += SECOND
        self.add(f"object:{label}", kinds.ENTERED, process=1, ctx=self.ctx[label], at_ns=self.at_ns)
        self.reaches(label, why)

    def reaches(self, label: str = "object", name: str = SOCKET_EVENT) -> None:
        """Let an event reach an object."""
        self.last_event_ns = self.at_ns
        self.add(f"object:{label}", kinds.DELIVERED, name=name, at_ns=self.at_ns)

    def leaves(
        self,
        how: str = "idle",
        idle: float = 10.001,
        label: str = "object",
        *,
        ctx: int | None = None,
        worked: float = 0.0,
    ) -> None:
        """Let an object leave memory, so long after its last event, of which it worked so long."""
        self.in_memory.discard(label)
        if how in {"idle", "evict"}:
            self.asleep.add(label)
        self.at_ns = self.last_event_ns + round(idle * SECOND)
        self.add(
            f"object:{label}",
            kinds.LEFT,
            how=how,
            process=1,
            ctx=self.ctx[label] if ctx is None else ctx,
            at_ns=self.at_ns,
            at_last_event_ns=self.last_event_ns,
            at_last_activity_ns=self.last_event_ns + round(worked * SECOND),
        )

    def closed(self, *clients: str, by: str = "server", clean: bool = True, code: int = 1006) -> None:
        """Let connections end."""
        for client in clients:
            said = f"received {code}" if clean else "no close frame received"
            self.add(client, kinds.CLOSED, step=self.next - 1, by=by, code=code, reason="", clean=clean, said=said)

    # --- steps

    def begins(self, *verbs: str) -> PlacedStep:
        """Begin the next step, which must be one of these verbs."""
        placed = self.play.steps[self.next]
        assert placed.step.verb in verbs, f"the next step is {placed.step.verb}, not {verbs}"
        step = placed.step
        self.add("poc", kinds.STEP, step=self.next, verb=step.verb, line=placed.position.line, claim=step.claim)
        self.next += 1
        return placed

    def ends(self, **seen: Any) -> None:
        """End the step as it should."""
        self.add("poc", kinds.STEP_END, step=self.next - 1, ok=True, **seen)

    def fails(self, failure: str, reason: str) -> None:
        """End the step as it should not."""
        self.add("poc", kinds.STEP_END, step=self.next - 1, ok=False, failure=failure, reason=reason)

    def connect(self, *, enters: Sequence[str] = ("object",)) -> None:
        """Open the clients; the objects come into memory."""
        placed = self.begins("connect")
        assert isinstance(placed.step, Connect)
        for name in self._clients(placed.step.connect):
            self.add(name, kinds.OPENED, step=self.next - 1, subprotocol=None, compression=False)
        for label in enters:
            if label not in self.in_memory:
                self.enters(label)
        self.ends()

    def says(  # noqa: PLR0913 - what an exchange can differ in
        self,
        reply: object = None,
        *,
        reached: int | None = None,
        wake_ms: float = 12.5,
        label: str = "object",
        cut: bool = False,
        failure: tuple[str, str] | None = None,
    ) -> None:
        """Let each client of an `on` or `resume` step send its message, and get this reply where it expects one.

        `reached` is how many messages the object got: all, unless said. It wakes from the first.
        """
        step, clients = self._begin_exchange()
        sent: dict[str, int] = {}
        answered: dict[str, dict[str, int]] = {}
        if step.sends:
            for name in clients:
                sent[name] = self._message(name, kinds.SENT, payload(render(step.send, self.names)), cut=cut).id
            reached = len(sent) if reached is None else reached
            if reached and label not in self.in_memory:
                self.enters(label, SOCKET_EVENT)
                reached -= 1
            for _ in range(reached):
                self.reaches(label)
        if reply is not None:
            after_ns = round(wake_ms * MILLISECOND) if step.verb == "resume" else MILLISECOND
            self.passes((after_ns - MILLISECOND) / SECOND)
            for name in clients:
                event = self._message(name, kinds.RECEIVED, payload(reply))
                answered[name] = {"event": event.id, "after_ns": after_ns}
        if failure is not None:
            self.passes(step.within if failure[0] in {"mismatch", "silence"} else 0.0)
            self.fails(*failure)
            return
        for name, path in step.capture.items():
            assert isinstance(reply, dict)
            self.names[name] = reply[path]
            self.add("poc", kinds.CAPTURED, step=self.next - 1, name=name, value=reply[path])
        seen = {"sent": sent, "answered": answered} if answered else {"sent": sent}
        wake = {"wake_ms": wake_ms} if step.verb == "resume" else {}
        self.ends(**seen, **wake)

    def gets_wrong(self, reply: object, *, reached: int | None = None) -> None:
        """Let the answer be another than the step expects."""
        self.says(reply, reached=reached, failure=("mismatch", "got 1 message, not as expected"))

    def gets_nothing(self, *, reached: int | None = None) -> None:
        """Let the answer not come."""
        self.says(reached=reached, failure=("silence", "got nothing within 5 s, though the runtime answers"))

    def is_closed(self) -> None:
        """Let the step find its connection closed."""
        self.says(reached=0, failure=("closed", "was closed while it waited for an answer"))

    def hears(self, client: str, *messages: object) -> None:
        """Let a client receive messages that nobody waits for."""
        for message in messages:
            self._message(client, kinds.RECEIVED, payload(message))

    def is_quiet(self) -> None:
        """Let an `on` step with `quiet` pass."""
        step, _ = self._begin_exchange()
        assert isinstance(step, On)
        self.passes(step.quiet or 0.0)
        self.ends()

    def sleeps(self, how: str = "idle", idle: float = 10.001, label: str = "object") -> None:
        """Let the `hibernate` step bring the object to sleep."""
        self.begins("hibernate")
        if label not in self.asleep:
            self.leaves(how, idle, label)
        self.slept = True
        self.ends()

    def stays(self, idle: float = 13.0, label: str = "object", **how: Any) -> None:
        """Let the `hibernate` step give up."""
        self.begins("hibernate")
        self.is_still_awake(idle, label, **how)
        self.fails("no_sleep", f"{label} was still in memory {idle:.1f} s after its last event")

    def is_still_awake(
        self,
        idle: float,
        label: str = "object",
        *,
        worked: float = 0.0,
        watched: float | None = None,
        pins: tuple[dict[str, Any], ...] = (PIN,),
    ) -> None:
        """Let the trace say that the object is in memory so long after its last event; `worked` is how long it worked.

        Seconds; it was watched since its last event unless said.
        """
        last = self.last_event_ns
        self.add(
            f"object:{label}",
            kinds.AWAKE,
            step=self.next - 1,
            at_ns=last + round(idle * SECOND),
            at_last_event_ns=last,
            at_last_activity_ns=last + round(worked * SECOND),
            watched_ms=round((idle if watched is None else watched) * 1000),
            pins=list(pins),
        )

    def probe(self, found: str) -> None:
        """Let the `probe` step find the object asleep, awake or pinned."""
        placed = self.begins("probe")
        wanted = placed.step.model_dump()["probe"]
        ok = found == wanted
        self.add("object:object", kinds.PROBED, step=self.next - 1, wanted=wanted, found=found, ok=ok, pins=[])
        if ok:
            self.ends()
        else:
            self.fails("probe", f"object should be {wanted} and is {found}")

    def close(self, *clients: str, clean: bool = True) -> None:
        """Close these clients."""
        self.begins("close")
        self.closed(*clients, by="client", clean=clean, code=1000)
        self.ends(closed=dict.fromkeys(clients, 1000))

    def restart(self, *, object_: str | None = None, dies: bool = True) -> None:
        """Let a `restart` step end the runtime, or one object of it, and with it what is in memory and every socket."""
        placed = self.begins("restart")
        fault = placed.step.model_dump()["restart"]
        self.add("poc" if object_ is None else f"object:{object_}", kinds.FAULT, step=self.next - 1, fault=fault)
        if dies:
            for label in sorted(self.in_memory):
                self.leaves("died", 0.1, label)
            self.closed(*self.play.clients, by="nobody", clean=False)
        self.ends()

    def idles(self) -> None:
        """Let the time of an `idle` step pass."""
        placed = self.begins("idle")
        assert isinstance(placed.step, Idle)
        self.passes(placed.step.idle)
        self.ends()

    def done(self) -> "History":
        """End the play after its last step, and the run with it."""
        assert self.next == len(self.play.steps), f"{len(self.play.steps) - self.next} steps are left"
        return self.ended("done", "").end()

    def stops(self, reason: str = "on failed at scenarios/story.toml:9: it got nothing") -> "History":
        """End the play at a failed precondition, and the run with it."""
        return self.ended("stopped", reason).end()

    def ended(self, outcome: str, reason: str = "") -> "History":
        """End the play; the run goes on."""
        self.add("poc", kinds.PLAY_END, outcome=outcome, reason=reason, at_step=None)
        return self.history

    def _begin_exchange(self) -> tuple[Exchange, list[str]]:
        placed = self.begins("on", "resume")
        assert isinstance(placed.step, Exchange)
        named = placed.step.model_dump()[placed.step.verb]
        return placed.step, self._clients([named] if isinstance(named, str) else named)

    def _clients(self, names: list[str]) -> list[str]:
        return list(self.play.clients) if names == ["*"] else names

    def _message(self, client: str, kind: str, wire: str | bytes, *, cut: bool = False) -> Event:
        content = {"text": wire} if isinstance(wire, str) else {"hex": wire.hex()}
        marked = {"cut": True} if cut else {}
        return self.add(client, kind, step=self.next - 1, bytes=len(wire), **content, **marked)
