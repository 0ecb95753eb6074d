"""Run the fault steps: dropped connections, stalled readers, restarts of objects and runtimes."""

from typing import Any

from poc_cli.engine.context import PlayContext
from poc_cli.engine.hibernation import Sleeper
from poc_cli.engine.step_failure import PlayError, StepFailed
from poc_cli.history import object_events
from poc_cli.scenario.model import Kill, Restart, Stall

Seen = dict[str, Any]


async def kill(context: PlayContext, step: Kill, _: Sleeper) -> Seen:
    """Drop connections without a close frame."""
    for name in context.client_names(step.kill):
        client = context.client(name)
        if not client.is_open:
            raise StepFailed("closed", f"{name} was closed before it could be dropped: {client.how_it_ended}")
        context.write(name, object_events.Fault(fault="drop", how=step.how))
        await client.kill(step.how)
    return {}


async def stall(context: PlayContext, step: Stall, _: Sleeper) -> Seen:
    """Stop reading, or resume reading."""
    for name in context.client_names(step.stall):
        client = context.client(name)
        if step.release:
            client.release()
        else:
            client.stall()
    return {}


async def restart(context: PlayContext, step: Restart, _: Sleeper) -> Seen:
    """Restart objects, which closes their sockets, or the whole runtime."""
    if step.restart == "object":
        return await _restart_objects(context, step)
    context.say(f"restarting ({step.restart})")
    context.write("poc", object_events.Fault(fault=step.restart))
    await context.target.restart(step.restart, step.max_delay, back=step.back)
    return {}


async def _restart_objects(context: PlayContext, step: Restart) -> Seen:
    trace = context.target.trace
    if trace is None:
        raise PlayError("restarting a single object needs the runtime's trace, which this target does not have")
    for witnessed in context.objects_named(step.of):
        await trace.fence()
        context.write(f"object:{witnessed.label}", object_events.Fault(fault="object"))
        eviction = await trace.evict(witnessed.class_name, witnessed.id, close=True)
        await trace.fence()
        if witnessed.in_memory or eviction.outcome == "not_running":
            reason = eviction.message or "the runtime gave no reason"
            raise StepFailed("probe", f"{witnessed.label} could not be restarted: {reason}")
    return {}
