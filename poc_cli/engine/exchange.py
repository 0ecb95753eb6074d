"""Run `on` and `resume` for one client: send or act, then check the answers."""

import asyncio
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import ConnectionClosed

from poc_cli.clients.client import CannotOpen, Client
from poc_cli.clients.inbox import Received
from poc_cli.engine import close_step
from poc_cli.engine.captures import capture
from poc_cli.engine.context import PlayContext
from poc_cli.engine.expectation import Correspondent, Expectation
from poc_cli.engine.payloads import to_send
from poc_cli.engine.step_failure import StepFailed
from poc_cli.history import event as kinds
from poc_cli.scenario.matching import fill, matches
from poc_cli.scenario.model import Acting, Exchange, On
from poc_cli.scenario.templates import render
from poc_cli.scenario.values import shown

Seen = dict[str, Any]
"""What a step observed, for its `step_end` event."""


SENT_WITHIN_SECONDS = 60.0
"""The time limit of writing a message: enough for 64 MiB, more than any runtime accepts, at 10 Mbit/s."""


@dataclass(slots=True)
class _Started:
    """The sent half of an exchange: who answers, from which inbox position, and the message's event and time."""

    answers: Correspondent
    start: int
    at_ns: int
    sent: int | None = None


async def exchange(context: PlayContext, step: Exchange, name: str) -> Seen:
    """Send or act on one client, then wait for what the step expects."""
    client = context.client(name)
    begun = _Started(client, client.inbox.position, context.now_ns)
    if step.sends:
        await _send(context, client, step, begun)
    if isinstance(step, Acting) and step.acts:
        await _act(context, client, step, begun)
    if isinstance(step, On) and step.quiet is not None:
        await _stay_quiet(context, client, step, begun.start)
    seen, last_ns = await _await_expected(context, client, step, begun)
    if isinstance(step, Acting) and step.acts:
        _find_sent(client, begun)
    if begun.sent is not None:
        seen["sent"] = {name: begun.sent}
    if "answered" in seen:
        # The answer may have arrived before the step began; then the wait was 0.
        seen["answered"][name]["after_ns"] = max(0, last_ns - begun.at_ns)
    if isinstance(step, On) and step.expects_close:
        seen["closed"] = {name: await close_step.be_closed(context, client, step)}
    return seen


async def _await_expected(context: PlayContext, client: Client, step: Exchange, begun: _Started) -> tuple[Seen, int]:
    """Wait for the expected messages and text; return what was observed, and the time of the last of it."""
    seen: Seen = {}
    last_ns = 0
    if step.expects:
        earlier = context.passed_over.of(client.name)
        answer = await Expectation(context, begun.answers, step, earlier).answer(begun.start)
        message = answer.message
        context.passed_over.add(client.name, answer.passed_over, message.event_id, context.line)
        seen["answered"], last_ns = {client.name: {"event": message.event_id}}, message.t_ns
        if answer.passed_over:
            seen["passed_over"] = {client.name: [received.event_id for received in answer.passed_over]}
        await capture(context, step.capture, answer.met)
    if isinstance(step, Acting) and step.expect_text is not None:
        from poc_cli.engine.page_steps import show

        event_id, last_ns = await show(context, client, step)
        seen.setdefault("answered", {client.name: {"event": event_id}})
    return seen, last_ns


async def _send(context: PlayContext, client: Client, step: Exchange, begun: _Started) -> None:
    wire = await to_send(render(step.send, context.names_of(client.name)), context.folder)
    as_kept = await context.recorded_aside(wire)
    if not client.is_open:
        # Not recorded as sent: a message that never left must not count as lost.
        await context.target.settled()
        raise StepFailed("closed", f"{client.name} could not send: {client.how_it_ended}")
    # A message that arrived before the send does not answer it.
    begun.start = client.inbox.size
    begun.sent = context.add(client.name, kinds.SENT, **as_kept).id
    begun.at_ns = context.now_ns
    sending = asyncio.create_task(client.send(wire))
    try:
        if not await context.is_done_in(SENT_WITHIN_SECONDS, sending):
            reason = f"{client.name} could not send within {SENT_WITHIN_SECONDS:g} s: the other side does not read"
            raise StepFailed("silence", reason)
        await sending
    except (ConnectionClosed, CannotOpen) as error:
        # The close that the step expects may come before the whole message is out.
        if not (isinstance(step, On) and step.expects_close):
            await context.target.settled()
            raise StepFailed("closed", f"{client.name} could not send: {error}") from error
    finally:
        sending.cancel()
        # A failed task refers to this frame by its traceback: the cycle would keep the message, up to 32 MiB.
        del sending, wire


async def _act(context: PlayContext, client: Client, step: Acting, begun: _Started) -> None:
    from poc_cli.engine.page_steps import act

    begun.start, begun.at_ns = client.inbox.size, context.now_ns
    result = await act(context, client, step)
    if result is not None:
        begun.answers, begun.start = result, 0


def _find_sent(client: Client, begun: _Started) -> None:
    """Use the first message that the page sent after it was acted on, if any, as the start of the exchange."""
    from poc_cli.engine.page_steps import sent_by

    sent = sent_by(client)
    if sent is not None:
        begun.sent, begun.at_ns = sent


async def _stay_quiet(context: PlayContext, client: Client, step: On, start: int) -> None:
    """Wait for the step's `quiet` time. Raises StepFailed for a message that matches `like`, or for any without it.

    Messages are matched from the same position as for `expect`.
    """
    length = step.quiet or 0.0
    window, end_ns = context.window(length), context.now_ns + round(length * 1e9)
    like = None if step.like is None else fill(step.like, context.names_of(client.name))
    if like is None and not step.sends:
        start = client.inbox.size

    def breaks(received: Received) -> bool:
        # Ignore messages after the end, and those that an earlier step has read.
        if received.t_ns > end_ns:
            return False
        return like is None or (not received.read and matches(like, received.message, exact=step.exact))

    index = start
    while (noise := await client.inbox.quiet(index, window)) is not None and not breaks(noise):
        index += 1
    if noise is None:
        # On a busy machine the time can pass before the runtime runs; messages it sent in time may arrive now.
        await context.target.settled()
        noise = next(filter(breaks, client.inbox.since(start)), None)
    if noise is not None:
        noise.read = True
        kind = "nothing" if like is None else f"nothing like {shown(like)}"
        raise StepFailed(
            "noise", f"{client.name} should receive {kind} for {length:g} s and got event {noise.event_id}"
        )
    if not client.is_open:
        await context.target.settled()
        raise StepFailed("closed", f"{client.name} should receive nothing and was closed: {client.how_it_ended}")
