"""Plays a story in the little world and writes the history that poc would write: its order, its waits, its fences.

It mirrors poc_cli/engine on a clock of its own; nothing is ever late here.
"""

from collections.abc import Callable
from typing import Any

from poc_cli.engine.in_flight import in_flight_of
from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.scenario.conditions import lookup
from poc_cli.scenario.expected_message import expected_by
from poc_cli.scenario.marks import IN_FLIGHT_SECONDS
from poc_cli.scenario.matching import Message, matches, payload
from poc_cli.scenario.model import Close, Connect, Exchange, Hibernate, Idle, Kill, On, Probe, Restart, Resume, Step
from poc_cli.scenario.plays import Play
from poc_cli.scenario.templates import UnknownNameError, render
from poc_cli.scenario.unordered import AnyOrder
from tests.support.truth.recording import Client, Failed, Received, Stall
from tests.support.truth.sleeping import Sleeping
from tests.support.truth.world import MS, SECOND, Socket, World


class Player(Sleeping):
    """One play of a story."""

    def __init__(self, play: Play, text: str, world: World, events: list[Event], stall: Stall | None = None) -> None:
        """Take the story, the world, where the history is written, and what goes wrong with the machine."""
        super().__init__(play, text, world, events, stall)
        world.got = lambda socket, text: self._heard(lambda: self._got(socket, text))
        world.ended = lambda *how: self._heard(lambda: self._ended(*how))

    def perform(self) -> None:
        """Play to the end."""
        outcome, reason = self._steps()
        self.step = None
        if outcome == "done":
            self._await_outstanding()
        for name, client in self.clients.items():
            unread = [each.event.id for each in client.inbox if not each.read]
            if unread:
                self.add(name, kinds.UNREAD, events=unread)
        self.add("poc", kinds.PLAY_END, outcome=outcome, reason=reason, at_step=None)

    def _await_outstanding(self) -> None:
        """Wait for messages whose delivery a claim is about, as long as one may take."""
        for flight in in_flight_of(self.play):
            heard = 0

            def latest_ns() -> int | None:
                nonlocal heard
                for event in self.events[heard:]:
                    if event.kind in {kinds.SENT, kinds.RECEIVED}:
                        flight.note(event)  # noqa: B023 - called within the turn of the loop
                heard = len(self.events)
                return flight.latest_ns()  # noqa: B023

            def has_come() -> bool:
                return latest_ns() is None or not any(each.is_open for each in self.clients.values())

            last_ns = latest_ns()
            if last_ns is not None:
                until_ns = last_ns + round(IN_FLIGHT_SECONDS * SECOND) + self._late_since(last_ns)
                self._run(until_ns, has_come)

    def _steps(self) -> tuple[str, str]:
        self.due_ns = self.world.now_ns
        for index, placed in enumerate(self.play.steps):
            self._plan_stall(index)
            self.step = index
            step = placed.step
            self.names |= dict(placed.bound)
            self.late_ns = max(0, self.world.now_ns - self.due_ns)
            line = placed.position.line
            due = {"due_ns": self.world.now_ns - self.late_ns, "late_ms": round(self.late_ns / MS, 3)}
            self.add("poc", kinds.STEP, verb=step.verb, line=line, claim=step.claim, **due)
            self._pass(self.world.random.randint(20_000, 300_000))
            try:
                seen = self._carry_out(step)
            except Failed as failed:
                self.add("poc", kinds.STEP_END, ok=False, failure=failed.failure, reason=failed.reason)
                if step.claim is None:
                    return "stopped", f"{step.verb} failed at story.toml:{line}: {failed.reason}"
            else:
                self.add("poc", kinds.STEP_END, ok=True, **seen)
            idle_ns = round(step.idle * SECOND) if isinstance(step, Idle) else 0
            self.due_ns = self.due_ns + idle_ns if idle_ns else self.world.now_ns
            self._pass(self.world.random.randint(20_000, 200_000))
        return "done", ""

    def _plan_stall(self, step: int) -> None:
        if self.stall is not None and self.stall.step == step:
            self.stalls_at_ns = self.world.now_ns + self.stall.after_ns
            self._pass(0)

    def _carry_out(self, step: Step) -> Any:
        try:
            seen = self._verb(step)
        except UnknownNameError as missing:
            raise Failed("unbound", f"{missing}: the step that captures it failed") from missing
        only_sends = isinstance(step, On) and step.sends and not step.expects
        if self.slept and not only_sends:
            self._fence()
        return seen

    def _verb(self, step: Step) -> Any:
        verbs: dict[type[Step], Callable[[Any], dict[str, Any]]] = {
            Connect: self._connect,
            On: self._on,
            Resume: self._resume,
            Hibernate: self._hibernate,
            Probe: self._probe,
            Idle: self._idle,
            Close: self._close,
            Kill: self._kill,
            Restart: self._restart,
        }
        return verbs[type(step)](step)

    def _idle(self, step: Idle) -> Any:
        # What began late does not end later for that, and a stall in it makes it no longer than it has to be.
        self._run(self.world.now_ns + max(0, round(step.idle * SECOND) - self.late_ns), is_attended=False)
        return {}

    def _restart(self, step: Restart) -> Any:
        self.add("poc", kinds.FAULT, fault=step.restart)
        self.world.die()
        self._pass(150 * MS)
        return {}

    # --- clients

    def _members(self, names: list[str]) -> list[str]:
        return list(dict.fromkeys(member for name in names for member in self.play.members(name)))

    def _connect(self, step: Connect) -> Any:
        waiting: set[str] = set()

        def opener(name: str) -> Callable[[Socket], None]:
            def opened(socket: Socket) -> None:
                self.clients[name].socket = socket
                self.add(name, kinds.OPENED, subprotocol=None, compression=False)
                waiting.discard(name)

            return lambda socket: self._heard(lambda: opened(socket))

        for name in self._members(step.connect):
            self.clients[name] = Client()
            waiting.add(name)
            self.world.connect(name, opener(name))
        self._wait(5 * SECOND, lambda: not waiting)
        return {}

    def _client_of(self, socket: Socket) -> tuple[str, Client] | None:
        client = self.clients.get(socket.client)
        return None if client is None or client.socket is not socket else (socket.client, client)

    def _got(self, socket: Socket, text: str) -> None:
        found = self._client_of(socket)
        if found is None or found[1].closed is not None or found[1].is_cut:
            return
        name, client = found
        event = self.add(name, kinds.RECEIVED, text=text, bytes=len(text))
        client.inbox.append(Received(Message(text, None), event))

    def _ended(self, socket: Socket, by: str, code: int, clean: bool) -> None:  # noqa: FBT001 - the world's call
        found = self._client_of(socket)
        if found is None or found[1].closed is not None or found[1].is_cut:
            return
        name, client = found
        said = f"received {code}" if clean else "no close frame received or sent"
        client.closed = self.add(name, kinds.CLOSED, by=by, code=code, reason="", clean=clean, said=said)

    def _open(self, name: str) -> Client:
        client = self.clients.get(name)
        if client is None:
            raise Failed("closed", f"{name} was never connected")
        return client

    def _close(self, step: Close) -> Any:
        names = self._members(step.close)
        for name in names:
            client = self._open(name)
            if not client.is_open or client.socket is None:
                raise Failed("closed", f"{name} was closed before the step")
            self.world.close(client.socket, step.code)
        self._wait(5 * SECOND, lambda: all(self.clients[name].closed is not None for name in names))
        return {"closed": {name: self._ending(name).data["code"] for name in names}}

    def _ending(self, name: str) -> Event:
        closed = self.clients[name].closed
        assert closed is not None
        return closed

    def _kill(self, step: Kill) -> Any:
        for name in self._members(step.kill):
            client = self._open(name)
            if not client.is_open or client.socket is None:
                raise Failed("closed", f"{name} was closed before it could be dropped")
            self.add(name, kinds.FAULT, fault="drop", how=step.how)
            self.world.drop(client.socket)
            said = f"dropped by the client ({step.how.upper()})"
            client.closed = self.add(name, kinds.CLOSED, by="client", code=1006, reason="", clean=False, said=said)
            client.is_cut = True
        return {}

    # --- messages

    def _on(self, step: On) -> Any:
        merged: dict[str, Any] = {}
        failed: Failed | None = None
        # All clients of a step act at the same moment: here each sends, and then each reads.
        begun = {}
        for name in self._members(step.on):
            try:
                begun[name] = self._begin(step, name)
            except Failed as error:
                failed = failed or error
        for name, (start, sent, at_ns) in begun.items():
            try:
                for key, value in self._exchange(step, name, start, sent, at_ns).items():
                    merged.setdefault(key, {}).update(value)
            except Failed as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return merged

    def _resume(self, step: Resume) -> Any:
        self._fence()
        if self.slept and self.in_memory:
            raise Failed("woken", f"object was woken by {self.woken_by or 'something'} first")
        seen = self._exchange(step, step.resume, *self._begin(step, step.resume))
        return seen | {"wake_ms": round(seen["answered"][step.resume]["after_ns"] / 1e6, 3)}

    def _begin(self, step: Exchange, name: str) -> tuple[int, Event | None, int]:
        client = self._open(name)
        if not step.sends:
            return client.position, None, self.world.now_ns
        wire = payload(render(step.send, self.names))
        if not client.is_open or client.socket is None:
            self._fence()
            raise Failed("closed", f"{name} could not send: it is closed")
        assert isinstance(wire, str)
        start = len(client.inbox)
        sent = self.add(name, kinds.SENT, text=wire, bytes=len(wire))
        self.world.send(client.socket, wire)
        return start, sent, self.world.now_ns

    def _exchange(self, step: Exchange, name: str, start: int, sent: Event | None, at_ns: int) -> Any:
        seen: dict[str, Any] = {}
        if isinstance(step, On) and step.quiet is not None:
            self._quiet(step, name, start, at_ns)
        if step.expects:
            answer = self._answer(step, name, start, at_ns)
            seen["answered"] = {name: {"event": answer.event.id, "after_ns": max(0, answer.event.t_ns - at_ns)}}
            for key, path in step.capture.items():
                self.names[key] = lookup(answer.message.json, path)
                self.add("poc", kinds.CAPTURED, name=key, value=self.names[key])
        if sent is not None:
            seen["sent"] = {name: sent.id}
        if isinstance(step, On) and step.expects_close:
            seen["closed"] = {name: self._be_closed(step, name)}
        return seen

    def _answer(self, step: Exchange, name: str, start: int, at_ns: int) -> Received:
        client = self.clients[name]
        expected = expected_by(step, self.names)
        order = AnyOrder(expected) if step.order == "any" else None
        within_ns = round(step.within * SECOND)
        passed = 0
        found: Received | None = None
        for wanted in expected:
            found = None
            while self._has(client, start, at_ns, within_ns):
                received = client.inbox[start]
                start += 1
                received.read = True
                client.position = start
                if (wanted.fits if order is None else order.take)(received.message):
                    found = received
                    break
                passed += 1
                if step.next:
                    break
            if found is None:
                self._fence()
                raise self._unmet(name, step, passed)
        assert found is not None
        return found

    def _has(self, client: Client, index: int, since_ns: int, within_ns: int) -> bool:
        """Wait for a message; return whether it came before the connection ended and in time."""
        until_ns = since_ns + within_ns + self._late_since(since_ns)
        self._run(until_ns, lambda: len(client.inbox) > index or client.closed is not None)
        return len(client.inbox) > index

    def _unmet(self, name: str, step: Exchange, passed: int) -> Failed:
        if passed:
            return Failed("mismatch", f"{name} got {passed} messages, none as expected")
        if not self.clients[name].is_open:
            return Failed("closed", f"{name} was closed while it waited for an answer")
        return Failed("silence", f"{name} got nothing within {step.within:g} s, though the runtime answers")

    def _quiet(self, step: On, name: str, start: int, at_ns: int) -> None:
        client = self.clients[name]
        end_ns = at_ns + round((step.quiet or 0) * SECOND)
        if step.like is None and not step.sends:
            start = len(client.inbox)

        def noise() -> Received | None:
            for each in client.inbox[start:]:
                if each.event.t_ns <= end_ns and (step.like is None or self._is_like(step, each)):
                    return each
            return None

        self._run(end_ns, lambda: noise() is not None)
        if noise() is None:
            self._fence()
        found = noise()
        if found is not None:
            found.read = True
            raise Failed("noise", f"{name} should hear nothing and got event {found.event.id}")
        if not client.is_open:
            self._fence()
            raise Failed("closed", f"{name} should hear nothing and was closed")

    def _is_like(self, step: On, received: Received) -> bool:
        return not received.read and matches(render(step.like, self.names), received.message, exact=step.exact)

    def _be_closed(self, step: On, name: str) -> int:
        client = self.clients[name]
        if not self._wait(round(step.within * SECOND), lambda: client.closed is not None):
            self._fence()
            raise Failed("silence", f"{name} should be closed by the server within {step.within:g} s and is not")
        ending = self._ending(name)
        code: int = ending.data["code"]
        if ending.data["by"] == "client":
            raise Failed("mismatch", f"{name} should be closed by the server and had closed itself")
        if step.expect_code is not None and code != step.expect_code:
            self._fence()
            raise Failed("mismatch", f"{name} expected close code {step.expect_code}: received {code}")
        return code
