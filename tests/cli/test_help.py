"""What `poc` says about itself: the help of each command, and the list of what can be run."""

import re

import pytest
import tomli
from syrupy.assertion import SnapshotAssertion

from poc_cli import __version__
from poc_cli.exit_codes import MEANINGS
from poc_cli.shipped import shipped
from tests.support.command import Poc

COMMANDS = (
    *("run", "check", "judge", "report", "compare", "explain", "list", "show", "lint", "schema", "init", "record"),
    *("doctor", "deploy", "status", "destroy", "load", "cost"),
)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(poc: Poc, snapshot: SnapshotAssertion, command: str) -> None:
    ran = poc.run(*command.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == snapshot


def _groups(text: str) -> dict[str, list[str]]:
    """Return what stands below each heading, by the first word of each line that is not the rest of one above."""
    groups: dict[str, list[str]] = {}
    for block in text.split("\n\n"):
        heading, *lines = block.strip("\n").split("\n")
        if heading.endswith(":"):
            groups[heading.removesuffix(":")] = [line.split()[0] for line in lines if line[2] != " "]
    return groups


def test_the_help_lists_the_commands_that_are_tested_here_in_their_groups(poc: Poc) -> None:
    groups = _groups(poc.run("--help").out)
    assert groups["Run"] == ["run", "check"]
    assert {"Run", "Write scenarios", "Deploy and check", "Read results"} <= groups.keys()
    listed = [command for name, group in groups.items() if name not in {"Options", "Examples"} for command in group]
    assert sorted(set(COMMANDS)) == sorted(command for command in listed if not command.isdigit())


def test_the_options_of_a_run_stand_in_groups_and_examples_at_the_end(poc: Poc) -> None:
    groups = _groups(poc.run("run", "--help").out)
    assert [*groups][-2:] == ["Options", "Examples"]
    assert groups["Options"] == ["-h,"]
    assert "--worker" in groups["What to run"]
    assert "--sleep" in groups["How to run it"]
    assert "--json" in groups["Output"]
    assert set(groups["Examples"]) == {"poc"}


def test_the_help_does_not_wait_for_rich(poc: Poc) -> None:
    ran = poc.run("--help", variables={"PYTHONVERBOSE": "1"})
    assert "import 'typer'" in ran.err
    assert "import 'rich" not in ran.err


def test_the_shell_completes_commands_options_and_scenarios(poc: Poc) -> None:
    def offered(words: str) -> list[str]:
        variables = {"_POC_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        return poc.run(variables=variables).out.split()

    assert offered("poc ru") == ["run"]
    assert "--worker" in offered("poc run --w")
    assert offered("poc run hib") == ["hibernate"]


def test_h_is_short_for_help(poc: Poc) -> None:
    assert poc.run("run", "-h").out == poc.run("run", "--help").out


def test_every_exit_code_stands_in_the_help(poc: Poc) -> None:
    words = " ".join(poc.run("--help").out.split())
    for code, meaning in MEANINGS.items():
        assert f" {code.value} {meaning} " in words


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
        name = file.relative_to(shipped("scenarios")).with_suffix("").as_posix()
        assert name.rpartition("/")[2] == scenario["name"]
        assert told.pop(name).startswith(scenario["title"])
    assert told == {}


def test_the_schema_goes_to_the_terminal_or_into_a_file(poc: Poc) -> None:
    shown = poc.run("schema")
    assert shown.code == 0
    assert shown.document()["$schema"].startswith("http://json-schema.org/")
    assert poc.run("schema", "-o", "scenario.schema.json").out == ""
    assert (poc.folder / "scenario.schema.json").read_text(encoding="utf-8") == shown.out
