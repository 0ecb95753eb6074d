"""The shapes that steps and the rest of a scenario file share: how strict a table is, and what a name looks like."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Shape(BaseModel):
    """A table of the file: no other keys than its own, no value taken for another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True, defer_build=True)


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[list[str], BeforeValidator(_as_list, json_schema_input_type=str | list[str]), Field(min_length=1)]
"""One name or several; `"*"` means every client."""

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
CaptureName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

Need = Literal["trace", "evict", "crash", "restart", "deploy", "api", "environment", "itself"]
"""What a scenario may need of the place where it is played. `api`: that the worker can call poc's API on loopback;
`environment`: that the worker's variables are those that poc gives; `itself`: that it can call its own address."""

FOLDER = r"^[^/\x00][^\x00]*$"

Folder = Annotated[str, Field(pattern=FOLDER)]
"""A folder relative to the scenario's file."""

VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
SecretName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
