"""What ends a play from outside its steps: a client that is flooded, and a record that grows without end."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from poc_cli.clients import inbox as inboxes
from poc_cli.clients.inbox import Inbox
from poc_cli.engine import context as under_test
from poc_cli.engine.context import PlayContext
from poc_cli.engine.environment import PlayEnvironment, RunEnvironment
from poc_cli.engine.external_clients import ContextObserver
from poc_cli.engine.step_failure import PlayError, StepFailed
from poc_cli.history import event as kinds
from poc_cli.history.redact import Redactor
from poc_cli.history.writer import HistoryWriter
from poc_cli.scenario.loader import parse
from poc_cli.scenario.plays import plays_of
from poc_cli.targets.attendance import Attendance

if TYPE_CHECKING:
    from poc_cli.clients.client import Client
    from poc_cli.targets.base import Target
    from poc_cli.targets.local_api import Api

SCENARIO = """
name = "one"
title = "One client."
object = { class = "Room", name = "{play}" }
clients = { ann = "/{play}" }
steps = [ { connect = "ann" }, { on = "ann", send = "x", expect = "x", claim = "it" } ]
[[claim]]
id = "it"
says = "it"
"""


@pytest.fixture
def context(tmp_path: Path) -> Iterator[PlayContext]:
    """Yield a stage without any runtime behind it."""
    (play, *_) = plays_of(parse(SCENARIO, "one.toml"))
    target = cast("Target", SimpleNamespace(trace=None))
    with HistoryWriter(tmp_path / "history.ndjson", Redactor([])) as history:
        environment = PlayEnvironment(RunEnvironment(cast("Api", None)), lambda _: None, lambda _: None, Attendance())
        yield PlayContext(play, "one", "one-1", target, history, environment, alone=False)


async def finish(seen: dict[str, Any]) -> dict[str, Any]:
    """Be a step that comes out at once."""
    return seen


async def wait() -> dict[str, Any]:
    """Be a step that waits for something that never comes."""
    await asyncio.Event().wait()
    return {}


async def test_a_step_of_a_play_that_goes_on_comes_out_as_it_does(context: PlayContext) -> None:
    async def fail() -> dict[str, Any]:
        raise StepFailed("silence", "nothing came")

    assert await context.unless_broken_off(finish({"a": 1})) == {"a": 1}
    with pytest.raises(StepFailed, match="nothing came"):
        await context.unless_broken_off(fail())


async def test_a_play_that_is_broken_off_ends_in_the_middle_of_its_step(context: PlayContext) -> None:
    playing = asyncio.create_task(context.unless_broken_off(wait()))
    await asyncio.sleep(0)
    context.break_off("flooded: ann")
    context.break_off("something that came of it")
    with pytest.raises(PlayError, match="flooded: ann"):
        await playing
    with pytest.raises(PlayError, match="flooded: ann"):
        await context.unless_broken_off(finish({}))


async def test_an_interruption_stays_one(context: PlayContext) -> None:
    playing = asyncio.create_task(context.unless_broken_off(wait()))
    await asyncio.sleep(0)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing


async def test_a_program_or_page_that_is_flooded_breaks_the_play_off(
    context: PlayContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(inboxes, "MOST_MESSAGES", 2)
    client = cast("Client", SimpleNamespace(inbox=Inbox()))
    account = ContextObserver(context, "ann", [client])
    for _ in range(10):
        account.received("a line")
        account.passed(kinds.FRAME_RECEIVED, 1, "a frame")
    with pytest.raises(PlayError, match="flooded: ann received more than 2 messages that no step was waiting for"):
        await context.unless_broken_off(wait())
    assert client.inbox.size == 3
    assert (tmp_path / "history.ndjson").read_text(encoding="utf-8").count("a frame") == 2


async def test_messages_that_fill_the_record_break_the_play_off(
    context: PlayContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "MOST_RECORDED", 40 << 10)
    context.recorded("x" * (1 << 20))
    context.recorded(b"x" * 100)
    assert not context.is_broken_off
    context.recorded(b"x" * (1 << 20))
    assert context.is_broken_off
