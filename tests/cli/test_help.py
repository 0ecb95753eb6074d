"""What `poc` says about itself: the help of each command, and the list of what can be run.

Never starts a runtime.
"""

import re

import pytest
import tomli
from syrupy.assertion import SnapshotAssertion

from poc_cli import __version__
from poc_cli.shipped import shipped
from poc_cli.status import MEANINGS
from tests.support.command import Poc

COMMANDS = ("run", "list", "show", "lint", "doctor", "judge", "report")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(poc: Poc, snapshot: SnapshotAssertion, command: str) -> None:
    ran = poc.run(*command.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == snapshot


def test_the_help_lists_the_commands_that_are_tested_here(poc: Poc) -> None:
    listed = poc.run("--help").out.partition("Commands:\n")[2].partition("\n\n")[0]
    assert tuple(line.split()[0] for line in listed.splitlines()) == COMMANDS


def test_h_is_short_for_help(poc: Poc) -> None:
    assert poc.run("run", "-h").out == poc.run("run", "--help").out


def test_every_exit_code_stands_in_the_help(poc: Poc) -> None:
    lines = poc.run("--help").out.splitlines()
    for code, meaning in MEANINGS.items():
        assert f"{code.value:>5}  {meaning}" in lines


def test_without_a_command_the_help_is_shown_and_nothing_done(poc: Poc) -> None:
    ran = poc.run()
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.rstrip() == poc.run("--help").out.rstrip()


def test_the_version_is_the_package_s(poc: Poc) -> None:
    assert poc.run("--version").out == f"poc {__version__}\n"


def test_the_list_names_every_shipped_scenario_with_its_title(poc: Poc) -> None:
    ran = poc.run("list")
    assert (ran.code, ran.err) == (0, "")
    listed = [re.split(r"\s{2,}", line, maxsplit=1) for line in ran.out.splitlines()]
    told = {name: title for name, title in listed}  # noqa: C416 - a line is a pair, and mypy cannot know
    for file in shipped("scenarios").rglob("*.toml"):
        scenario = tomli.loads(file.read_text(encoding="utf-8"))
        assert told.pop(scenario["name"]).startswith(scenario["title"])
    assert told == {}
