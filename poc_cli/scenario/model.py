"""What a scenario file may say, as typed data: the story, its clients, its steps and its claims."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from poc_cli.scenario.check_names import MEANINGS
from poc_cli.scenario.client_tables import LARGEST_COUNT, AnyClient, Client, ClientSpec, CommandSpec, PageSpec
from poc_cli.scenario.duration import Duration
from poc_cli.scenario.service_tables import OriginSpec, Worker, WorkerRef
from poc_cli.scenario.step_bases import VERBS, Acting, Exchange, Step
from poc_cli.scenario.types import CaptureName, Identifier, Names, SecretName, Shape, VariableName
from poc_cli.scenario.verbs import (
    Alarm,
    Close,
    Connect,
    Hibernate,
    Http,
    Idle,
    Kill,
    On,
    Origin,
    Probe,
    Repeat,
    Restart,
    Resume,
    Stall,
    Taking,
)

__all__ = [
    "CHECKS",
    "IN_MEMORY",
    "LARGEST_COUNT",
    "ROWS",
    "VERBS",
    "Acting",
    "Alarm",
    "AnyClient",
    "CaptureName",
    "Claim",
    "Client",
    "ClientSpec",
    "Close",
    "CommandSpec",
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
    "Origin",
    "OriginSpec",
    "PageSpec",
    "Probe",
    "Repeat",
    "Restart",
    "Resume",
    "ScenarioFile",
    "Stall",
    "Step",
    "Taking",
    "Verdict",
    "WorkerRef",
]

Verdict = Literal["held", "refuted", "unknown", "error"]

Need = Literal["trace", "evict", "crash", "restart", "deploy", "api", "environment", "itself"]
"""What a scenario may need of the place where it is played. `api`: that the worker can call poc's API on loopback;
`environment`: that the worker's variables are those that poc gives; `itself`: that it can call its own address."""


class ObjectRef(Shape):
    """Which Durable Object a story is about: by class and name, or by class and hex id."""

    class_: str = Field(alias="class", description="The name of its Durable Object class.")
    name: str | None = Field(default=None, description="Its name, which holds {play}.")
    id: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$", description="Its hex id, where it has no name.")
    instance: str = Field(
        default="instance",
        min_length=1,
        description="The path in its answers to what is new with each stay in memory; black boxes show sleep by it.",
    )
    sockets: str | None = Field(
        default=None,
        min_length=1,
        description="The path in its answers to how many sockets it holds: `ctx.getWebSockets().length`.",
    )

    @model_validator(mode="after")
    def _one_of_name_and_id(self) -> "ObjectRef":
        if (self.name is None) == (self.id is None):
            raise ValueError('an object is named by its "name" or by its "id"')
        return self


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

IN_MEMORY = frozenset({"in-memory fields", "module globals"})
"""Those of state that is in memory alone."""


class MatrixCell(Shape):
    """The cell of the survival matrix that a claim fills; the column comes from what happened."""

    row: str = Field(description="The kind of state.")
    expects: Literal["survives", "lost", "reset"] = Field(description="What the documentation says becomes of it.")

    @model_validator(mode="after")
    def _known_row(self) -> "MatrixCell":
        if self.row not in ROWS:
            raise ValueError(f'"row" must be one of {", ".join(ROWS)}')
        return self


FailureKind = Literal["mismatch", "silence", "closed", "refused", "noise", "no_sleep", "probe", "check"]
"""How a claim can be refuted: by the kind of failure of a step that names it, or by its check.

`mismatch`: messages came, none fitted; `silence`: none came; `closed`: the connection was gone; `refused`: it could not
be opened; `noise`: a message came where none may; `no_sleep`: an object did not sleep; `probe`: it was not as asked."""

NEVER_BY_ITSELF: frozenset[FailureKind] = frozenset({"silence", "refused"})
"""Kinds that come of anything that goes wrong: a control fails so only where it says that it will."""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


FailureKinds = Annotated[
    list[FailureKind],
    BeforeValidator(_as_list, json_schema_input_type=FailureKind | list[FailureKind]),
    Field(min_length=1),
]


class Control(Shape):
    """One change that must turn the claim round."""

    clients: dict[Identifier, Client] = Field(default={}, description="Clients that connect otherwise, by name.")
    vars: dict[CaptureName, Any] = Field(default={}, description="Vars with another value, by name.")
    steps: list[Any] | None = Field(default=None, min_length=1, description="Other steps in place of the story's.")
    worker: Worker | None = Field(default=None, description="Another worker: a folder relative to the file.")
    expect: Literal["refuted", "unknown", "held"] = Field(default="refuted", description="What the claim must be then.")
    failure: FailureKinds | None = Field(
        default=None,
        description="How it must be refuted; any way but silence and a refused connection unless said.",
    )

    @model_validator(mode="after")
    def _changes_something(self) -> "Control":
        if not self.clients and not self.vars and self.steps is None and self.worker is None:
            raise ValueError('changes nothing: give "clients", "vars", "steps" or "worker"')
        if self.failure is not None and self.expect != "refuted":
            raise ValueError('"failure" says how the claim is refuted, so it goes with expect = "refuted"')
        return self


class Claim(Shape):
    """One sentence that the story puts to the test."""

    id: Identifier = Field(description="Its name, by which steps refer to it.")
    says: str = Field(min_length=1, description="The claim, as a sentence.")
    source: str | None = Field(default=None, description="Where the documentation says so: a URL.")
    check: str | None = Field(default=None, description="The check that judges it on the whole history.")
    of: list[str] | None = Field(default=None, description="The objects it is about; all unless said.")
    after: Identifier | None = Field(
        default=None, description="The `id` of the step that it is about: a `hibernate`, a `restart` or a `kill`."
    )
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
    question: str | None = Field(
        default=None, min_length=1, description="What its claims answer: yes where all held, no where one was refuted."
    )
    tags: list[str] = Field(default=[], description="Words by which to choose scenarios: poc run --tag.")
    object: ObjectRef | None = Field(default=None, description="The one object that sleeps, probes and alarms act on.")
    objects: dict[Identifier, ObjectRef] = Field(default={}, description="Several objects, by names of your own.")
    vars: dict[CaptureName, Any] = Field(default={}, description="Values to use as {name} in the story.")
    clients: dict[Identifier, Client] = Field(min_length=1, description="Who takes part, by names of your own.")
    steps: list[Any] = Field(min_length=1, description="The story, step by step: one verb each.")
    worker: Worker | None = Field(default=None, description="The worker it is about: a folder relative to the file.")
    origin: OriginSpec | None = Field(default=None, description="An app server that worker and pages speak to.")
    secrets: list[SecretName] = Field(
        default=[], description="Names of random values, fresh for each run, that the worker and the origin both get."
    )
    secret: list[VariableName] = Field(
        default=[], description="Variables of the worker's whose values must not leave it, however short they are."
    )
    public: list[VariableName] = Field(
        default=[], description="Variables of the worker's that everybody may see, though they are bound as secrets."
    )
    measures: bool = Field(default=False, description="Whether latencies are its subject: it is played alone.")
    needs: list[Need] = Field(default=[], description="What it needs beyond what follows from its steps.")
    claim: list[Claim] = Field(default=[], description="What the story puts to the test.")
