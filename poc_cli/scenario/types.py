"""Types shared by all models of a scenario file: strict tables, names and folders."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from poc_cli.scenario.schema_rules import Rule


class Shape(BaseModel):
    """A table of the file; unknown keys and values of another type are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True, defer_build=True)

    rules: ClassVar[tuple[Rule, ...]] = ()
    """What its validators demand, as JSON Schema for editors; subclasses keep the rules of their bases."""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[list[str], BeforeValidator(_as_list, json_schema_input_type=str | list[str]), Field(min_length=1)]
"""One name or several; `"*"` means every client."""

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
CaptureName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

FOLDER = r"^[^/\x00][^\x00]*$"

Folder = Annotated[str, Field(pattern=FOLDER)]
"""A folder relative to the scenario's file."""

VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
SecretName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
