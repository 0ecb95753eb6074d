"""`poc compare` by its real entry point: exit codes, what cannot be read, and what goes where."""

import json
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.support.command import Poc
from tests.unit.report.hostile import claim, document, scenario

VALUES = [2.0 + 0.01 * number for number in range(60)]


def one(name: str, verdict: str) -> Any:
    return claim(name, verdict, reason=f"because {name} is {verdict}", control=None)


def run(*claims: Any, times: float = 1, **changes: Any) -> Any:
    values = [round(times * value, 3) for value in VALUES]
    spread = {"n": 60, "min": values[0], "median": values[29], "p90": values[53], "p99": values[59], "max": values[-1]}
    figures = {"wake_ms": spread | {"samples": {"s": values}, "own_wakes": {"s": VALUES}}}
    told = scenario("s", *claims, title="A title.", file="s.toml", verdict="held", stopped=None, error=None)
    return document(told, figures=figures, **changes)


@pytest.fixture
def runs(poc: Poc) -> Path:
    """Return a folder with a run, one in which a claim got worse, and one that took three times as long."""
    worse = run(one("a", "refuted"), one("b", "held"), sleep="evict")
    for name, each in (
        ("before", run(one("a", "held"), one("b", "unknown"))),
        ("worse", worse),
        ("slow", run(one("a", "held"), one("b", "held"), times=3)),
        ("broken", run(one("a", "held"), error="it breaks off")),
    ):
        (poc.folder / f"{name}.json").write_text(json.dumps(each), encoding="utf-8")
    return poc.folder


@pytest.mark.parametrize(("after", "code"), [("before", 0), ("worse", 1), ("slow", 0), ("broken", 3)])
def test_the_exit_code_is_of_the_claims(
    poc: Poc, runs: Path, snapshot: SnapshotAssertion, after: str, code: int
) -> None:
    assert runs.is_dir()
    ran = poc.run("compare", "before.json", f"{after}.json")
    assert (ran.code, ran.err) == (code, "")
    assert ran.out == snapshot


def test_one_line_or_one_document(poc: Poc, runs: Path) -> None:
    assert runs.is_dir()
    quiet = poc.run("compare", "before.json", "worse.json", "-q")
    assert (quiet.code, quiet.out) == (1, "1 claim got worse (1 got better); no figure changed\n")
    ran = poc.run("compare", "before.json", "slow.json", "--json")
    assert (ran.code, ran.document()["schema"]) == (0, "poc.comparison/1")
    assert [each["changed"] for each in ran.document()["figures"][0]["percentiles"]] == [True, None, None, None]


def test_a_run_folder_without_a_history_is_read_by_its_run_json(poc: Poc, runs: Path) -> None:
    folder = poc.results / "one"
    folder.mkdir(parents=True)
    (folder / "run.json").write_bytes((runs / "before.json").read_bytes())
    assert poc.run("compare", "one", "before.json").code == 0
    assert poc.run("compare", "results/one", "results/one/run.json").code == 0


CANNOT_BE_READ = [
    ("not json", "poc: other.json:1:1: is not JSON: Expecting value\n"),
    ("[1, 2]", "it has no schema"),
    ('{"schema": 1}', "it has no schema"),
    ('{"schema": "poc.run/2"}', 'has the schema "poc.run/2", but this version of poc compares poc.run/1'),
    ('{"schema": "poc.dates/1"}', 'has the schema "poc.dates/1", but this version of poc compares poc.run/1'),
    ('{"schema": "poc.run/1"}', 'is not a valid run.json: "scenarios" is missing\n'),
    ('{"schema": "poc.run/1", "error": null, "target": {}, "scenarios": [3]}', "is not a valid run.json"),
    ("[" * 100_000, "is not JSON"),
]


@pytest.mark.parametrize(("text", "why"), CANNOT_BE_READ)
@pytest.mark.parametrize("first", [True, False])
def test_what_cannot_be_read_is_said_in_a_sentence(poc: Poc, runs: Path, text: str, why: str, *, first: bool) -> None:
    (runs / "other.json").write_text(text, encoding="utf-8")
    ran = poc.run("compare", *(("other.json", "before.json") if first else ("before.json", "other.json")))
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("poc: other.json")
    assert why in ran.err


def test_a_run_that_is_not_there_is_misuse(poc: Poc, runs: Path) -> None:
    assert runs.is_dir()
    assert poc.run("compare", "before.json", "nowhere").code == 2
    assert poc.run("compare", "before.json", "nowhere.json").err.startswith("poc: no file nowhere.json\n")
    assert poc.run("compare", "before.json").code == 2


@pytest.mark.live
def test_a_run_has_the_wakes_of_poc_s_own_object_beside_those_of_the_worker(poc: Poc) -> None:
    wakes = poc.run("run", "wake-latency", "--sleep", "evict", "--json").document()["figures"]["wake_ms"]
    own, samples = wakes["own_wakes"]["wake-latency"], wakes["samples"]["wake-latency"]
    assert 0 < len(own) < len(samples)  # the first evict of a runtime only starts the object
    assert min(own) > 0
