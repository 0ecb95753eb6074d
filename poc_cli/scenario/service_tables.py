"""The tables of a scenario for its worker and for an app server that worker and pages talk to."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticKnownError

from poc_cli.scenario.duration import Duration
from poc_cli.scenario.types import FOLDER, Folder, Names, Shape, VariableName


class WorkerRef(Shape):
    """A worker of somebody's: its folder, and which configuration and environment of it."""

    dir: Folder = Field(description="Its folder, relative to the file.")
    config: Names | None = Field(default=None, description="Its configuration files, the one for clients first.")
    env: str | None = Field(default=None, min_length=1, description="The environment in its configuration.")
    build: str | None = Field(default=None, min_length=1, description="What makes its folder ready, in a copy.")
    also: list[Folder] = Field(default=[], description="What the build reads beside the folder, relative to the file.")
    vars: dict[VariableName, str] = Field(default={}, description="Variables that it gets beside its own.")


def _worker_from_folder(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(FOLDER, value) is None:
        raise PydanticKnownError("string_pattern_mismatch", {"pattern": FOLDER})
    return {"dir": value} if isinstance(value, str) else value


Worker = Annotated[WorkerRef, BeforeValidator(_worker_from_folder, json_schema_input_type=Folder | WorkerRef)]


class OriginSpec(Shape):
    """An app server: built once for each content, started for the run, and reached through a proxy that takes notes."""

    dir: Folder = Field(description="Its folder, relative to the file.")
    start: str = Field(min_length=1, description="The command that starts it on 127.0.0.1 and the port {port}.")
    ready: str = Field(default="/", pattern=r"^/", description="The path that answers 2xx once it is up.")
    within: Duration = Field(default=30.0, description="How long it may take to be up.")
    build: str | None = Field(default=None, min_length=1, description="What makes its folder ready, in a copy.")
    also: list[Folder] = Field(default=[], description="What the build reads beside the folder, relative to the file.")
    env: dict[VariableName, str] = Field(default={}, description="Variables of its environment when it runs.")
