"""Run the `http` step: one request, as a backend would send it."""

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from poc_cli.clients.client import Payload, Sendable
from poc_cli.clients.inbox import Inbox, Received
from poc_cli.engine.captures import capture
from poc_cli.engine.context import PlayContext
from poc_cli.engine.expectation import Expectation
from poc_cli.engine.payloads import to_send
from poc_cli.engine.step_failure import PlayError, StepFailed
from poc_cli.history import event as kinds
from poc_cli.scenario.matching import Message
from poc_cli.scenario.model import Http
from poc_cli.scenario.templates import render, render_text
from poc_cli.targets.endpoint import Endpoint

if TYPE_CHECKING:
    import httpx

ACTOR = "http"
"""The actor of these events in the history."""


LONGEST_REQUEST_SECONDS: Final = 600.0
"""The timeout of the HTTP client; the step's own `within` ends a request sooner."""


class _Answer:
    """A response, presented as the inbox of a client that received one message."""

    name = ACTOR
    is_open = True

    def __init__(self, received: Received) -> None:
        self.inbox = Inbox()
        self.inbox.put(received)
        self.inbox.end()


async def request(context: PlayContext, step: Http) -> dict[str, Any]:
    """Send the request, check the response, and return what was observed."""
    names = context.names_with_token
    body: Sendable = "" if step.send is None else await to_send(render(step.send, names), context.folder)
    path = render_text(step.http, names)
    headers = _headers(context, step, path)
    sent_fields = context.recorded(body) | context.secrets_in_request(*headers.values())
    sent = context.add(ACTOR, kinds.SENT, method=step.method, path=path, **sent_fields)
    sent_ns = context.now_ns
    response = await _answered(context, step, path, headers, body)
    received_ns = context.now_ns
    body_seen = context.recorded(_body(response)) | context.secrets_in_headers(response.headers.multi_items())
    event = context.add(ACTOR, kinds.RECEIVED, t_ns=received_ns, status=response.status_code, **body_seen)
    _check_status(step, response)
    answered = {"event": event.id, "after_ns": received_ns - sent_ns}
    seen: dict[str, Any] = {"sent": {ACTOR: sent.id}, "answered": {ACTOR: answered}}
    if step.expects:
        answer = _Answer(Received(_message(response), event.id, received_ns))
        found = await Expectation(context, answer, step).answer(0)
        await capture(context, step.capture, found.met)
    return seen


def _headers(context: PlayContext, step: Http, path: str) -> dict[str, str]:
    given = {name: render_text(value, context.names_with_token) for name, value in step.headers.items()}
    # The worker's token is not sent to the app server.
    return (context.target.headers if step.auth and _route(context, path)[0] is context.target.endpoint else {}) | given


async def _answered(
    context: PlayContext, step: Http, path: str, headers: dict[str, str], body: Sendable
) -> "httpx.Response":
    # It takes 0.1 s, and most runs have no such step; in a thread, so that the event loop keeps running.
    await asyncio.to_thread(import_module, "httpx")
    import httpx

    endpoint, path = _route(context, path)
    content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body)
    url, needed = endpoint.request(path)
    async with endpoint.client(LONGEST_REQUEST_SECONDS) as client:
        sending = asyncio.ensure_future(client.request(step.method, url, headers=needed | headers, content=content))
        try:
            if await context.is_done_in(step.within, sending):
                return await sending
        except httpx.InvalidURL as error:
            raise PlayError(f"{path} is not a valid path: {error}") from error
        except httpx.HTTPError as error:
            await context.target.settled()
            raise StepFailed("refused", f"no answer: {type(error).__name__} {error}".strip()) from error
        finally:
            sending.cancel()
            await asyncio.wait([sending])
            del sending  # a failed task refers to this frame by its traceback: the cycle would keep the body
    await context.target.settled()
    raise StepFailed("silence", f"no answer within {step.within:g} s", ", though the runtime answers")


def _route(context: PlayContext, path: str) -> tuple[Endpoint, str]:
    """Return the endpoint of a path on the worker, or of a full URL on the app server, and the path there."""
    if path.startswith("/"):
        return context.target.endpoint, path
    origin = "/".join(path.split("/", 3)[:3])
    return Endpoint(origin), path.removeprefix(origin)


def _check_status(step: Http, response: "httpx.Response") -> None:
    ok = response.is_success if step.status is None else response.status_code == step.status
    if not ok:
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
