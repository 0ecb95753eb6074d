"""What of a tail comes into the history: mishaps and logs, without secrets, and never more than a little."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from poc_cli.engine.tail_events import listen
from poc_cli.history.redact import Redactor
from poc_cli.history.writer import HistoryWriter
from tests.support.record import history

SECRET = "a-secret-of-the-worker-0123456789"  # noqa: S105 - made up


def heard(folder: Path, *events: dict[str, Any], failure: str | None = None) -> list[dict[str, Any]]:
    """Let a tail tell these events, and give what was written down of them."""

    @asynccontextmanager
    async def tail(listener: Callable[[dict[str, Any]], None]) -> AsyncIterator[object]:
        for event in events:
            listener(event)
        yield SimpleNamespace(failure=failure)

    async def told(writer: HistoryWriter) -> None:
        listening = asyncio.create_task(listen(tail, writer))
        await asyncio.sleep(0)  # it has begun, and said all
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)

    with HistoryWriter(folder / "history.ndjson", Redactor([SECRET])) as writer:
        asyncio.run(told(writer))
    return [event["data"] for event in history(folder) if (event["play"], event["kind"]) == ("run", "tail")]


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"outcome": "ok", "logs": [{"message": [text], "level": "log"}], "exceptions": [], **more}


def test_only_what_went_wrong_or_was_said_is_kept(tmp_path: Path) -> None:
    bad = {"outcome": "exception", "exceptions": [{"name": "Error", "message": "no"}], "logs": []}
    fine = {"outcome": "ok", "exceptions": [], "logs": []}
    assert heard(tmp_path, bad, fine, said("hello", scriptName="poc-x")) == [bad, said("hello")]


def test_secrets_are_not(tmp_path: Path) -> None:
    (event,) = heard(tmp_path, said(f"it is {SECRET}"))
    assert event["logs"][0]["message"] == ["it is [secret]"]


def test_a_secret_is_not_cut_in_half(tmp_path: Path) -> None:
    for lead in range(8100, 8193, 7):
        folder = tmp_path / str(lead)
        folder.mkdir()
        (event,) = heard(folder, said("x" * lead + SECRET + "y" * 100_000))
        assert len(event["cut"]) == 8192
        assert "logs" not in event
        assert SECRET[:4] not in json.dumps(event)


def test_a_flood_is_cut_off(tmp_path: Path) -> None:
    assert len(heard(tmp_path, *[said("again")] * 1000)) == 200


def test_a_tail_that_tells_nothing_says_why(tmp_path: Path) -> None:
    assert heard(tmp_path, failure="the token may not") == [{"failed": "the token may not"}]
