"""Carries out the `http` step: one request from outside, as a backend would send it."""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from poc_cli.clients.client import Payload
from poc_cli.clients.inbox import Inbox, Received
from poc_cli.engine.context import PlayContext
from poc_cli.engine.expectation import Expecting
from poc_cli.engine.step_failure import PlayError, StepFailed
from poc_cli.history import event as kinds
from poc_cli.scenario.matching import Message, payload
from poc_cli.scenario.model import Http
from poc_cli.scenario.templates import render, render_text
from poc_cli.targets.endpoint import Door

if TYPE_CHECKING:
    import httpx

ACTOR = "http"
"""Who sends and receives in the history."""


LONGEST_REQUEST_SECONDS: Final = 600.0
"""A request ends by the time of its step; this only bounds what nobody waits for."""


class _Answer:
    """The body of a response as a client that has received one message and will receive no more."""

    name = ACTOR
    is_open = True

    def __init__(self, received: Received) -> None:
        self.inbox = Inbox()
        self.inbox.put(received)
        self.inbox.end()


async def request(context: PlayContext, step: Http) -> dict[str, Any]:
    """Send the request and check its answer; give what was seen."""
    body: Payload = payload(render(step.send, context.names)) if step.send is not None else ""
    path = render_text(step.http, context.names)
    headers = _headers(context, step, path)
    told = context.recorded(body) | context.showed(*headers.values())
    sent = context.add(ACTOR, kinds.SENT, method=step.method, path=path, **told)
    sent_ns = context.now_ns
    response = await _answered(context, step, path, headers, body)
    received_ns = context.now_ns
    body_seen = context.recorded(_body(response)) | context.heard_in_headers(response.headers.multi_items())
    event = context.add(ACTOR, kinds.RECEIVED, t_ns=received_ns, status=response.status_code, **body_seen)
    _check_status(step, response)
    answered = {"event": event.id, "after_ns": received_ns - sent_ns}
    seen: dict[str, Any] = {"sent": {ACTOR: sent.id}, "answered": {ACTOR: answered}}
    if step.expects:
        answer = _Answer(Received(_message(response), event.id, received_ns))
        found = await Expecting(context, answer, step).answer(0)
        context.capture(step.capture, found.message.message)
    return seen


def _headers(context: PlayContext, step: Http, path: str) -> dict[str, str]:
    given = {name: render_text(value, context.names) for name, value in step.headers.items()}
    # The app has no business with the worker's token.
    return (context.target.headers if step.auth and _way(context, path)[0] is context.target.door else {}) | given


async def _answered(
    context: PlayContext, step: Http, path: str, headers: dict[str, str], body: Payload
) -> "httpx.Response":
    import httpx  # 0.1 s, and most runs have no such step

    door, path = _way(context, path)
    content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    url, needed = door.request(path)
    async with door.client(LONGEST_REQUEST_SECONDS) as client:
        asked = asyncio.ensure_future(client.request(step.method, url, headers=needed | headers, content=content))
        try:
            if await context.is_done_in(step.within, asked):
                return await asked
        except httpx.InvalidURL as error:
            raise PlayError(f"{path} is no path: {error}") from error
        except httpx.HTTPError as error:
            await context.target.settled()
            raise StepFailed("refused", f"no answer: {type(error).__name__} {error}".strip()) from error
        finally:
            asked.cancel()
            await asyncio.wait([asked])
    await context.target.settled()
    raise StepFailed("silence", f"no answer within {step.within:g} s, though the runtime answers")


def _way(context: PlayContext, path: str) -> tuple[Door, str]:
    """Return the way to the worker, or for a whole address to the app, and the path there."""
    if path.startswith("/"):
        return context.target.door, path
    place = "/".join(path.split("/", 3)[:3])
    return Door(place), path.removeprefix(place)


def _check_status(step: Http, response: "httpx.Response") -> None:
    wanted = response.is_success if step.status is None else response.status_code == step.status
    if not wanted:
        expected = "2xx" if step.status is None else step.status
        raise StepFailed("mismatch", f"the answer's status should be {expected} and is {response.status_code}")


def _message(response: "httpx.Response") -> Message:
    try:
        return Message(response.content.decode(), None)
    except UnicodeDecodeError:
        return Message(None, response.content)


def _body(response: "httpx.Response") -> Payload:
    text = _message(response).text
    return response.content if text is None else text
