"""The models of a scenario file: the story, its clients, its steps and its claims."""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from poc_cli.errors import did_you_mean
from poc_cli.scenario.abilities import Need
from poc_cli.scenario.client_tables import LARGEST_COUNT, AnyClient, Client, ClientSpec, CommandSpec, PageSpec
from poc_cli.scenario.client_verbs import Close, Connect, Http, Kill, On, Origin, Resume, Stall
from poc_cli.scenario.duration import Duration
from poc_cli.scenario.object_verbs import Alarm, Hibernate, Idle, Probe, Repeat, Restart
from poc_cli.scenario.schema_rules import Rule, any_of, given, some
from poc_cli.scenario.service_tables import OriginSpec, Worker, WorkerRef
from poc_cli.scenario.step_bases import VERBS, Acting, Exchange, Step, Taking
from poc_cli.scenario.types import CaptureName, Identifier, Names, SecretName, Shape, VariableName
from poc_cli.scenario.values import shown

__all__ = [
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


class ObjectRef(Shape):
    """A Durable Object that the story uses, identified by class and name or by class and hex id."""

    rules: ClassVar[tuple[Rule, ...]] = ({"oneOf": [given("name"), given("id")]},)
    class_: str = Field(alias="class", description="The name of the Durable Object class.")
    name: str | None = Field(
        default=None, description="Its name; without {play} in it, each play gets a runtime of its own."
    )
    id: str | None = Field(
        default=None,
        pattern=r"^([0-9a-f]{64}|\{[A-Za-z_][A-Za-z0-9_]*\})$",
        description="Its hex id, or the {name} of a captured one, instead of a name.",
    )
    instance: str = Field(
        default="instance",
        min_length=1,
        description="The path in its replies to a value that is new after each load; shows sleep without a trace.",
    )
    sockets: str | None = Field(
        default=None,
        min_length=1,
        description="The path in its replies to the number of its sockets: `ctx.getWebSockets().length`.",
    )

    @model_validator(mode="after")
    def _one_of_name_and_id(self) -> "ObjectRef":
        if (self.name is None) == (self.id is None):
            raise ValueError('an object needs either a "name" or an "id"')
        return self

    @property
    def identity(self) -> str:
        """The name or the id, as it is written."""
        return self.name or self.id or ""


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
"""The rows for state that is only in memory."""


class MatrixCell(Shape):
    """The cell of the survival matrix that a claim fills; the column follows from what happened in the play."""

    row: str = Field(description="The kind of state.")
    expects: Literal["survives", "lost", "reset"] = Field(
        description="What happens to it according to the documentation."
    )

    @model_validator(mode="after")
    def _known_row(self) -> "MatrixCell":
        if self.row not in ROWS:
            raise ValueError(f"{shown(self.row)} is not a row of the matrix; {did_you_mean(self.row, ROWS)}")
        return self


FailureKind = Literal["mismatch", "silence", "closed", "refused", "noise", "no_sleep", "probe", "check"]
"""How a claim can be refuted: by the kind of failure of a step that names it, or by its check.

`mismatch`: no message matched; `silence`: no message arrived; `closed`: the connection was closed; `refused`: it could
not be opened; `noise`: an unwanted message arrived; `no_sleep`: an object did not sleep; `probe`: an object was in
another state than expected."""

NEVER_BY_ITSELF: frozenset[FailureKind] = frozenset({"silence", "refused"})
"""Kinds of failure with many possible causes: a control may fail this way only if its `failure` says so."""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


FailureKinds = Annotated[
    list[FailureKind],
    BeforeValidator(_as_list, json_schema_input_type=FailureKind | list[FailureKind]),
    Field(min_length=1),
]


class Control(Shape):
    """One change to the story with which the claim must get another verdict."""

    rules: ClassVar[tuple[Rule, ...]] = (
        any_of([some("clients", "minProperties"), some("vars", "minProperties"), given("steps"), given("worker")]),
    )
    clients: dict[Identifier, Client] = Field(default={}, description="Clients to replace, by name.")
    vars: dict[CaptureName, Any] = Field(default={}, description="Vars to replace, by name.")
    steps: list[Any] | None = Field(default=None, min_length=1, description="Steps to play instead of the story's.")
    worker: Worker | None = Field(default=None, description="Another worker: a folder relative to the file.")
    expect: Literal["refuted", "unknown", "held"] = Field(
        default="refuted", description="The verdict that the claim must get."
    )
    failure: FailureKinds | None = Field(
        default=None,
        description="How it must be refuted; by default any way except silence and a refused connection.",
    )

    @model_validator(mode="after")
    def _changes_something(self) -> "Control":
        if not self.clients and not self.vars and self.steps is None and self.worker is None:
            raise ValueError('changes nothing: add "clients", "vars", "steps" or "worker"')
        if self.failure is not None and self.expect != "refuted":
            raise ValueError('"failure" says how the claim is refuted, so it requires expect = "refuted"')
        return self


_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%")


def share_of(text: object) -> float | None:
    """Return the share that a percentage means, None for anything else and for more than 100%."""
    match = _SHARE.fullmatch(text) if isinstance(text, str) else None
    share = None if match is None else float(match[1]) / 100
    return share if share is not None and share <= 1 else None


class Claim(Shape):
    """One statement that the story tests."""

    id: Identifier = Field(description="The name that steps use to refer to it.")
    says: str = Field(min_length=1, description="The claim as a sentence.")
    source: str | None = Field(default=None, description="The URL of the documentation that says so.")
    check: str | None = Field(default=None, description="The check that judges it from the whole history.")
    of: list[str] | None = Field(default=None, description="The objects it is about (default: all).")
    after: Identifier | None = Field(
        default=None, description="The `id` of the `hibernate`, `restart` or `kill` step that it is about."
    )
    by: str = Field(default="id", description="The path to the value that identifies a message.")
    limit: Duration | None = Field(default=None, description="The longest that a wake may take, for `wake-under`.")
    most: int | str | None = Field(
        default=None,
        description='How many wakes `wakes-at-most` allows, or for `in-memory-at-most` the share of the time: "20%".',
    )
    within: Duration | None = Field(default=None, description="The time in which `wakes-at-most` counts wakes.")
    woken_by: list[Literal["websocket", "fetch", "rpc", "alarm"]] | None = Field(
        default=None,
        min_length=1,
        description="The kinds of events of which `wakes-at-most` counts wakes (default: all).",
    )
    matrix: MatrixCell | None = Field(default=None, description="The cell of the survival matrix that it fills.")
    control: Control | None = Field(default=None, description="One change with which it must get another verdict.")
    mutant: str | None = Field(default=None, description="A broken worker with which it must be refuted.")
    known: dict[str, Literal["refuted"]] = Field(default={}, description="Targets on which it is known to be refuted.")

    @property
    def share(self) -> float | None:
        """Return `most` as a share of one, None if it is none."""
        return share_of(self.most)


class ScenarioFile(Shape):
    """A whole file. `steps` is validated step by step, because the model of each depends on its verb."""

    name: Identifier = Field(description="The name of the scenario, the same as the file's.")
    title: str = Field(min_length=1, description="The story in one sentence.")
    question: str | None = Field(
        default=None,
        min_length=1,
        description="The question its claims answer: yes if all held, no if one was refuted.",
    )
    tags: list[str] = Field(default=[], description="Words for selecting scenarios with `poc run --tag`.")
    object: ObjectRef | None = Field(default=None, description="The object that sleeps, probes and alarms act on.")
    objects: dict[Identifier, ObjectRef] = Field(default={}, description="Several objects, by names that you choose.")
    vars: dict[CaptureName, Any] = Field(default={}, description="Values to use as `{name}` in the story.")
    clients: dict[Identifier, Client] = Field(min_length=1, description="The clients, by names that you choose.")
    steps: list[Any] = Field(min_length=1, description="The story, step by step: one verb each.")
    worker: Worker | None = Field(default=None, description="The worker to use: a folder relative to the file.")
    origin: OriginSpec | None = Field(default=None, description="An app server that the worker and pages connect to.")
    secrets: list[SecretName] = Field(
        default=[],
        description="Names of secrets that the worker and the origin share; each run generates new random values.",
    )
    secret: list[VariableName] = Field(
        default=[], description="Variables of the worker whose values must not leave it, however short they are."
    )
    public: list[VariableName] = Field(
        default=[],
        description="Variables of the worker that may be seen by anyone, although they are bound as secrets.",
    )
    ignore: list[str] = Field(
        default=[],
        description="Keys or paths in messages that a sleep may change, such as a counter of starts.",
    )
    throws: bool = Field(
        default=False, description="Whether the worker is meant to throw, so that poc does not warn of it."
    )
    measures: bool = Field(default=False, description="Whether it measures latencies; if so, it is played alone.")
    needs: list[Need] = Field(default=[], description="Requirements that do not follow from its steps.")
    claim: list[Claim] = Field(default=[], description="The claims that the story tests.")
