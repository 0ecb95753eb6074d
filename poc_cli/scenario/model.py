"""What a scenario file may say, as typed data: the story, its clients, its steps and its claims.

Never reads a file and never explains a mistake to a person; the loader does.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticKnownError

from poc_cli.scenario.checks import MEANINGS
from poc_cli.scenario.duration import Duration
from poc_cli.scenario.shapes import CaptureName, Identifier, Names, Shape
from poc_cli.scenario.verbs import (
    VERBS,
    Alarm,
    Close,
    Connect,
    Exchange,
    Hibernate,
    Http,
    Idle,
    Kill,
    On,
    Probe,
    Repeat,
    Restart,
    Resume,
    Stall,
    Step,
)

__all__ = [
    "CHECKS",
    "LARGEST_COUNT",
    "ROWS",
    "VERBS",
    "Alarm",
    "CaptureName",
    "Claim",
    "Client",
    "ClientSpec",
    "Close",
    "Connect",
    "Control",
    "Exchange",
    "Hibernate",
    "Http",
    "Identifier",
    "Idle",
    "Kill",
    "MatrixCell",
    "Names",
    "Need",
    "ObjectRef",
    "On",
    "Probe",
    "Repeat",
    "Restart",
    "Resume",
    "ScenarioFile",
    "Stall",
    "Step",
    "Verdict",
    "WorkerRef",
]

Verdict = Literal["held", "refuted", "unknown", "error"]

Need = Literal["trace", "evict", "crash", "restart", "deploy"]
"""What a scenario may need of the place where it is played."""

LARGEST_COUNT = 10_000
"""Clients of one play. The runtime takes two descriptors a socket, so these already need 20,000 of them."""

_FOLDER = r"^[^/\x00][^\x00]*$"

Folder = Annotated[str, Field(pattern=_FOLDER)]
"""A folder relative to the scenario's file."""


class WorkerRef(Shape):
    """A worker of somebody's: its folder, and which configuration and environment of it."""

    dir: Folder = Field(description="Its folder, relative to the file.")
    config: Names | None = Field(default=None, description="Its configuration files, the one for clients first.")
    env: str | None = Field(default=None, min_length=1, description="The environment in its configuration.")


def _worker_from_folder(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(_FOLDER, value) is None:
        raise PydanticKnownError("string_pattern_mismatch", {"pattern": _FOLDER})
    return {"dir": value} if isinstance(value, str) else value


Worker = Annotated[WorkerRef, BeforeValidator(_worker_from_folder, json_schema_input_type=Folder | WorkerRef)]


class ObjectRef(Shape):
    """Which Durable Object a story is about: by class and name, or by class and hex id."""

    class_: str = Field(alias="class", description="The name of its Durable Object class.")
    name: str | None = Field(default=None, description="Its name, which holds {play}.")
    id: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$", description="Its hex id, where it has no name.")

    @model_validator(mode="after")
    def _one_of_name_and_id(self) -> "ObjectRef":
        if (self.name is None) == (self.id is None):
            raise ValueError('an object is named by its "name" or by its "id"')
        return self


class ClientSpec(Shape):
    """One WebSocket client: where it connects and how."""

    path: str = Field(pattern=r"^/", description="Where it connects: the path and query of the worker's URL.")
    headers: dict[str, str] = Field(default={}, description="Headers of the opening request.")
    subprotocols: list[str] = Field(default=[], description="The subprotocols it offers.")
    compression: bool = Field(default=False, description="Whether it offers permessage-deflate.")
    count: int | None = Field(default=None, ge=1, le=LARGEST_COUNT, description="So many of it: ann.1, ann.2, ….")
    ping: Duration | None = Field(default=None, description="The time between protocol pings; none unless said.")

    @field_validator("ping")
    @classmethod
    def _pings_apart(cls, ping: float | None) -> float | None:
        # A timer of the event loop is no finer than a millisecond.
        if ping is not None and ping < 0.001:  # noqa: PLR2004
            raise ValueError('pings need time between them, at least "1ms"')
        return ping


def _client_from_path(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


_InFile = Annotated[str, Field(pattern=r"^/")] | ClientSpec
Client = Annotated[ClientSpec, BeforeValidator(_client_from_path, json_schema_input_type=_InFile)]


CHECKS = tuple(MEANINGS)
"""The names of the checks; the judge holds one function for each."""

ROWS = (
    "connections",
    "SQLite rows",
    "KV storage",
    "attachments",
    "tags",
    "auto-response",
    "alarms",
    "secrets",
    "in-memory fields",
    "module globals",
    "unsent messages",
)
"""The rows of the survival matrix."""


class MatrixCell(Shape):
    """The cell of the survival matrix that a claim fills; the column comes from what happened."""

    row: str = Field(description="The kind of state.")
    expects: Literal["survives", "lost", "reset"] = Field(description="What the documentation says becomes of it.")

    @model_validator(mode="after")
    def _known_row(self) -> "MatrixCell":
        if self.row not in ROWS:
            raise ValueError(f'"row" must be one of {", ".join(ROWS)}')
        return self


class Control(Shape):
    """One change that must turn the claim round."""

    clients: dict[Identifier, Client] = Field(default={}, description="Clients that connect otherwise, by name.")
    vars: dict[CaptureName, Any] = Field(default={}, description="Vars with another value, by name.")
    steps: list[Any] | None = Field(default=None, min_length=1, description="Other steps in place of the story's.")
    worker: Worker | None = Field(default=None, description="Another worker: a folder relative to the file.")
    expect: Literal["refuted", "unknown", "held"] = Field(default="refuted", description="What the claim must be then.")

    @model_validator(mode="after")
    def _changes_something(self) -> "Control":
        if not self.clients and not self.vars and self.steps is None and self.worker is None:
            raise ValueError('changes nothing: give "clients", "vars", "steps" or "worker"')
        return self


class Claim(Shape):
    """One sentence that the story puts to the test."""

    id: Identifier = Field(description="Its name, by which steps refer to it.")
    says: str = Field(min_length=1, description="The claim, as a sentence.")
    source: str | None = Field(default=None, description="Where the documentation says so: a URL.")
    check: str | None = Field(default=None, description="The check that judges it on the whole history.")
    of: list[str] | None = Field(default=None, description="The objects it is about; all unless said.")
    by: str = Field(default="id", description="The path of the mark that tells messages apart.")
    limit: Duration | None = Field(default=None, description="The longest a wake may take, for wake-under.")
    matrix: MatrixCell | None = Field(default=None, description="The cell of the survival matrix that it fills.")
    control: Control | None = Field(default=None, description="One change that must turn the claim round.")
    mutant: str | None = Field(default=None, description="The broken worker for which it must be refuted.")
    known: dict[str, Literal["refuted"]] = Field(default={}, description="Targets on which it is known to be refuted.")


class ScenarioFile(Shape):
    """A whole file. `steps` holds the verbs' models once the loader has chosen each."""

    name: Identifier = Field(description="The scenario's name, the same as the file's.")
    title: str = Field(min_length=1, description="The story in one sentence.")
    tags: list[str] = Field(default=[], description="Words by which to choose scenarios: poc run --tag.")
    object: ObjectRef | None = Field(default=None, description="The one object that sleeps, probes and alarms act on.")
    objects: dict[Identifier, ObjectRef] = Field(default={}, description="Several objects, by names of your own.")
    vars: dict[CaptureName, Any] = Field(default={}, description="Values to use as {name} in the story.")
    clients: dict[Identifier, Client] = Field(min_length=1, description="Who takes part, by names of your own.")
    steps: list[Any] = Field(min_length=1, description="The story, step by step: one verb each.")
    worker: Worker | None = Field(default=None, description="The worker it is about: a folder relative to the file.")
    measures: bool = Field(default=False, description="Whether latencies are its subject: it is played alone.")
    needs: list[Need] = Field(default=[], description="What it needs beyond what follows from its steps.")
    claim: list[Claim] = Field(default=[], description="What the story puts to the test.")
