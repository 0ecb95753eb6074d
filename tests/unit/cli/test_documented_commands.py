"""Every command of the documentation is one: its name, its options and its values are parsed as the program does."""

import shlex
from importlib import import_module
from typing import Any

import pytest
import typer

from poc_cli.cli import MODULES
from poc_cli.cli.app import app
from tests.support.documented import COMMANDS

for module in MODULES:
    import_module(f"poc_cli.cli.{module}")


def parsed(command: str) -> None:
    group: Any = typer.main.get_command(app)
    words = shlex.split(command, comments=True)[1:]
    words = words[: next((place for place, word in enumerate(words) if word in {"&&", "||", ">", "|", ";"}), None)]
    with group.make_context("poc", words[:1], resilient_parsing=True) as context:
        name, subcommand, _ = group.resolve_command(context, words)
        assert subcommand is not None, f"no such command: {words[0]}"
        subcommand.make_context(name, words[1:], parent=context).close()


def test_there_are_many() -> None:
    assert len(COMMANDS) > 50
    assert {page for page, _ in COMMANDS} > {"README.md", "docs/ci.md", "docs/comparing.md", "docs/your-own-worker.md"}


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_it_is_parsed(page: str, command: str) -> None:
    del page
    parsed(command)


@pytest.mark.parametrize("command", ["poc rnu", "poc run --slep evict", "poc run a --repeat none"])
def test_what_is_none_is_found(command: str) -> None:
    with pytest.raises(Exception, match=r"(?i)no such|valid integer"):
        parsed(command)
