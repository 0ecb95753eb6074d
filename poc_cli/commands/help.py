"""`--help` as plain text in groups, the same on a terminal and in a file; rich is not loaded, which takes time."""

import re
import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from poc_cli.commands.console import colored

REST = "Options"
"""The heading of the options without a group, which come last."""


class Panel(StrEnum):
    """The groups of commands, in the order of the help."""

    RUN = "Run"
    READ = "Read results"
    WRITE = "Write scenarios"
    PLACES = "Deploy and check"
    MANY = "Load and cost"


class GroupedCommand(TyperCommand):
    """A command whose options are printed in groups, and whose epilog is not reformatted."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the parts of the usage line, without braces around what is required."""
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and the options."""
        _write_parameters(self.get_params(ctx), ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - overridden
        """Write the epilog."""
        _write_epilog(self.epilog, formatter)


_PYDANTIC: Final = (
    (re.compile(r"Value error, "), ""),
    (re.compile(r"Input should be a valid integer.*"), "it must be a whole number"),
    (re.compile(r"Input should be a valid number.*"), "it must be a number"),
    (re.compile(r"Input should be greater than or equal to "), "it must be at least "),
    (re.compile(r"Input should be less than or equal to "), "it must be at most "),
    (re.compile(r"Input should be "), "it must be "),
)
"""The words of pydantic, by which typer reads values, and ours."""


def _plainer(message: str) -> str:
    for words, ours in _PYDANTIC:
        message = words.sub(ours, message)
    return message


class GroupedCommands(TyperGroup):
    """The commands in groups, followed by the options."""

    def invoke(self, ctx: Any) -> Any:
        """Read the options of a command and call it; what is wrong with a value is said in plain words."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = _plainer(error.message)
            raise

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands and the options."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command: Any = self.get_command(ctx, name)
            groups.setdefault(command.rich_help_panel, []).append((name, command.get_short_help_str(formatter.width)))
        width = max(len(name) for name in self.list_commands(ctx))
        for group in Panel:
            if group in groups:
                _write_group(group, [(f"{name:<{width}}", text) for name, text in groups[group]], formatter)
        _write_parameters(self.get_params(ctx), ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - overridden
        """Write the epilog."""
        _write_epilog(self.epilog, formatter)


def examples(*lines: tuple[str, str]) -> str:
    """Return an epilog with commands and what they do, below each other where there is no room side by side."""
    width = max(len(command) for command, _ in lines)
    if all(len(text) <= _COLUMNS - width - 4 for _, text in lines):
        return "\n".join(["Examples:", *(f"  {command:<{width}}  {text}".rstrip() for command, text in lines)])
    return "\n".join(["Examples:", *(f"  {command}\n      {text}".rstrip() for command, text in lines)])


_COLUMNS = 80

_NAME = 26
"""Columns of an option with its text beside it; click puts the text of longer ones below."""


def _write_parameters(parameters: Iterable[Any], ctx: Any, formatter: Any) -> None:
    groups: dict[str, list[tuple[str, str]]] = {}
    for parameter in parameters:
        record = parameter.get_help_record(ctx)
        if record is not None:
            name, text = record
            if parameter.param_type_name == "argument":
                group, name = "Arguments", parameter.metavar or parameter.name
            else:
                group = getattr(parameter, "rich_help_panel", None) or REST
            groups.setdefault(group, []).append((name, text))
    rest = groups.pop(REST, [])
    width = min(_NAME, max(len(name) for rows in (*groups.values(), rest) for name, _ in rows))
    for group, rows in (*groups.items(), (REST, rest)):
        _write_group(group, [(f"{name:<{width}}", text) for name, text in rows], formatter)


def _write_group(heading: str, rows: list[tuple[str, str]], formatter: Any) -> None:
    with formatter.section(_bold(heading)):
        formatter.write_dl(rows)


def _write_epilog(epilog: str | None, formatter: Any) -> None:
    for block in (epilog or "").split("\n\n"):
        heading, colon, rest = block.partition(":\n")
        if colon:
            formatter.write(f"\n{_bold(heading)}:\n{rest}\n")


def _bold(heading: str) -> str:
    return typer.style(heading, bold=True) if colored(sys.stdout) else heading
