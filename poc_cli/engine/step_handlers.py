"""Run one step: a handler for each verb of the language."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from poc_cli.clients.client import CannotOpen, Client
from poc_cli.engine import close_step, fault_steps, http_step
from poc_cli.engine.context import PlayContext
from poc_cli.engine.exchange import exchange
from poc_cli.engine.hibernation import Sleeper
from poc_cli.engine.step_failure import StepFailed
from poc_cli.history import event as kinds
from poc_cli.scenario.model import (
    Alarm,
    Close,
    Connect,
    Hibernate,
    Http,
    Idle,
    Kill,
    On,
    Origin,
    Probe,
    Restart,
    Resume,
    Stall,
    Step,
)
from poc_cli.scenario.templates import render_text

_POLL_SECONDS = 0.1

LONGEST_OPENING_SECONDS = 600.0
"""The timeout of the handshake itself; the step's own `within` ends it sooner."""

Seen = dict[str, Any]
"""What a step observed, for its `step_end` event."""


async def _connect(context: PlayContext, step: Connect, _: Sleeper) -> Seen:
    names = context.client_names(step.connect)
    context.say("connecting")
    refused = False

    async def open_one(name: str) -> str | None:
        nonlocal refused
        earlier = context.clients.get(name)
        if earlier is not None and earlier.records_openings:
            # A program or page is restarted; poc's own clients have nothing left to close.
            await earlier.close(1000, "", partial(context.is_done_in, step.within))
        client = context.new_client(name, step.path)
        try:
            selected = await _opened(context, client, step.within)
        except CannotOpen as error:
            secrets = context.secrets_in_headers(error.headers) | context.request_secrets.get(name, {})
            context.add(name, kinds.OPEN_FAILED, said=str(error), late=not error.in_time, **secrets)
            wanted = "" if step.refused is None else f" with status {step.refused}"
            if step.refused is not None and error.status == step.refused:
                return None
            refused |= error.in_time
            return f"{name} could not connect{wanted and ' and was not refused'}{wanted}: {error}"
        if step.subprotocol is not None and selected != render_text(step.subprotocol, context.names_with_token):
            refused = True
            return f"{name} was connected with {'another' if selected else 'no'} subprotocol"  # it may be a secret
        refused |= step.refused is not None
        return None if step.refused is None else f"{name} was connected and should be refused with {step.refused}"

    failures = [failure for failure in await asyncio.gather(*map(open_one, names)) if failure]
    if failures:
        await context.target.settled()
        raise StepFailed("refused" if refused else "silence", "; ".join(failures))
    return {}


async def _opened(context: PlayContext, client: Client, within: float) -> str:
    """Open a client, record the result of the handshake, and return the subprotocol that the server selected.

    Raises CannotOpen if it is not open in time.
    """

    async def opened() -> str:
        agreed = await client.open(LONGEST_OPENING_SECONDS)
        if agreed is not None:  # recorded before the client's first message: nothing runs in between
            secrets = context.secrets_in_headers(agreed.pop("headers", ()))
            secrets |= context.request_secrets.get(client.name, {})
            context.add(client.name, kinds.OPENED, **agreed, **secrets)
        return str((agreed or {}).get("subprotocol") or "")

    opening = asyncio.ensure_future(opened())
    try:
        if await context.is_done_in(within, opening):
            return await opening
    finally:
        opening.cancel()
        await asyncio.wait([opening])
    raise CannotOpen(client.missing(within), in_time=False)


async def _on(context: PlayContext, step: On, _: Sleeper) -> Seen:
    names = context.client_names(step.on)
    if len(names) == 1:
        await asyncio.sleep(0)  # let other plays run: a step may contain nothing that waits
        return await exchange(context, step, names[0])
    outcomes = await asyncio.gather(*(exchange(context, step, name) for name in names), return_exceptions=True)
    return _all_of(outcomes)


def _all_of(outcomes: list[Seen | BaseException]) -> Seen:
    """Merge what each client observed. Raises the first failure."""
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    merged: Seen = {}
    for outcome in outcomes:
        if isinstance(outcome, dict):
            for key, value in outcome.items():
                merged.setdefault(key, {}).update(value)
    return merged


async def _resume(context: PlayContext, step: Resume, _: Sleeper) -> Seen:
    if context.target.trace is not None:
        await context.target.trace.fence()
    for witnessed in context.objects.values():
        if witnessed.slept and witnessed.in_memory:
            raise StepFailed("woken", f"{witnessed.label} was woken by {witnessed.woken_by or 'something'} first")
    seen = await exchange(context, step, step.resume)
    answered = seen["answered"][step.resume]
    # From the send to the answer, both on this machine's clock; the server's clock is not used.
    return seen | {"wake_ms": round(answered["after_ns"] / 1e6, 3)}


async def _idle(context: PlayContext, step: Idle, _: Sleeper) -> Seen:
    context.say(f"waiting {step.idle:g} s")
    # Relative to when the step was due, so that small delays of timers do not add up.
    await asyncio.sleep(max(0.0, step.idle - context.late_s))
    return {}


async def _hibernate(context: PlayContext, step: Hibernate, sleeper: Sleeper) -> Seen:
    objects = context.objects_named(step.of)
    outcomes = await asyncio.gather(
        *(sleeper.hibernate(each, step.hibernate, forced=step.forced) for each in objects), return_exceptions=True
    )
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return {}


async def _probe(context: PlayContext, step: Probe, sleeper: Sleeper) -> Seen:
    for witnessed in context.objects_named(step.of):
        await sleeper.probe(witnessed, step.probe)
    return {}


async def _http(context: PlayContext, step: Http, _: Sleeper) -> Seen:
    context.say(f"{step.method} {step.http}")
    return await http_step.request(context, step)


async def _origin(context: PlayContext, step: Origin, sleeper: Sleeper) -> Seen:
    from poc_cli.engine.app_server_step import origin

    context.say(f"origin {step.origin}")
    return await origin(context, step, sleeper)


async def _alarm(context: PlayContext, step: Alarm, _: Sleeper) -> Seen:
    context.say("waiting for an alarm")
    window = context.window(step.within)
    for witnessed in context.objects_named(step.of):
        seen_before = context.alarms_seen.get(witnessed.label, 0)
        await context.target.settled()
        while witnessed.alarms <= seen_before:
            if await context.is_over(window):
                raise StepFailed("silence", f"no alarm reached {witnessed.label} within {step.within:g} s")
            # The trace is written when a context ends, so it has to be polled.
            await asyncio.sleep(_POLL_SECONDS)
            await context.target.settled()
        context.alarms_seen[witnessed.label] = witnessed.alarms
    return {}


Handler = Callable[[PlayContext, Any, Sleeper], Awaitable[Seen]]

HANDLERS: dict[type[Step], Handler] = {
    Connect: _connect,
    On: _on,
    Resume: _resume,
    Close: close_step.close,
    Idle: _idle,
    Hibernate: _hibernate,
    Probe: _probe,
    Http: _http,
    Origin: _origin,
    Alarm: _alarm,
    Kill: fault_steps.kill,
    Stall: fault_steps.stall,
    Restart: fault_steps.restart,
}
"""The handler of each verb."""
