"""Runs on other versions of the runtime: what is recorded is what the binary says, and several are compared."""

import stat
from pathlib import Path

import pytest

from poc_cli.targets.installation import WORKERD_VERSION, locate
from tests.support.command import Poc

pytestmark = pytest.mark.live

OLDER = "2026-10-23"
DATES = ("--compat-date", "2026-01-01", "--compat-date", "2026-01-02")


def older(folder: Path) -> Path:
    """Write a workerd that says an older version than it is, and otherwise behaves as the pinned one."""
    file = folder / "older"
    text = f'#!/bin/sh\n[ "$1" = --version ] && echo workerd {OLDER} && exit\nexec "{locate(lambda _: None)}" "$@"\n'
    file.write_text(text, encoding="utf-8")
    file.chmod(stat.S_IRWXU)
    return file


def test_the_record_has_the_version_of_the_binary_that_was_started(poc: Poc) -> None:
    first = poc.run("run", "echo", "--sleep", "evict", "--results", "first")
    variables = {"POC_WORKERD": str(older(poc.folder))}
    second = poc.run("run", "echo", "--sleep", "evict", "--results", "second", variables=variables)
    assert f"on local (workerd {WORKERD_VERSION})" in first.out
    assert f"on local (workerd {OLDER})" in second.out
    for form in ("html", "md"):
        poc.run("report", "second/latest", "--format", form, "-o", form)
        assert f"workerd {OLDER}" in (poc.folder / form).read_text(encoding="utf-8")
    assert f"workerd: {WORKERD_VERSION} → {OLDER}" in poc.run("compare", "first/latest", "second/latest").out


def test_the_same_scenario_on_two_runtimes(poc: Poc) -> None:
    options = ["--workerd", WORKERD_VERSION, "--workerd", str(older(poc.folder))]
    ran = poc.run("run", "echo", "--sleep", "evict", "--json", *options)
    document = ran.document()
    assert (ran.code, document["schema"]) == (0, "poc.runtimes/1")
    assert document["runtimes"] == [WORKERD_VERSION, OLDER]
    assert [run["target"]["versions"]["workerd"] for run in document["runs"]] == [WORKERD_VERSION, OLDER]
    assert all(claim["verdicts"] == {WORKERD_VERSION: "held", OLDER: "held"} for claim in document["claims"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--workerd", "{same}", "--workerd", WORKERD_VERSION], f"two of the runtimes are workerd {WORKERD_VERSION}"),
        (["--workerd", "nowhere"], "--workerd nowhere is neither a version nor an executable file"),
        (["--workerd", "1", "--workerd", "2", *DATES], "compare one thing at a time"),
        (["--workerd", "{same}", "--target", "http://127.0.0.1:1"], "--workerd is only for runtimes that poc starts"),
        (["--workerd", "1", "--workerd", "2", "--watch"], "--watch plays on one runtime"),
    ],
)
def test_runtimes_that_cannot_be_played_on(poc: Poc, words: list[str], message: str) -> None:
    ran = poc.run("run", "echo", *(word.format(same=locate(lambda _: None)) for word in words))
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
