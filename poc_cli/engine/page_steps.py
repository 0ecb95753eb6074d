"""Run a step's actions on a page, and wait until the page shows the expected text."""

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

from poc_cli.clients.client import CannotOpen, Client
from poc_cli.clients.inbox import Inbox, Received
from poc_cli.clients.page import PageClient
from poc_cli.engine.context import PlayContext
from poc_cli.engine.step_failure import StepFailed
from poc_cli.history import play_events
from poc_cli.scenario.matching import Message
from poc_cli.scenario.step_bases import Acting, Shows
from poc_cli.scenario.templates import render_text
from poc_cli.scenario.values import shown

if TYPE_CHECKING:
    from playwright.async_api import Page

_LISTED: Final = 10
"""Texts that a reason lists; the event has as many."""

_ANSWERS_WITHIN_SECONDS: Final = 1.0
"""How long after the time limit a page may still report its text; a page whose script loops cannot."""

_SHORTEST_CHECK_SECONDS: Final = 0.001
"""How long a page is checked if its time was over before it could be queried."""

# Returns whether the page showed the expected text in time, what it shows at the end, and whether that changed.
_SHOWS: Final = """({ selector, text, contains, texts, ms }) => new Promise((done) => {
  const field = (each) => /^(INPUT|SELECT|TEXTAREA)$/.test(each.tagName);
  const text_ = (each) => (field(each) ? each.value : each.innerText ?? each.textContent ?? "");
  const fold = (each) => text_(each).replace(/\\s+/g, " ").trim();
  const now = () => [...document.querySelectorAll(selector)].map(fold);
  const fits = (found) =>
    texts !== null ? found.length === texts.length && texts.every((each, index) => each === found[index])
    : text !== null ? found.includes(text)
    : found.some((each) => each.includes(contains));
  const end = (met, found) => {
    watcher.disconnect();
    clearTimeout(timer);
    document.removeEventListener("input", look, true);
    done({ met, found, moved: JSON.stringify(found) !== first });
  };
  const first = JSON.stringify(now());
  const look = () => {
    const found = now();
    if (fits(found)) end(true, found);
  };
  const watcher = new MutationObserver(look);
  const timer = setTimeout(() => end(false, now()), ms);
  watcher.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  document.addEventListener("input", look, true);
  look();
})"""

_REPLACED: Final = ("Execution context was destroyed", "Cannot find context", "navigat")
"""Parts of the browser's error for an evaluation in a document that has just been replaced."""


class Result:
    """The result of a page's script, presented as the inbox of a client that received one message."""

    is_open = True

    def __init__(self, name: str, received: Received) -> None:
        self.name = name
        self.inbox = Inbox()
        self.inbox.put(received)
        self.inbox.end()


async def act(context: PlayContext, client: Client, step: Acting) -> Result | None:
    """Run the step's `fill`, `click` and `eval`, in this order; return the script's result. Raises StepFailed."""
    page = await _page(context, client)
    if isinstance(client, PageClient):
        client.first_sent = None
    deadline = asyncio.get_running_loop().time() + step.within
    result: Result | None = None
    try:
        if step.fill is not None:
            text = render_text(step.fill.text, context.names)
            await page.locator(render_text(step.fill.selector, context.names)).fill(text, timeout=_left_ms(deadline))
        if step.click is not None:
            await page.locator(render_text(step.click, context.names)).click(timeout=_left_ms(deadline))
        if step.eval is not None:
            async with asyncio.timeout_at(deadline):
                value = await page.evaluate(render_text(step.eval, context.names))
            result = _result(context, client, value)
    except TimeoutError as error:
        raise await _failed(
            context, "silence", f"{client.name}'s script did not finish within {step.within:g} s"
        ) from error
    except Exception as error:
        raise await _refused(context, client, step, error) from error
    return result


def sent_by(client: Client) -> tuple[int, int] | None:
    """Return the event id and time of the first message that a page sent since the last action on it."""
    return client.first_sent if isinstance(client, PageClient) else None


async def show(context: PlayContext, client: Client, step: Acting) -> tuple[int, int]:
    """Wait until the page shows the expected text; return the event's id and time. Raises StepFailed."""
    shows = step.expect_text
    if shows is None:
        raise ValueError("the step expects no text on the page")
    page = await _page(context, client)
    wanted = _wanted(context, shows)
    answer = await _answer(context, page, client, step, wanted)
    found = [str(each) for each in answer["found"]]
    if answer["met"]:
        now = context.now_ns
        event = context.write(
            client.name, play_events.Shown(selector=wanted["selector"], texts=found[:_LISTED]), t_ns=now
        )
        return event.id, now
    context.write(client.name, play_events.Shown(selector=wanted["selector"], texts=found[:_LISTED], wanted=wanted))
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    texts = f"{', '.join(map(shown, found[:_LISTED]))}{more}" if found else "nothing"
    expected = next(value for key, value in wanted.items() if key != "selector" and value is not None)
    reason = (
        f"{client.name} should show {shown(expected)} at {wanted['selector']} within {step.within:g} s "
        f"and shows {texts}"
    )
    raise await _failed(context, "mismatch" if answer["moved"] else "silence", reason)


async def _answer(
    context: PlayContext, page: "Page", client: Client, step: Acting, wanted: dict[str, Any]
) -> dict[str, Any]:
    """Return what the page shows, as soon as it matches or when the time is over. Raises StepFailed."""
    window = context.window(step.within)
    answer: dict[str, Any] = {"met": False, "found": []}
    moved = False
    while True:
        left = max(_SHORTEST_CHECK_SECONDS, window.left_s)
        reason = f"{client.name} did not report its text within {step.within:g} s: its scripts block the page"
        try:
            async with asyncio.timeout(left + _ANSWERS_WITHIN_SECONDS):
                answer = await page.evaluate(_SHOWS, wanted | {"ms": left * 1000})
        except TimeoutError as error:
            if await context.is_over(window):
                raise await _failed(context, "silence", reason) from error
        except Exception as error:
            if not client.is_open or not any(part in str(error) for part in _REPLACED):
                raise await _refused(context, client, step, error) from error
            moved = True  # query the next document at once
        moved |= bool(answer.get("moved"))
        if answer["met"] or await context.is_over(window):
            return answer | {"moved": moved}
        await asyncio.sleep(0)


async def _page(context: PlayContext, client: Client) -> "Page":
    if not isinstance(client, PageClient):
        raise StepFailed("closed", f"{client.name} is not a page")
    try:
        return client.page
    except CannotOpen as error:
        raise await _failed(context, "closed", f"the page {client.name} is not open: {error}") from error


def _wanted(context: PlayContext, shows: Shows) -> dict[str, Any]:
    def folded(text: str) -> str:
        return " ".join(render_text(text, context.names).split())

    return {
        "selector": render_text(shows.selector, context.names),
        "text": None if shows.text is None else folded(shows.text),
        "contains": None if shows.contains is None else folded(shows.contains),
        "texts": None if shows.texts is None else [folded(text) for text in shows.texts],
    }


def _result(context: PlayContext, client: Client, value: Any) -> Result:
    text = json.dumps(value, ensure_ascii=False, default=str)
    now = context.now_ns
    event = context.write(client.name, play_events.Shown(**context.recorded(text)), t_ns=now)
    return Result(client.name, Received(Message(text if not isinstance(value, str) else value, None), event.id, now))


async def _refused(context: PlayContext, client: Client, step: Acting, error: Exception) -> StepFailed:
    message = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if not client.is_open:
        return await _failed(context, "closed", f"the page {client.name} is not open: {client.how_it_ended}")
    from playwright.async_api import TimeoutError as PageTimeoutError

    what = " and ".join(f"{key} {shown(_argument(step, key))}" for key in step.page_keys)
    kind = "silence" if isinstance(error, PageTimeoutError) else "mismatch"
    return await _failed(context, kind, f"{client.name} could not {what}: {message}")


def _argument(step: Acting, key: str) -> object:
    value = getattr(step, key)
    return value if isinstance(value, str) else value.selector


async def _failed(context: PlayContext, kind: Any, reason: str) -> StepFailed:
    await context.target.settled()
    return StepFailed(kind, reason)


def _left_ms(deadline: float) -> float:
    return max(1.0, (deadline - asyncio.get_running_loop().time()) * 1000)
