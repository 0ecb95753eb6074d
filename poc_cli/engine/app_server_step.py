"""Carries out the `origin` step: cuts an app off, slows it down, brings it back, or looks for a request to it."""

import json
from typing import Any

from poc_cli.clients.inbox import Inbox, Received
from poc_cli.engine.context import PlayContext
from poc_cli.engine.expectation import Expecting
from poc_cli.engine.hibernation import Sleeper
from poc_cli.engine.step_failure import PlayError
from poc_cli.history import event as kinds
from poc_cli.history import events
from poc_cli.scenario.matching import Message
from poc_cli.scenario.model import Origin
from poc_cli.services.proxy import Request, Way

ACTOR = "origin"
"""Who is called in the history."""


class Calls:
    """The requests of one play to its app, as somebody whose messages they are."""

    name = ACTOR
    is_open = True

    def __init__(self, context: PlayContext) -> None:
        """Take where they are written down."""
        self.inbox = Inbox()
        self.way: Way | None = None
        self._context = context

    def heard(self, request: Request) -> None:
        """Write a request down, and keep it for the steps that look for it."""
        told: dict[str, Any] = {
            "method": request.method,
            "path": request.path,
            "query": list(request.query),
            "ms": request.ms,
            "agent": request.agent,
        }
        told |= {} if request.status is None else {"status": request.status}
        event_id = self._context.note(ACTOR, kinds.CALLED, **{"status": None, **told})
        self.inbox.put(Received(Message(json.dumps(told), None), event_id, self._context.now_ns))


async def origin(context: PlayContext, step: Origin, _: Sleeper) -> dict[str, Any]:
    """Treat requests from now on as the step says, or wait for one. Raises StepFailed where it does not come."""
    calls = context.calls
    if calls is None or calls.way is None:
        raise PlayError("this run has no origin of its own, so it can neither be changed nor asked what it saw")
    if step.origin == "called":
        answer = await Expecting(context, calls, step).answer(calls.inbox.position)
        context.capture(step.capture, answer.message.message)
        return {"answered": {ACTOR: {"event": answer.message.event_id, "after_ns": 0}}}
    calls.way.down = step.origin == "down"
    calls.way.delay = step.by or 0.0
    context.write(ACTOR, events.OriginIs(state=step.origin, later_s=step.by))
    return {}
