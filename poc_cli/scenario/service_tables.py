"""The models of a scenario's worker, and of an app server that the worker and pages connect to."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticKnownError

from poc_cli.scenario.duration import Duration
from poc_cli.scenario.types import FOLDER, Folder, Names, Shape, VariableName


class WorkerPlace(Shape):
    """A worker: its folder, configurations, environments and entry point."""

    dir: Folder = Field(description="Its folder, or a configuration file, relative to the file.")
    config: Names | None = Field(
        default=None, description="Its configuration files; the first is that of the Worker clients connect to."
    )
    env: Names | None = Field(
        default=None, description='The environment of all configurations, or one for each; `""` is the top level.'
    )
    main: Folder | None = Field(
        default=None, description="Its entry point, for a configuration that names none, relative to `dir`."
    )


class WorkerRef(WorkerPlace):
    """A worker that the scenario brings: where it is, how it is built, and what it is given."""

    build: str | None = Field(
        default=None, min_length=1, description="A command that builds it, in a copy of its folder."
    )
    also: list[Folder] = Field(default=[], description="Other folders that the build reads, relative to the file.")
    vars: dict[VariableName, str] = Field(
        default={},
        description='Variables beside those of its configuration; `POC_TOKEN = ""` is a worker without a token.',
    )
    seed: dict[VariableName, Any] = Field(
        default={}, description="What its KV namespaces, R2 buckets and D1 databases hold at the beginning, by binding."
    )
    hyperdrive: dict[VariableName, str] = Field(
        default={}, description="The local connection string of each Hyperdrive, by binding."
    )


def _worker_from_folder(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(FOLDER, value) is None:
        raise PydanticKnownError("string_pattern_mismatch", {"pattern": FOLDER})
    return {"dir": value} if isinstance(value, str) else value


Worker = Annotated[WorkerRef, BeforeValidator(_worker_from_folder, json_schema_input_type=Folder | WorkerRef)]


class OriginSpec(Shape):
    """An app server: built once per content, started for the run, and reached through a proxy that records requests."""

    dir: Folder = Field(description="Its folder, relative to the file.")
    start: str = Field(min_length=1, description="The command that starts it on 127.0.0.1 and port {port}.")
    ready: str = Field(default="/", pattern=r"^/", description="A path that returns 2xx once it is up.")
    within: Duration = Field(default=30.0, description="How long it may take to start.")
    build: str | None = Field(
        default=None, min_length=1, description="A command that builds it, in a copy of its folder."
    )
    also: list[Folder] = Field(default=[], description="Other folders that the build reads, relative to the file.")
    env: dict[VariableName, str] = Field(default={}, description="Environment variables at run time.")
