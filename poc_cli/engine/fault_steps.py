"""Carries out the steps that break things: dropped connections, stalled readers, and what befalls objects and runtimes.

Never repairs: what a fault has closed must be connected again by the story.
"""

from typing import Any

from poc_cli.engine.context import Stage
from poc_cli.engine.hibernation import Sleeper
from poc_cli.engine.step_failure import PlayError, StepFailed
from poc_cli.history import event as kinds
from poc_cli.scenario.model import Kill, Restart, Stall

Seen = dict[str, Any]


async def kill(stage: Stage, step: Kill, _: Sleeper) -> Seen:
    """Drop connections without a close frame."""
    for name in stage.client_names(step.kill):
        client = stage.client(name)
        if not client.is_open:
            raise StepFailed("closed", f"{name} was closed before it could be dropped")
        stage.add(name, kinds.FAULT, fault="drop", how=step.how)
        await client.kill(step.how)
    return {}


async def stall(stage: Stage, step: Stall, _: Sleeper) -> Seen:
    """Stop reading, or read on."""
    for name in stage.client_names(step.stall):
        client = stage.client(name)
        if step.release:
            client.release()
        else:
            client.stall()
    return {}


async def restart(stage: Stage, step: Restart, _: Sleeper) -> Seen:
    """End objects with their sockets, or the whole runtime, and wait until it is back."""
    if step.restart == "object":
        return await _restart_objects(stage, step)
    stage.say(f"restarting ({step.restart})")
    stage.add("poc", kinds.FAULT, fault=step.restart)
    await stage.target.restart(step.restart)
    return {}


async def _restart_objects(stage: Stage, step: Restart) -> Seen:
    trace = stage.target.trace
    if trace is None:
        raise PlayError("a single object can only be restarted where the runtime's trace is read")
    for witnessed in stage.objects_named(step.of):
        await trace.fence()
        stage.add(f"object:{witnessed.label}", kinds.FAULT, fault="object")
        eviction = await trace.evict(witnessed.class_name, witnessed.id, close=True)
        await trace.fence()
        if witnessed.in_memory or eviction.outcome == "not_running":
            said = eviction.said or "the runtime gave no reason"
            raise StepFailed("probe", f"{witnessed.label} could not be restarted: {said}")
    return {}
