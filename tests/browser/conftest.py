"""Fixtures of the browser tests: one browser for a file of tests, and a page that minds what goes wrong on it."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page

from tests.support.browser import chromium

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield a browser. It ends with the module: while it is there, no other event loop can be."""
    with tempfile.TemporaryDirectory(prefix="poc-test-") as folder, chromium(Path(folder)) as started:
        yield started


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Yield a function that opens a report from the disk; the test fails on any message, error, dialog or request."""
    wrong: list[str] = []
    asked: list[str] = []
    contexts = []

    def refuse(dialog: Dialog) -> None:
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open_(html: str, width: int = 1280, fragment: str = "", **settings: Any) -> Page:
        file = tmp_path / "report.html"
        file.write_text(html, encoding="utf-8")
        address = file.as_uri()
        context = browser.new_context(viewport={"width": width, "height": 800}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("dialog", refuse)
        page.on("request", lambda request: asked.append(request.url.split("#")[0]))
        page.goto(address + fragment)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []
    assert set(asked) <= {(tmp_path / "report.html").as_uri()}
