"""`poc check` in a project of one's own: green with a good worker, red with a broken one, and the reports of both."""

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from poc_cli.shipped import shipped
from tests.support.command import Poc
from tests.support.mutants import assemble, source
from tests.support.record import latest

pytestmark = pytest.mark.live

CONFIGURATION = """\
worker = "worker"
sleep = "evict"

[check]
scenarios = ["hibernate", "echo"]
require = ["sockets-survive-sleep", "hibernate/storage-survives-sleep"]
"""

BROKEN = "value_in_a_field"
"""A mutant that keeps in memory what it should store."""


@pytest.fixture
def project(poc: Poc) -> Poc:
    (poc.folder / "poc.toml").write_text(CONFIGURATION, encoding="utf-8")
    shutil.copytree(
        shipped("worker"), poc.folder / "worker", ignore=shutil.ignore_patterns("node_modules", ".wrangler")
    )
    return poc


def break_worker(poc: Poc, text: str) -> None:
    shutil.rmtree(poc.folder / "worker")
    assemble(text, poc.folder / "worker")


def add(poc: Poc, text: str) -> None:
    with (poc.folder / "poc.toml").open("a", encoding="utf-8") as file:
        file.write(text)


def cases(file: Path) -> dict[tuple[str, str], list[str]]:
    root = ET.fromstring(file.read_text(encoding="utf-8"))  # noqa: S314 - our own output, read back
    return {
        (case.get("classname", ""), case.get("name", "")): [child.tag for child in case]
        for case in root.iter("testcase")
    }


def test_a_check_is_green_until_the_worker_is_broken(project: Poc) -> None:
    good = project.run("check")
    assert good.code == 0, good.err
    assert good.out.startswith("met        hibernate/sockets-survive-sleep is held\n           held\n")
    assert re.search(r"^met +hibernate/storage-survives-sleep is held$", good.out, re.MULTILINE)
    assert good.out.endswith("\nfeasible: every gate is met (3 gates)\n")
    folder = latest(project.results)
    assert {"report.html", "report.md", "junit.xml", "run.json"} <= {file.name for file in folder.iterdir()}
    assert set(map(tuple, cases(folder / "junit.xml").values())) == {()}

    break_worker(project, source(BROKEN))
    summary = project.folder / "summary.md"
    ci = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_WORKSPACE": str(project.folder)}
    bad = project.run("check", "-o", "reports", variables=ci)
    assert bad.code == 1, bad.out
    assert re.search(r"^not met +hibernate/storage-survives-sleep is held\n +refuted: ", bad.out, re.MULTILINE)
    assert re.search(
        r"^::error title=poc%3A not met%3A hibernate/storage-survives-sleep is held::", bad.out, re.MULTILINE
    )
    found = cases(project.folder / "reports" / "junit.xml")
    assert found["gates", "hibernate/storage-survives-sleep is held"] == ["failure"]
    assert found["hibernate", "storage-survives-sleep"] == ["failure"]
    assert found["hibernate", "sockets-survive-sleep"] == []
    told = summary.read_text(encoding="utf-8")
    assert told == (project.folder / "reports" / "report.md").read_text(encoding="utf-8")
    assert told.startswith("**poc check: not feasible: a gate is not met**\n")
    assert "```text\n" in told


def test_what_is_allowed_to_be_refuted_is_no_failure(project: Poc) -> None:
    break_worker(project, source(BROKEN))
    text = (project.folder / "poc.toml").read_text(encoding="utf-8")
    without = text.replace(', "hibernate/storage-survives-sleep"', "") + 'allow = ["storage-survives-sleep"]\n'
    (project.folder / "poc.toml").write_text(without, encoding="utf-8")
    ran = project.run("check", "-q")
    assert (ran.code, ran.out) == (0, "feasible: every gate is met (3 gates)\n")
    assert cases(latest(project.results) / "junit.xml")["hibernate", "storage-survives-sleep"] == ["skipped"]


def test_a_figure_that_is_not_there_is_inconclusive(project: Poc) -> None:
    add(project, '[check.limits]\nwake_p99 = "50ms"\nmonthly_cost = 5\n')
    ran = project.run("check")
    assert ran.code == 4
    assert "    not measured: no profile with the expected use is configured; set profile in [cost]\n" in ran.out


@pytest.mark.parametrize(("most", "code"), [("20.65", 0), ("20.64", 1)])
def test_the_month_of_the_profile_has_a_limit(project: Poc, most: str, code: int) -> None:
    add(project, f'[check.limits]\nmonthly_cost = {most}\n[cost]\nprofile = "example-4"\n')
    ran = project.run("check")
    assert ran.code == code, ran.out
    assert re.search(rf"monthly_cost is at most \${most}\n +\$20\.65 a month: ", ran.out, re.MULTILINE)
    assert "$20.65 (this profile)" in (latest(project.results) / "report.html").read_text(encoding="utf-8")


def test_the_run_before_is_a_baseline(project: Poc) -> None:
    assert project.run("check").code == 0
    (project.folder / "before.json").write_bytes((latest(project.results) / "run.json").read_bytes())
    add(project, '[check.baseline]\nrun = "before.json"\nregress = "claims none"\n')
    good = project.run("check")
    assert good.code == 0, good.out
    assert re.search(r"^met +no claim is worse than in the baseline\n +11 compared$", good.out, re.MULTILINE)
    break_worker(project, source(BROKEN))
    bad = project.run("check")
    assert bad.code == 1
    assert "storage-survives-sleep is no worse than in the baseline\n           held before, refuted now: " in bad.out


def test_each_story_is_played_as_often_as_asked(project: Poc) -> None:
    ran = project.run("check", "--repeat", "3")
    assert ran.code == 0
    assert re.search(r"^met +hibernate/sockets-survive-sleep is held\n +held, held 3 of 3$", ran.out, re.MULTILINE)
    report = project.run("report")
    assert "sockets-survive-sleep  held 3 of 3\n" in report.out
    assert "hibernate: done (" in ran.err
    assert "hibernate~idle-room-sleeps#2" not in ran.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('require = ["sockets-survive-slep"]', 'poc.toml:6:12: no chosen scenario has a claim "sockets-survive-slep"'),
        ('require = ["eco/sleeps"]', 'poc.toml:6:12: no chosen scenario is named "eco"\n'),
        ('scenarios = ["hibernat"]', 'poc.toml:5:14: no scenario "hibernat"\n'),
        ('baseline = { run = "gone", regress = "claims none" }', "poc.toml:7:20: no run folder gone\n"),
    ],
)
def test_a_gate_that_means_nothing_is_told_with_its_place(project: Poc, line: str, said: str) -> None:
    key = line.partition(" ")[0]
    lines = (project.folder / "poc.toml").read_text(encoding="utf-8").splitlines()
    kept = [line if each.startswith(key) else each for each in lines]
    (project.folder / "poc.toml").write_text(
        "\n".join(kept if line in kept else [*kept, line]) + "\n", encoding="utf-8"
    )
    ran = project.run("check")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"poc: {said}")
    assert "^" in ran.err
    assert not project.results.exists()


def test_without_gates_it_says_how_to_write_them(poc: Poc) -> None:
    ran = poc.run("check")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(
        "poc: found no poc.toml, and no pyproject.toml with [tool.poc]\n  poc init writes one, or write a poc.toml:\n"
    )
    (poc.folder / "pyproject.toml").write_text("[tool.poc]\njobs = 8\n", encoding="utf-8")
    assert poc.run("check").err.startswith("poc: pyproject.toml has no [check] table, so there are no gates")


def test_a_check_from_a_folder_within_the_project(project: Poc) -> None:
    (project.folder / ".git").mkdir()
    (project.folder / "poc.toml").write_text(CONFIGURATION.replace('"echo"', '"own/"'), encoding="utf-8")
    (project.folder / "own").mkdir()
    shutil.copy(shipped("scenarios") / "delivery" / "echo.toml", project.folder / "own" / "own.toml")
    inner = project.folder / "inner"
    inner.mkdir()
    project.folder = inner
    ran = project.run("check", "-q")
    assert (ran.code, ran.out) == (0, "feasible: every gate is met (3 gates)\n"), ran.err


HOSTILE = r"""
import worker, { Room as Good } from "./index.ts";

const TEXT = "\n::error::no\r\n  ##[error]no | `@octocat` ``` </details> \u0000\u001b[31m]]> \ufffe";

export class Room extends Good {
  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (typeof message === "string" && message.includes("braces")) {
      socket.send(JSON.stringify({ op: "echo", text: TEXT }));
      socket.send(TEXT);
      return;
    }
    await super.webSocketMessage(socket, message);
  }
}
export default worker;
"""


def test_what_a_worker_sends_is_inert_in_every_report(project: Poc) -> None:
    break_worker(project, HOSTILE)
    ci = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(project.folder / "summary.md")}
    ran = project.run("check", "-o", "reports", variables=ci)
    assert ran.code == 1, ran.err
    texts = [ran.out, ran.err, (project.folder / "summary.md").read_text(encoding="utf-8")]
    texts += [(project.folder / "reports" / name).read_text(encoding="utf-8") for name in ("report.md", "junit.xml")]
    assert "octocat" in texts[2], "the message is quoted somewhere"
    for form in ("text", "github", "json"):
        texts.append(project.run("report", "--format", form, variables={"GITHUB_ACTIONS": "true"}).out)
    for text in texts:
        assert "##[" not in text
        assert not re.search(r"^\s*::error::", text, re.MULTILINE)
        assert "\x1b" not in text
        assert "\x00" not in text
    cases(project.folder / "reports" / "junit.xml")
    assert "@octocat" not in re.sub(r"(?s)(`{3,})text\n.*?\n  \1\n", "", texts[2])


def test_the_gates_are_one_document_for_another_program(project: Poc) -> None:
    ran = project.run("check", "--json")
    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out)
    assert (document["schema"], document["exit_code"], document["answer"]) == (
        "poc.check/1",
        0,
        "feasible: every gate is met",
    )
    assert {
        "requirement": "hibernate/sockets-survive-sleep is held",
        "found": "held",
        "verdict": "met",
        "claim": "hibernate/sockets-survive-sleep",
    } in document["gates"]
    assert (project.folder / document["reports"] / "junit.xml").is_file()
