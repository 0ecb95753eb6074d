"""What goes wrong is told in sentences that say what to do, on stderr, with an exit code of its own."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from poc_cli.shipped import shipped
from tests.support.command import Poc
from tests.support.mutants import assemble, source
from tests.support.record import verdicts

# --- the command line

MISUSE = {
    "nothing": (["run"], "poc: nothing to run\n  name a scenario, a file or a folder, or use --all; "),
    "a name that is nearly one": (["run", "hibernat"], 'poc: no scenario "hibernat"\n  did you mean "hibernate"?\n'),
    "a name that is none": (["run", "qqqq"], 'poc: no scenario "qqqq"\n  see poc list\n'),
    "a pattern that matches nothing": (["run", "zz*"], 'poc: no scenario "zz*"\n'),
    "a tag that nobody has": (["run", "--tag", "qqqq"], "poc: no scenario has the tag qqqq\n  see poc list\n"),
    "a missing file": (
        ["run", "missing.toml"],
        "poc: no file missing.toml\n  a plain name refers to a shipped scenario; see poc list\n",
    ),
    "a folder that is not there": (
        ["run", "./folder/"],
        "poc: no such file or folder: ./folder/\n  a plain name refers to a shipped scenario; see poc list\n",
    ),
    "a path that leads nowhere": (["run", "some/where/else"], "poc: no such file or folder: some/where/else\n"),
    "a path that is too long": (["run", "x" * 300], f"poc: cannot look for {'x' * 300}: File name too long\n"),
    "the name of a folder": (["run", "tmp"], "poc: no scenario in tmp\n  scenario files end in .toml\n"),
    "paths to ignore where nothing is compared": (
        ["run", "echo", "--ignore", "boots"],
        "poc: --ignore is only for sleeps everywhere\n  add --sleep everywhere, or leave it out\n",
    ),
    "a header for a worker on this machine": (
        ["run", "echo", "--header-env", "Authorization=TOKEN"],
        "poc: --header-env is only for workers that poc reaches over the network\n  add --target, or leave it out\n",
    ),
    "the last failed without a run": (["run", "--last-failed"], "poc: no run in results yet\n"),
    "the last failed and names": (["run", "echo", "--last-failed"], "poc: --last-failed takes the scenarios of the"),
    "a story of another scenario": (
        ["run", "echo", "--only", "ecko"],
        'poc: no chosen scenario has the story "ecko"\n',
    ),
    "names and all": (["run", "echo", "--all"], "poc: name scenarios or use --all or --tag, not both\n"),
    "an unknown way to sleep": (
        ["run", "echo", "--sleep", "deep"],
        "Invalid value for '--sleep': 'deep' is not one of 'idle', 'evict'",
    ),
    "no places for plays": (["run", "echo", "--jobs", "0"], "Invalid value for '--jobs': it must be at least 1"),
    "no number of plays": (["run", "echo", "--jobs", "x"], "Invalid value for '--jobs': it must be a whole number"),
    "an unknown option": (["run", "echo", "--slep", "evict"], "No such option: --slep"),
    "an unknown command": (["rnu"], "No such command 'rnu'."),
    "an unknown form": (["report", "--format", "pdf"], "'pdf' is not one of 'text', 'md', "),
    "a report without a run": (["report"], "poc: no run in results yet\n  start one: poc run hibernate\n"),
    "a judgement without a run": (["judge"], "poc: no run in results yet\n  start one: poc run hibernate\n"),
    "a run that is not there": (["judge", "qqqq"], "poc: no run folder qqqq\n  runs are folders in results: ls "),
    "a story that is not there": (["show", "ecko"], 'poc: no scenario "ecko"\n  did you mean "echo"?\n'),
}


@pytest.mark.parametrize("kind", MISUSE)
def test_misuse_ends_with_2_and_says_what_to_do(poc: Poc, kind: str) -> None:
    arguments, said = MISUSE[kind]
    ran = poc.run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert not poc.results.exists()


# --- scenario files

_HEAD = """\
name    = "{name}"
title   = "A scenario with a mistake."
object  = {{ class = "Room", name = "{{play}}" }}
clients = {{ ann = "/room/{{play}}?name=ann" }}
"""

_CLAIM = '[[claim]]\nid = "c"\nsays = "It is so."\n'

BAD_FILES = {
    "toml": (
        'steps = [\n  { connect = "ann" },\n  { on = "ann" send = "x" },\n]\n',
        """\
toml.toml:7:15: not valid TOML: a comma is missing here, between two keys of this table
    7 |   { on = "ann" send = "x" },
                      ^
""",
    ),
    "verb": (
        'steps = [\n  { conect = "ann" },\n]\n' + _CLAIM,
        """\
verb.toml:6:5: "conect" is not a verb
    6 |   { conect = "ann" },
            ^
  did you mean "connect"?
""",
    ),
    "undecided": (
        'steps = [\n  { connect = "ann" },\n]\n' + _CLAIM,
        """\
undecided.toml:9:6: nothing decides the claim "c"
    9 | id = "c"
             ^
  add a "check", or add claim = "c" to a step
""",
    ),
    "key": ('steps = [\n  { connect = "ann" },\n  { on = "ann", sned = "x" },\n]\n' + _CLAIM, 'key.toml:7:17: "sned" '),
    "client": ('steps = [\n  { connect = "anna" },\n]\n' + _CLAIM, 'did you mean "ann"?\n'),
    "duration": ('steps = [\n  { idle = "10 parsecs" },\n]\n' + _CLAIM, "duration.toml:6:12: "),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_mistake_in_a_file_is_shown_at_its_place(poc: Poc, name: str) -> None:
    text, said = BAD_FILES[name]
    (poc.folder / f"{name}.toml").write_text(_HEAD.format(name=name) + text, encoding="utf-8")
    ran = poc.run("run", f"{name}.toml")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("poc: ")
    assert said in ran.err
    assert not poc.results.exists()


def test_other_commands_show_the_same_mistake(poc: Poc) -> None:
    text, said = BAD_FILES["verb"]
    (poc.folder / "verb.toml").write_text(_HEAD.format(name="verb") + text, encoding="utf-8")
    assert poc.run("lint", "verb.toml").out == said
    assert poc.run("show", "verb.toml").err == f"poc: {said}"


def test_files_that_are_none_are_told_as_such(poc: Poc) -> None:
    (poc.folder / "folder.toml").mkdir()
    (poc.folder / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (poc.folder / "empty.toml").write_bytes(b"")
    (poc.folder / "empty").mkdir()
    assert "folder.toml: is a folder, not a scenario file" in poc.run("run", "folder.toml").err
    assert "binary.toml:1:1: is not UTF-8 here" in poc.run("run", "binary.toml").err
    assert 'empty.toml:1:1: a scenario needs "name"' in poc.run("run", "empty.toml").err
    (poc.folder / "notes.txt").write_text("notes", encoding="utf-8")
    assert poc.run("run", "./notes.txt").err == (
        "poc: ./notes.txt is not a scenario file\n  scenario files end in .toml\n"
    )
    assert poc.run("run", "./empty").err == "poc: no scenario in ./empty\n  scenario files end in .toml\n"


# --- the worker


def _worker(poc: Poc, text: str) -> str:
    folder = poc.folder / "worker"
    folder.mkdir()
    (folder / "local.capnp").write_text(text, encoding="utf-8")
    return str(folder)


def test_a_folder_without_a_worker(poc: Poc) -> None:
    ran = poc.run("run", "echo", "--worker", str(poc.temporary))
    assert (ran.code, ran.out) == (2, "")
    assert f"poc: {poc.temporary} has no local.capnp and no wrangler.json, wrangler.jsonc or wrangler.toml\n" in ran.err


def test_a_worker_without_an_object(poc: Poc) -> None:
    ran = poc.run("run", "echo", "--worker", _worker(poc, "const main :Workerd.Worker = ();"))
    assert (ran.code, ran.out) == (3, "")
    assert "declares no Durable Object class\n" in ran.err


@pytest.mark.live
def test_a_worker_that_the_runtime_cannot_read_is_told_in_its_words(poc: Poc) -> None:
    ran = poc.run("run", "echo", "--worker", _worker(poc, 'nonsense (className = "Room", uniqueKey = "k")'))
    assert (ran.code, ran.out) == (3, "")
    assert "poc: workerd did not start on " in ran.err
    assert "local.capnp:1:" in ran.err


BROKEN_SOURCES = {
    "syntax": ("export class Room {", "Error transpiling mutant.ts"),
    "unsupported TypeScript": (
        "enum E { A }\nexport class Room {}",
        "TypeScript enum is not supported in strip-only mode",
    ),
    "a module that is not there": ('import "./gone.ts";\nexport class Room {}', 'No such module "gone.ts"'),
    "an error at the start": ('throw new Error("out of beans");', "out of beans"),
}


@pytest.mark.live
@pytest.mark.parametrize("kind", BROKEN_SOURCES)
def test_a_worker_that_does_not_load_is_told_in_the_runtime_s_words(poc: Poc, kind: str) -> None:
    text, said = BROKEN_SOURCES[kind]
    worker = assemble(text, poc.folder / "worker")
    ran = poc.run("run", "echo", "--worker", str(worker))
    assert (ran.code, ran.out) == (3, "")
    assert "poc: workerd did not start on " in ran.err
    assert said in ran.err


@pytest.mark.live
def test_a_scenario_for_another_class_is_an_error_that_lists_the_classes(poc: Poc) -> None:
    text = _HEAD.format(name="hall").replace('"Room"', '"Hall"')
    ask = '{ on = "ann", send = { op = "who" }, expect = { op = "who" }, claim = "c" }'
    text += f'steps = [\n  {{ connect = "ann" }},\n  {ask},\n]\n' + _CLAIM
    (poc.folder / "hall.toml").write_text(text, encoding="utf-8")
    ran = poc.run("run", "hall.toml", "--json")
    assert ran.code == 3
    assert set(verdicts(ran.document()).values()) == {"error"}
    assert 'no Durable Object class \\"Hall\\"' in ran.out
    assert "it declares Room" in ran.out


# --- the runtime


def _not_executable(folder: Path) -> tuple[str, str]:
    file = folder / "plain"
    file.write_text("not a program", encoding="utf-8")
    return str(file), "which is not an executable file\n  set it to the workerd binary itself, or unset it"


def _missing(folder: Path) -> tuple[str, str]:
    return str(folder / "missing"), "which is not an executable file\n"


def _folder(folder: Path) -> tuple[str, str]:
    return str(folder), "which is not an executable file\n"


def _no_program(folder: Path) -> tuple[str, str]:
    file = folder / "program"
    file.write_text("not a program", encoding="utf-8")
    file.chmod(stat.S_IRWXU)
    return str(file), "Exec format error\n  set POC_WORKERD to a workerd binary for this machine\n"


def _says_nothing(_: Path) -> tuple[str, str]:
    told = "poc: /bin/false did not behave like workerd: it exited with code 1 without any output\n"
    return "/bin/false", f"{told}  set POC_WORKERD to a workerd binary, or unset it to use the pinned one\n"


def _says_something_else(_: Path) -> tuple[str, str]:
    return "/bin/sleep", "poc: /bin/sleep did not behave like workerd: it exited with code 1 with the output: "


def _is_killed(folder: Path) -> tuple[str, str]:
    return _script(folder, "kill -9 $$"), "did not behave like workerd: it was ended by SIGKILL without any output\n"


def _says_nonsense_where_workerd_says_its_ports(folder: Path) -> tuple[str, str]:
    text = """for word; do case $word in --control-fd=*) eval "echo nonsense >&${word#*=}" ;; esac; done; exit 7"""
    return _script(folder, text), "did not behave like workerd: it exited with code 7 without any output\n"


def _script(folder: Path, text: str) -> str:
    file = folder / "script"
    file.write_text(f"#!/bin/bash\n{text}\n", encoding="utf-8")
    file.chmod(stat.S_IRWXU)
    return str(file)


NO_WORKERDS = [
    _not_executable,
    _missing,
    _folder,
    _no_program,
    _says_nothing,
    _says_something_else,
    _is_killed,
    _says_nonsense_where_workerd_says_its_ports,
]


@pytest.mark.parametrize("kind", NO_WORKERDS)
def test_a_workerd_that_is_none(poc: Poc, kind: Callable[[Path], tuple[str, str]]) -> None:
    binary, said = kind(poc.folder)
    ran = poc.run("run", "echo", variables={"POC_WORKERD": binary})
    assert (ran.code, ran.out) == (3, "")
    assert said in ran.err
    assert list(poc.temporary.iterdir()) == []


# --- the results


@pytest.mark.live
@pytest.mark.parametrize("results", ["taken", "taken/below", os.devnull])
def test_results_that_cannot_be_written(poc: Poc, results: str) -> None:
    (poc.folder / "taken").write_text("a file", encoding="utf-8")  # a mode would not stop root
    ran = poc.run("run", "echo", "--results", results)
    assert (ran.code, ran.out) == (3, "")
    assert f"poc: cannot create a run folder in {results}: " in ran.err
    assert "choose another folder with --results\n" in ran.err
    assert list(poc.temporary.iterdir()) == []


def test_a_folder_is_its_scenarios_and_not_its_configurations(poc: Poc) -> None:
    inside = poc.folder / "stories" / "deep"
    inside.mkdir(parents=True)
    shutil.copy(shipped("scenarios") / "delivery" / "echo.toml", inside / "echo.toml")
    for name in ("wrangler.toml", "poc.toml"):
        (poc.folder / "stories" / name).write_text("name = 1\n", encoding="utf-8")
    (poc.folder / "stories" / "node_modules").mkdir()
    (poc.folder / "stories" / "node_modules" / "a.toml").write_text("", encoding="utf-8")
    ran = poc.run("lint", "stories")
    assert (ran.code, ran.out) == (0, "stories/deep/echo.toml: ok\n")


def test_a_worker_that_is_not_there_is_misuse(poc: Poc) -> None:
    ran = poc.run("run", "echo", "--worker", "nowhere")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("poc: there is no folder nowhere\n")


@pytest.mark.live
def test_what_failed_in_the_latest_run_is_run_again(poc: Poc) -> None:
    worker = assemble(source("attachment_not_restored"), poc.folder / "broken")
    first = poc.run("run", "echo", "hibernate", "--sleep", "evict", "--worker", str(worker), "-q")
    assert first.code == 1
    again = poc.run("run", "--last-failed", "--sleep", "evict", "-q")
    assert again.code == 0
    assert again.err == ""
    assert "7 held" in again.out
    none = poc.run("run", "--last-failed", "--sleep", "evict")
    assert none.code == 2
    assert "poc: no scenario failed in the latest run, " in none.err
