"""Objects that a play knows only once a step has captured their name or id."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from poc_cli.engine.context import PlayContext
from poc_cli.engine.environment import PlayEnvironment, RunEnvironment
from poc_cli.engine.step_failure import PlayError
from poc_cli.history import event as kinds
from poc_cli.history.redact import Redactor
from poc_cli.history.writer import HistoryWriter
from poc_cli.residency import Change, Delivered, Entered, Left
from poc_cli.scenario.loader import parse
from poc_cli.scenario.plays import plays_of
from poc_cli.targets.attendance import Attendance

if TYPE_CHECKING:
    from poc_cli.targets.base import Target
    from poc_cli.targets.local_api import Api

SCENARIO = """
name = "one"
title = "One client."
object = { class = "Room", %s }
clients = { ann = "/{code}" }
steps = [ { http = "/new", capture = { code = "code" } }, { connect = "ann" }, { hibernate = "evict" } ]
[[claim]]
id = "it"
says = "it"
check = "sleeps"
"""
ID = "ab" * 32
OTHER = "cd" * 32


class _Trace:
    """As much of a trace as an object needs that is named late."""

    def __init__(self) -> None:
        self.watched: dict[str, Callable[[Change], None]] = {}
        self.others: Callable[[Change], None] | None = None

    def watch(self, object_id: str, listener: Callable[[Change], None]) -> None:
        self.watched[object_id] = listener

    def watch_others(self, listener: Callable[[Change], None] | None) -> None:
        self.others = listener

    def object_id(self, _class_name: str, name: str) -> str:
        return ID if name == "tides" else OTHER

    def class_of(self, object_id: str) -> str | None:
        return "Room" if object_id == ID else None

    def happened(self, change: Change) -> None:
        listener = self.watched.get(getattr(change, "object_id", ""), self.others)
        if listener is not None:
            listener(change)


async def _settled() -> None:
    pass


def _context(folder: Path, named: str) -> tuple[PlayContext, _Trace]:
    (play, *_) = plays_of(parse(SCENARIO % named, "one.toml"))
    trace = _Trace()
    target = cast("Target", SimpleNamespace(trace=trace, settled=_settled))
    history = HistoryWriter(folder / "history.ndjson", Redactor([])).__enter__()
    environment = PlayEnvironment(RunEnvironment(cast("Api", None)), lambda _: None, lambda _: None, Attendance())
    context = PlayContext(play, "one", "one-1", target, history, environment, alone=True)
    context.late_objects.begin()
    return context, trace


def _entered(object_id: str) -> Entered:
    return Entered(process=1, ctx=1, worker="main", object_id=object_id, at_ns=1, why="fetch")


def _delivered(object_id: str) -> Delivered:
    return Delivered(process=1, ctx=1, object_id=object_id, at_ns=2, name="fetch")


@pytest.mark.parametrize(("named", "value"), [('name = "{code}"', "tides"), ('id = "{code}"', ID)])
async def test_what_happened_before_is_recorded_once_the_name_is_known(tmp_path: Path, named: str, value: str) -> None:
    context, trace = _context(tmp_path, named)
    for change in (_entered(ID), _entered(OTHER), _delivered(ID)):
        trace.happened(change)
    await context.late_objects.bind()
    witnessed = context.objects["object"]
    assert (witnessed.id, witnessed.seen) == ("", False)

    context.names["code"] = value
    await context.late_objects.bind()
    assert (witnessed.id, witnessed.in_memory) == (ID, True)
    assert trace.others is None
    trace.happened(_delivered(ID))
    lines = (tmp_path / "history.ndjson").read_text().splitlines()
    assert [kind for line in lines for kind in (kinds.ENTERED, kinds.DELIVERED) if f'"kind":"{kind}"' in line] == [
        kinds.ENTERED,
        kinds.DELIVERED,
        kinds.DELIVERED,
    ]


async def test_another_object_is_never_taken_for_it(tmp_path: Path) -> None:
    context, trace = _context(tmp_path, 'name = "{code}"')
    trace.happened(_entered(OTHER))
    context.names["code"] = "tides"
    await context.late_objects.bind()
    assert not context.objects["object"].seen


async def test_an_object_that_has_left_before_is_no_evidence(tmp_path: Path) -> None:
    context, trace = _context(tmp_path, 'name = "{code}"')
    trace.happened(_entered(ID))
    trace.happened(Left(1, 1, ID, at_ns=3, last_event_ns=2, last_activity_ns=2, how="ended"))
    context.names["code"] = "tides"
    with pytest.raises(PlayError, match='"object" left memory before a step had captured its name'):
        await context.late_objects.bind()


@pytest.mark.parametrize(
    ("named", "value", "said"),
    [
        ('name = "{code}"', None, 'what was captured as "code" is no name of an object: it is no text and no number'),
        ('name = "{code}"', "", 'what was captured as "code" is no name of an object'),
        ('name = "{code}"', True, 'what was captured as "code" is no name of an object'),
        ('id = "{code}"', OTHER, 'what was captured as the id of "object" is no id of Room'),
    ],
)
async def test_what_names_no_object_ends_the_play(tmp_path: Path, named: str, value: object, said: str) -> None:
    context, _ = _context(tmp_path, named)
    context.names["code"] = value
    with pytest.raises(PlayError, match=said):
        await context.late_objects.bind()
