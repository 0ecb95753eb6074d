"""Close clients, and wait for the server to close them."""

import asyncio
from functools import partial
from typing import Any

from poc_cli.clients.client import Client
from poc_cli.engine.context import PlayContext
from poc_cli.engine.hibernation import Sleeper
from poc_cli.engine.step_failure import StepFailed
from poc_cli.record.closings import closing
from poc_cli.scenario.model import Close, On
from poc_cli.scenario.templates import render_text

Seen = dict[str, Any]


async def close(context: PlayContext, step: Close, _: Sleeper) -> Seen:
    """Close clients with a close frame and return the close codes. Raises StepFailed for an unexpected code."""
    names = context.client_names(step.close)

    async def close_one(name: str) -> None:
        client = context.client(name)
        if not client.is_open:
            raise StepFailed("closed", f"{name} was closed before the step: {client.how_it_ended}")
        await client.close(step.code, render_text(step.reason, context.names), partial(context.is_done_in, step.within))

    await asyncio.gather(*map(close_one, names))
    for name in names:
        await _check(context, name, step)
    # A program may never have had a connection that could close.
    return {"closed": {name: context.endings[name].code for name in names if name in context.endings}}


async def be_closed(context: PlayContext, client: Client, step: On) -> int:
    """Wait for the server to close a client and return the code. Raises StepFailed for another code or none."""
    window = context.window(step.within)
    while not await client.await_end(max(0.0, window.left_s)):
        if not await context.is_over(window) or await client.await_end(0):
            continue
        raise StepFailed("silence", f"{client.name} should be closed by the server within {step.within:g} s and is not")
    ending = context.endings[client.name]
    if ending.by == "client":
        raise StepFailed("mismatch", f"{client.name} should be closed by the server and had closed itself")
    await _check(context, client.name, step)
    return ending.code


async def _check(context: PlayContext, name: str, step: Close | On) -> None:
    """Raise StepFailed unless a client's connection ended as its step expects."""
    ending = context.endings.get(name)
    if ending is None:
        if step.expect_code is not None or step.expect_reason is not None:
            raise StepFailed("mismatch", f"{name} had no connection that could close")
        return
    if step.expect_code is not None and ending.code != step.expect_code:
        await context.target.settled()
        how = closing(ending.code, ending.description)
        raise StepFailed("mismatch", f"{name} expected close code {step.expect_code}: {how}")
    reason = None if step.expect_reason is None else render_text(step.expect_reason, context.names)
    if reason is not None and ending.reason != reason:
        await context.target.settled()
        how = closing(ending.code, ending.description)
        raise StepFailed("mismatch", f"{name} expected close reason {reason!r}: {how}")
