"""How a page's WebSockets ended: the page's word and the browser's brought together, whichever comes first."""

import asyncio

from poc_cli.clients.client import Ending
from poc_cli.clients.page_closings import Closings

URL = "ws://127.0.0.1/room"


def _said(*, code: int = 1000, clean: bool = True, asked: bool = False) -> dict[str, object]:
    return {"url": URL, "code": code, "reason": "", "clean": clean, "asked": asked}


async def test_the_page_may_speak_before_the_browser_or_after_it() -> None:
    heard: list[Ending] = []
    closings = Closings()
    closings.created("1", URL)
    closings.reported(_said(code=4001))
    closings.closed("1", heard.append)
    closings.created("2", URL)
    closings.closed("2", heard.append)
    closings.reported(_said(code=4002, asked=True))
    closings.created("3", URL)
    closings.closed("3", heard.append)
    closings.reported(_said(code=1006, clean=False))
    assert [(each.by, each.code) for each in heard] == [("server", 4001), ("client", 4002), ("nobody", 1006)]


async def test_a_page_that_says_nothing_is_not_waited_for_long() -> None:
    heard: list[Ending] = []
    closings = Closings()
    closings.created("1", URL)
    over = asyncio.Event()

    def hear(ending: Ending) -> None:
        heard.append(ending)
        over.set()

    closings.closed("1", hear)
    await over.wait()
    assert (heard[0].by, heard[0].code) == ("nobody", 1006)


async def test_what_ends_with_its_document_was_closed_by_the_page() -> None:
    heard: list[Ending] = []
    closings = Closings()
    closings.created("1", URL)
    closings.created("2", URL)
    closings.closed("1", heard.append)
    closings.left()
    closings.closed("2", heard.append)
    assert [each.by for each in heard] == ["client", "client"]
