"""What goes to stdout and what to stderr, in which colours, and what becomes of output that nobody reads."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.support.command import PATIENCE_SECONDS, Poc, program
from tests.support.mutants import assemble, source

pytestmark = pytest.mark.live

ESCAPE = "\x1b"


def test_quiet_prints_one_line_and_nothing_beside(poc: Poc) -> None:
    ran = poc.run("run", "echo", "-q")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("\n") == 1
    assert ran.out.startswith("feasible: every claim held (4 held) on local ")


@pytest.mark.parametrize("also", ["--json", "-qv", "-vv"])
def test_json_prints_one_document_whatever_else_is_asked_for(poc: Poc, also: str) -> None:
    ran = poc.run("run", "echo", "--json", also)
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["schema"] == "poc.run/1"


def test_the_result_is_on_stdout_and_the_progress_on_stderr(poc: Poc) -> None:
    ran = poc.run("run", "echo")
    assert ran.code == 0
    assert "each-message-once" in ran.out
    assert "echo: done (1 of 1)\n" in ran.err
    assert "held" not in ran.err


def test_a_report_tells_the_run_in_the_same_words(poc: Poc) -> None:
    ran = poc.run("run", "echo")
    assert poc.run("report").out == ran.out
    assert poc.run("report", "-o", "report.txt").out == ""
    assert (poc.folder / "report.txt").read_text(encoding="utf-8") == ran.out


COLOURS = [
    ({}, False),
    ({"FORCE_COLOR": "1"}, True),
    ({"NO_COLOR": "1"}, False),
    ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
]


@pytest.mark.parametrize(("variables", "colored"), COLOURS)
def test_colours_are_for_terminals_or_by_request(poc: Poc, variables: dict[str, str], *, colored: bool) -> None:
    ran = poc.run("list", variables=variables)
    assert (ESCAPE in ran.out) == colored


_SENDS_CONTROL_CHARACTERS = """
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override send(socket: WebSocket, message: object): void {
    socket.send("\\u001b[2J\\u001b]0;title\\u0007[bold red]all held[/] \\u202e\\u009b31m");
    super.send(socket, { ...message, name: "\\u001b[2J\\u202e" });
  }
}
"""


_ASKS_FOR_A_NAME = """
name    = "asks"
title   = "A client that asks for its name."
object  = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}?name=ann" }

steps = [
  { connect = "ann" },
  { on = "ann", send = { op = "who" }, expect = { name = "ann" }, within = "500ms", claim = "it-is-told" },
]

[[claim]]
id   = "it-is-told"
says = "The room knows the name."
"""


@pytest.mark.parametrize("variables", [{}, {"FORCE_COLOR": "1"}])
def test_what_a_worker_sends_is_printed_as_inert_text(poc: Poc, variables: dict[str, str]) -> None:
    worker = assemble(_SENDS_CONTROL_CHARACTERS, poc.folder / "worker")
    (poc.folder / "asks.toml").write_text(_ASKS_FOR_A_NAME, encoding="utf-8")
    ran = poc.run("run", "asks.toml", "-vv", "--worker", str(worker), variables=variables)
    assert ran.code == 1
    assert 'name: expected "ann", got ' in ran.out
    assert "[bold red]all held[/]" in ran.out
    for character in (f"{ESCAPE}[2J", f"{ESCAPE}]0;", "\x07", "\u202e", "\u009b"):
        assert character not in ran.out + ran.err


# --- output that nobody reads


@pytest.fixture
def closed_pipe() -> Iterator[int]:
    """Yield the writing end of a pipe whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def _run_into(poc: Poc, pipe: int, *arguments: str) -> tuple[int, str]:
    with poc.start(*arguments, stdout=pipe) as process:
        _, err = process.communicate()
    return process.returncode, err


def test_a_reader_who_has_gone_is_no_error(poc: Poc, closed_pipe: int) -> None:
    assert _run_into(poc, closed_pipe, "list") == (0, "")
    assert _run_into(poc, closed_pipe, "run", "echo", "-q") == (0, "")
    assert _run_into(poc, closed_pipe, "report", "--format", "json") == (0, "")


def run_without_room(poc: Poc, tmp_path: Path, *arguments: str, full: Literal["stdout", "stderr"]) -> tuple[int, str]:
    """Run a command of which one stream is a file that cannot grow; return how it ended and what the other holds."""
    file = tmp_path / "full"
    words = ["/bin/sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *program(), *arguments]
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with file.open("w") as stream:
        streams[full] = stream
        ended = subprocess.run(
            words, cwd=poc.folder, env=poc.environment(), text=True, check=False, timeout=PATIENCE_SECONDS, **streams
        )
    assert file.read_text() == ""
    return ended.returncode, ended.stderr if full == "stdout" else ended.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["run", "--help"], ["--version"], ["show", "hibernate"]])
def test_what_cannot_be_written_is_told_in_a_sentence(poc: Poc, tmp_path: Path, arguments: list[str]) -> None:
    ended = run_without_room(poc, tmp_path, *arguments, full="stdout")
    assert ended == (3, "poc: cannot write the output: File too large\n")


@pytest.mark.parametrize(("arguments", "code"), [(["explain"], 2), (["lint"], 3), (["--version"], 0)])
def test_an_error_that_cannot_be_written_is_one(poc: Poc, tmp_path: Path, arguments: list[str], code: int) -> None:
    assert run_without_room(poc, tmp_path, *arguments, full="stderr")[0] == code


def test_a_stream_that_was_closed_before_is_no_crash(poc: Poc) -> None:
    words = ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *program(), "list"]
    ended = subprocess.run(words, cwd=poc.folder, env=poc.environment(), capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"], ["run", "-h"]])
def test_a_help_that_nobody_reads_is_no_refutation(poc: Poc, closed_pipe: int, arguments: list[str]) -> None:
    assert _run_into(poc, closed_pipe, *arguments) == (0, "")


@pytest.mark.parametrize("arguments", [["--slep"], [], ["run"], ["run", "qqqq"]])
def test_misuse_that_nobody_hears_of_is_misuse(poc: Poc, closed_pipe: int, arguments: list[str]) -> None:
    with poc.start(*arguments, stderr=closed_pipe) as process:
        out, _ = process.communicate()
    assert (process.returncode, out) == (2, "")


def test_what_the_terminal_has_no_letters_for_is_escaped(poc: Poc) -> None:
    text = _ASKS_FOR_A_NAME.replace("A client that", "Ä client 😀 that")
    (poc.folder / "asks.toml").write_text(text, encoding="utf-8")
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    ran = poc.run("run", "asks.toml", "-vv", variables=ascii_only)
    assert (ran.code, ran.out.isascii()) == (0, True)
    assert "\\xc4 client \\U0001f600 that" in ran.out
    assert poc.run("report", "--format", "json", variables=ascii_only).document()["scenarios"][0]["title"] == (
        "Ä client 😀 that asks for its name."
    )


def test_a_link_that_cannot_be_set_does_not_lose_the_result(poc: Poc) -> None:
    (poc.results / "latest").mkdir(parents=True)
    ran = poc.run("run", "echo", "-q")
    assert ran.code == 0
    assert ran.out.startswith("feasible: ")
    assert "poc: cannot point results/latest to the run: " in ran.err


def test_a_refuted_run_says_so_by_its_exit_code_though_nobody_reads(poc: Poc, closed_pipe: int) -> None:
    worker = assemble(source("answers_twice"), poc.folder / "worker")
    assert _run_into(poc, closed_pipe, "run", "echo", "--json", "--worker", str(worker)) == (1, "")
    assert _run_into(poc, closed_pipe, "judge") == (1, "")
