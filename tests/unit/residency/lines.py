"""Literal lines of a trace for the tests, and the recorded ones."""

import json
from pathlib import Path
from typing import Any

from poc_cli.residency import Change, Residency

TRACES = Path(__file__).parent / "traces"
"""Recorded from workerd 2026-10-23 with eight stack frames. `idle`, `evict`, `crash`, `stop`, `alarm` and `pin-*` play
the shipped worker (unique key `poc-room`, the room `ann`); the others one object for each behaviour (unique key
`lab-key`, the object named for what it does), with its source as worker.js."""

OBJECT = "ab" * 32
SECOND = 1_000_000_000


def line(event: str, **fields: Any) -> str:
    return json.dumps({"e": event, **fields}, separators=(",", ":"))


def ctx(number: int = 1, actor: str | None = OBJECT, at: int = 0, worker: str = "main", iso: int = 1) -> str:
    return line("ctx", ctx=number, iso=iso, worker=worker, actor=actor, at=at)


def ctx_end(number: int = 1, at: int = 0) -> str:
    return line("ctx_end", ctx=number, at=at, created=1, dropped=0, unknown=0, unbalanced=0)


def init(  # noqa: PLR0913  # a line has that many fields
    identifier: int,
    kind: str,
    name: str,
    trigger: int = 0,
    *,
    at: int = 0,
    stack: int | None = None,
    number: int = 1,
) -> str:
    given = {} if stack is None else {"stack": stack}
    return line("init", ctx=number, id=identifier, kind=kind, name=name, trigger=trigger, exec=trigger, at=at, **given)


def request(identifier: int, name: str = "fetch", at: int = 0, number: int = 1) -> str:
    return init(identifier, "request", name, at=at, number=number)


def settle(identifier: int, at: int = 0, outcome: str = "ok", number: int = 1) -> str:
    return line("settle", ctx=number, id=identifier, outcome=outcome, at=at)


def destroy(identifier: int, at: int = 0, number: int = 1) -> str:
    return line("destroy", ctx=number, id=identifier, at=at)


def turn(cause: int, end: int, number: int = 1) -> str:
    return line("turn", ctx=number, cause=cause, start=end - 2, locked=end - 1, end=end)


def stack(identifier: int, *frames: tuple[str, int], iso: int = 1) -> str:
    listed = [{"fn": "f", "script": script, "scriptId": 4, "line": number, "col": 1} for script, number in frames]
    return line("stack", iso=iso, id=identifier, frames=listed)


def fed(*lines: str | bytes) -> tuple[Residency, list[Change]]:
    residency = Residency(7)
    return residency, [change for one in lines for change in residency.feed(one)]


def recorded(name: str) -> list[bytes]:
    return (TRACES / f"{name}.jsonl").read_bytes().splitlines(keepends=True)
