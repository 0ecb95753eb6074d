"""Run the `origin` step: disconnect, delay or restore the app server, or wait for a request to it."""

import json
from typing import Any

from poc_cli.clients.inbox import Inbox, Received
from poc_cli.engine.captures import capture
from poc_cli.engine.context import PlayContext
from poc_cli.engine.expectation import Expectation
from poc_cli.engine.hibernation import Sleeper
from poc_cli.engine.step_failure import PlayError
from poc_cli.history import event as kinds
from poc_cli.history import play_events
from poc_cli.scenario.matching import Message
from poc_cli.scenario.model import Origin
from poc_cli.services.proxy import PlayRules, Request

ACTOR = "origin"
"""The actor of these events in the history."""


class Calls:
    """The requests that one play's app server received, presented as the inbox of a client."""

    name = ACTOR
    is_open = True

    def __init__(self, context: PlayContext) -> None:
        """Initialize without a proxy; `rules` is set when the proxy starts to listen."""
        self.inbox = Inbox()
        self.rules: PlayRules | None = None
        self._context = context

    def record_request(self, request: Request) -> None:
        """Record a request, and put it in the inbox."""
        fields: dict[str, Any] = {
            "method": request.method,
            "path": request.path,
            "query": list(request.query),
            "ms": request.ms,
            "agent": request.agent,
        }
        fields |= {} if request.status is None else {"status": request.status}
        event_id = self._context.note(ACTOR, kinds.CALLED, **{"status": None, **fields})
        self.inbox.put(Received(Message(json.dumps(fields), None), event_id, self._context.now_ns))


async def origin(context: PlayContext, step: Origin, _: Sleeper) -> dict[str, Any]:
    """Change how requests are handled, or wait for a request. Raises StepFailed if it does not arrive."""
    calls = context.calls
    if calls is None or calls.rules is None:
        raise PlayError("the `origin` step needs an app server that poc started, and this run has none")
    if step.origin == "called":
        answer = await Expectation(context, calls, step).answer(calls.inbox.position)
        await capture(context, step.capture, answer.met)
        return {"answered": {ACTOR: {"event": answer.message.event_id, "after_ns": 0}}}
    calls.rules.down = step.origin == "down"
    calls.rules.delay = step.by or 0.0
    context.write(ACTOR, play_events.OriginIs(state=step.origin, later_s=step.by))
    return {}
