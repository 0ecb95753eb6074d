"""Infer sleep in one play without a trace, from canaries and from the instance ids that the rooms are asked for."""

import asyncio
import json
import secrets
from dataclasses import dataclass
from typing import Final

from websockets.exceptions import ConnectionClosed

from poc_cli.clients.client import CannotOpen, Payload
from poc_cli.clients.websocket import SocketClient
from poc_cli.engine.canaries import Canaries
from poc_cli.engine.context import PlayContext
from poc_cli.history import event as kinds
from poc_cli.history import play_events
from poc_cli.history.event import Event
from poc_cli.record.addresses import Addresses
from poc_cli.record.instances import Change, describe_stay, instances_of, should_stay
from poc_cli.record.play_record import PlayRecord
from poc_cli.residency.sleep_onset import ANSWERS, LONGEST_WAIT_SECONDS
from poc_cli.scenario.matching import Message
from poc_cli.scenario.plays import patience


@dataclass(frozen=True, slots=True)
class RepeatReason:
    """Why to repeat a play, and the step from which it is not evidence; None if all of it is."""

    reason: str
    cut_step: int | None


class BlackBox:
    """One play in a black box."""

    def __init__(self, context: PlayContext, canaries: Canaries, label: str, start: Event) -> None:
        """Initialize with the play's context, label and `play_start` event, and the canaries of the run."""
        self.canaries = canaries
        self._context = context
        self._label = label
        self._start = start
        self._queries = IdentityQueries(context) if canaries.is_ours else None

    async def ask(self, labels: list[str]) -> None:
        """Query the instance ids of objects, if the worker implements poc's protocol."""
        if self._queries is not None:
            await self._queries.ask(labels)

    async def ask_at_the_end(self) -> None:
        """Query the objects that the play waited for, after its last step."""
        await self.ask([label for label in self._context.objects if self._waits(label)])

    def describe_latest_stay(self, label: str) -> str | None:
        """Describe how an object stayed in memory during its latest wait; None if that is not known."""
        stays, last = instances_of(self._record(), label).stays, self._waits(label)[-1:]
        return next((describe_stay(stay) for stay in stays if any(each.id in last for each in stay.waited)), None)

    def reason_to_repeat(self, *, is_story: bool) -> RepeatReason | None:
        """Return why the play should be repeated, None if it should not.

        A remote target may be unreachable for a moment, and without a trace that looks like a lost message. A story
        therefore has to miss a message twice. Controls are not repeated: many are meant to miss one.
        """
        events = self._context.events
        late = next((each for each in events if each.kind == kinds.OPEN_FAILED and each.data.get("late")), None)
        if late is not None:
            return RepeatReason(f"{late.actor} could not connect in time; repeating the play", late.step)
        if not is_story:
            return None
        silent = (each for each in events if each.kind == kinds.STEP_END and each.data.get("failure") == "silence")
        missed = next(silent, None)
        if missed is None:
            return self._late_sleep()
        return RepeatReason(f"{missed.data['reason']}; repeating the play", missed.step)

    def _late_sleep(self) -> RepeatReason | None:
        """Return a reason if an object that should sleep was still in memory after a wait.

        About one sleep in a hundred is late, and a claim is refuted only after a longer silence. Such a story is
        repeated with a longer wait.
        """
        play, long_enough = self._record(), self.canaries.asleep_by_seconds or LONGEST_WAIT_SECONDS
        for label in play.play.objects:
            for stay in instances_of(play, label).stays:
                is_short = stay.silent_ms / 1000 < long_enough
                if is_short and not should_stay(play, stay) and self._should_sleep(stay):
                    return RepeatReason(f"{describe_stay(stay)}; repeating the play with a longer wait", None)
        return None

    def _waits(self, label: str) -> list[int]:
        actor = f"object:{label}"
        return [event.id for event in self._context.events if event.kind == kinds.WAITED and event.actor == actor]

    def _should_sleep(self, stay: Change) -> bool:
        steps = [self._context.play.steps[waited.step].step for waited in stay.waited if waited.step is not None]
        return any(patience(self._context.play, step) == "sleep" for step in steps)

    def _record(self) -> PlayRecord:
        return PlayRecord(self._label, self._start, tuple(self._context.events), None)


ANSWERED_WITHIN_SECONDS: Final = 5.0
"""The default time that a step waits for an answer."""

MOST_CLIENTS: Final = 5
"""Clients queried per object: one is enough, but the story may close some of them."""


class IdentityQueries:
    """Queries the instance ids of one play's objects."""

    def __init__(self, context: PlayContext) -> None:
        self._context = context
        self._mark = f"poc-{secrets.token_hex(6)}-"
        self._number = 0
        self._waiting: dict[str, asyncio.Future[None]] = {}
        context.intercept = self._intercept

    async def ask(self, labels: list[str]) -> None:
        """Query each object twice through its open clients, and wait for the answers or the timeout."""
        await asyncio.gather(*(self._ask(client) for label in labels for client in self._clients_of(label)))

    def _clients_of(self, label: str) -> list[SocketClient]:
        context = self._context
        addresses = Addresses(context.play, str(context.names["play"]), context.events)
        opened = {event.actor: event.id for event in context.events if event.kind == kinds.OPENED}
        alone = frozenset({label})
        found = [
            client
            for name, client in context.clients.items()
            if isinstance(client, SocketClient) and client.is_open and client.is_reading and name in opened
            if (addresses.by_opening[opened[name]] if addresses.tell else frozenset(context.play.objects)) == alone
        ]
        return found[:MOST_CLIENTS]

    async def _ask(self, client: SocketClient) -> None:
        for _ in range(ANSWERS):
            self._number += 1
            mark = f"{self._mark}{self._number}"
            answered = self._waiting[mark] = asyncio.get_running_loop().create_future()
            self._context.write(client.name, play_events.Asked(mark=mark))
            try:
                await client.send(json.dumps({"op": "who", "id": mark}))
                async with asyncio.timeout(ANSWERED_WITHIN_SECONDS):
                    await answered
            except (ConnectionClosed, CannotOpen, TimeoutError):
                return

    def _intercept(self, client: str, payload: Payload) -> bool:
        """Return whether a message answers one of these queries, and record the first answer to each."""
        if not isinstance(payload, str) or self._mark not in payload:
            return False
        answer = Message(payload, None).json
        mark = answer.get("id") if isinstance(answer, dict) else None
        waiting = self._waiting.get(str(mark))
        if waiting is None:
            return False
        if not waiting.done():
            self._context.note(client, kinds.TOLD, **self._context.recorded(payload))
            waiting.set_result(None)
        return True
