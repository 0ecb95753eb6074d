"""Carries out one step: a function for each verb of the language.

Never goes on to the next step and never decides what a failure means; it raises StepFailed and gives what it saw.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from websockets.exceptions import ConnectionClosed

from poc_cli.engine import backend, closing, faults
from poc_cli.engine.client import CannotOpen, Client
from poc_cli.engine.expecting import Expecting
from poc_cli.engine.failure import StepFailed
from poc_cli.engine.inbox import Received
from poc_cli.engine.sleeping import Sleeper
from poc_cli.engine.stage import Stage
from poc_cli.history import event as kinds
from poc_cli.scenario.matching import matches, payload
from poc_cli.scenario.model import (
    Alarm,
    Close,
    Connect,
    Exchange,
    Hibernate,
    Http,
    Idle,
    Kill,
    On,
    Probe,
    Restart,
    Resume,
    Stall,
    Step,
)
from poc_cli.scenario.templates import render
from poc_cli.scenario.values import shown

_ASK_AGAIN_SECONDS = 0.1

Seen = dict[str, Any]
"""What a step saw, for its `step_end` event."""


async def _connect(stage: Stage, step: Connect, _: Sleeper) -> Seen:
    names = stage.client_names(step.connect)
    stage.say("connecting")

    async def open_one(name: str) -> str | None:
        client = stage.new_client(name)
        try:
            agreed = await client.open(step.within)
        except CannotOpen as error:
            stage.add(name, kinds.OPEN_FAILED, said=str(error))
            wanted = "" if step.refused is None else f" with status {step.refused}"
            refused = step.refused is not None and error.status == step.refused
            return None if refused else f"{name} could not connect{wanted and ' and was not refused'}{wanted}: {error}"
        stage.add(name, kinds.OPENED, **agreed)
        return None if step.refused is None else f"{name} was let in, and should be refused with {step.refused}"

    failures = [failure for failure in await asyncio.gather(*map(open_one, names)) if failure]
    if failures:
        await stage.target.fence()
        raise StepFailed("refused", "; ".join(failures))
    return {}


async def _on(stage: Stage, step: On, _: Sleeper) -> Seen:
    names = stage.client_names(step.on)
    outcomes = await asyncio.gather(*(_exchange(stage, step, name) for name in names), return_exceptions=True)
    return _all_of(outcomes)


def _all_of(outcomes: list[Seen | BaseException]) -> Seen:
    """Merge what each client saw; the first failure speaks for the step."""
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    merged: Seen = {}
    for outcome in outcomes:
        if isinstance(outcome, dict):
            for key, value in outcome.items():
                merged.setdefault(key, {}).update(value)
    return merged


async def _resume(stage: Stage, step: Resume, _: Sleeper) -> Seen:
    await stage.target.fence()
    for witnessed in stage.objects.values():
        if witnessed.slept and witnessed.in_memory:
            raise StepFailed("woken", f"{witnessed.label} was woken by {witnessed.woken_by or 'something'} first")
    seen = await _exchange(stage, step, step.resume)
    answered = seen["answered"][step.resume]
    return seen | {"wake_ms": round(answered["after_ns"] / 1e6, 3)}


async def _exchange(stage: Stage, step: Exchange, name: str) -> Seen:
    """Send if the step sends, then wait for what it expects, on one client."""
    client = stage.client(name)
    start = client.inbox.position
    sent_ns = stage.now_ns
    seen: Seen = {}
    if step.sends:
        wire = payload(render(step.send, stage.names))
        if not client.is_open:
            # Before it is written down as sent: what never left must not be missed later.
            await stage.target.fence()
            raise StepFailed("closed", f"{name} could not send: {client.how_it_ended}")
        # From here on: what arrived before the send does not answer it.
        start = client.inbox.size
        event = stage.add(name, kinds.SENT, **stage.recorded(wire))
        sent_ns = stage.now_ns
        try:
            await _send(stage, client, wire)
        except StepFailed:
            # The close that the step expects may come before the whole message is out.
            if not (isinstance(step, On) and step.expects_close):
                raise
        seen["sent"] = {name: event.id}
    if isinstance(step, On) and step.quiet is not None:
        await _stay_quiet(stage, client, step, start)
    if step.expects:
        answer = await Expecting(stage, client, step).answer(start)
        message = answer.message
        seen["answered"] = {name: {"event": message.event_id, "after_ns": message.t_ns - sent_ns}}
        if answer.passed_over:
            seen["passed_over"] = {name: [received.event_id for received in answer.passed_over]}
        stage.capture(step.capture, message.message)
    if isinstance(step, On) and step.expects_close:
        seen["closed"] = {name: await closing.be_closed(stage, client, step)}
    return seen


async def _send(stage: Stage, client: Client, wire: str | bytes) -> None:
    try:
        await client.send(wire)
    except (ConnectionClosed, CannotOpen) as error:
        await stage.target.fence()
        raise StepFailed("closed", f"{client.name} could not send: {error}") from error


async def _stay_quiet(stage: Stage, client: Client, step: On, start: int) -> None:
    """Wait for the silence that a step wants. What it names by `like` is looked for where `expect` would look.

    Raises StepFailed.
    """
    length = step.quiet or 0.0
    deadline = asyncio.get_running_loop().time() + length
    like = None if step.like is None else render(step.like, stage.names)
    if like is None and not step.sends:
        start = client.inbox.size

    def breaks(received: Received) -> bool:
        # What a step has read already is known, and that it came is that step's matter.
        return like is None or (not received.read and matches(like, received.message, exact=step.exact))

    index = start
    while (noise := await client.inbox.quiet(index, deadline)) is not None and not breaks(noise):
        index += 1
    if noise is None:
        # On a busy machine the time can pass before the runtime has had its turn; once it has, its noise is here.
        await stage.target.fence()
        noise = next(filter(breaks, client.inbox.since(start)), None)
    if noise is not None:
        noise.read = True
        kind = "nothing" if like is None else f"nothing like {shown(like)}"
        raise StepFailed("noise", f"{client.name} should hear {kind} for {length:g} s and got event {noise.event_id}")
    if not client.is_open:
        await stage.target.fence()
        raise StepFailed("closed", f"{client.name} should hear nothing and was closed")


async def _idle(stage: Stage, step: Idle, _: Sleeper) -> Seen:
    stage.say(f"letting {step.idle:g} s pass")
    await asyncio.sleep(step.idle)
    return {}


async def _hibernate(stage: Stage, step: Hibernate, sleeper: Sleeper) -> Seen:
    objects = stage.objects_named(step.of)
    outcomes = await asyncio.gather(
        *(sleeper.hibernate(each, step.hibernate, forced=step.forced) for each in objects), return_exceptions=True
    )
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return {}


async def _probe(stage: Stage, step: Probe, sleeper: Sleeper) -> Seen:
    for witnessed in stage.objects_named(step.of):
        await sleeper.probe(witnessed, step.probe)
    return {}


async def _http(stage: Stage, step: Http, _: Sleeper) -> Seen:
    stage.say(f"{step.method} {step.http}")
    return await backend.request(stage, step)


async def _alarm(stage: Stage, step: Alarm, _: Sleeper) -> Seen:
    stage.say("waiting for an alarm")
    deadline = asyncio.get_running_loop().time() + step.within
    for witnessed in stage.objects_named(step.of):
        seen_before = stage.alarms_seen.get(witnessed.label, 0)
        await stage.target.fence()
        while witnessed.alarms <= seen_before:
            if asyncio.get_running_loop().time() >= deadline:
                raise StepFailed("silence", f"no alarm reached {witnessed.label} within {step.within:g} s")
            # The trace is written out when a context ends, so it has to be asked again and again.
            await asyncio.sleep(_ASK_AGAIN_SECONDS)
            await stage.target.fence()
        stage.alarms_seen[witnessed.label] = witnessed.alarms
    return {}


Handler = Callable[[Stage, Any, Sleeper], Awaitable[Seen]]

HANDLERS: dict[type[Step], Handler] = {
    Connect: _connect,
    On: _on,
    Resume: _resume,
    Close: closing.close,
    Idle: _idle,
    Hibernate: _hibernate,
    Probe: _probe,
    Http: _http,
    Alarm: _alarm,
    Kill: faults.kill,
    Stall: faults.stall,
    Restart: faults.restart,
}
"""The function of each verb."""
