"""The action and the workflows as GitHub reads them: pinned, without injection, with few rights."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from poc_cli.commands.init import WORKFLOW, Delivery, init
from tests.support.command import ROOT

ACTION = ROOT / "action.yml"
OURS = ROOT / ".github" / "workflows" / "feasibility.yml"
CI = ROOT / ".github" / "workflows" / "ci.yml"
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))

PINNED = re.compile(r"uses: [A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def read(file: Path) -> dict[Any, Any]:
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


@pytest.fixture(params=["ours", "ci", "package", "variable", "action"])
def workflow(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param in {"ours", "ci"}:
        return OURS if request.param == "ours" else CI
    action = Delivery(action="o-w/poc@0123456789abcdef0123456789abcdef01234567")
    pip = Delivery(requirement="git+https://example.com/o/poc@v0.1.0")
    init(tmp_path, {"action": action, "package": pip, "variable": Delivery()}[request.param], force=False)
    return tmp_path / WORKFLOW


def steps(document: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    if "runs" in document:
        yield from document["runs"]["steps"]
    for job in document.get("jobs", {}).values():
        yield from job["steps"]


@pytest.mark.parametrize("file", [ACTION, OURS, CI], ids=lambda file: file.name)
def test_every_action_is_pinned_by_its_commit(file: Path) -> None:
    used = [
        line.strip().removeprefix("- ") for line in file.read_text(encoding="utf-8").splitlines() if "uses:" in line
    ]
    assert used
    assert [line for line in used if line != "uses: ./" and not PINNED.fullmatch(line)] == []


def test_every_action_of_a_written_workflow_is_pinned(workflow: Path) -> None:
    for step in steps(read(workflow)):
        if step.get("uses", "./") != "./":
            assert re.search(r"@[0-9a-f]{40}$", step["uses"]), step


def test_the_same_action_has_the_same_pin_everywhere(tmp_path: Path) -> None:
    init(tmp_path, Delivery(), force=False)
    pins: dict[str, set[str]] = {}
    for file in (ACTION, OURS, CI, tmp_path / WORKFLOW):
        for step in steps(read(file)):
            name, _, pin = step.get("uses", "./").partition("@")
            pins.setdefault(name, set()).add(pin)
    assert {name for name, found in pins.items() if len(found) > 1} == set()


def test_no_command_has_an_expression_in_it(workflow: Path) -> None:
    for file in (ACTION, workflow):
        for step in steps(read(file)):
            assert "${{" not in step.get("run", ""), step


def test_a_workflow_may_only_read_and_never_runs_a_stranger_with_rights(workflow: Path) -> None:
    document = read(workflow)
    assert document["permissions"] == {"contents": "read"}
    assert set(document[True]) == {"push", "pull_request", "workflow_dispatch"}  # `on` is a boolean of YAML 1.1
    for job in document["jobs"].values():
        assert "permissions" not in job
        assert job["timeout-minutes"] <= (60 if workflow == CI else 15)
        assert job["steps"][0]["with"] == {"persist-credentials": False}


def test_ci_runs_what_a_contributor_runs_on_both_systems() -> None:
    job = read(CI)["jobs"]["ci"]
    assert job["strategy"]["matrix"] == {"os": ["ubuntu-latest", "macos-latest"]}
    assert job["steps"][-1] == {"run": ".ci/run"}


@pytest.mark.parametrize("form", [form for form in FORMS if form.name != "config.yml"], ids=lambda form: form.stem)
def test_every_issue_form_has_what_github_wants(form: Path) -> None:
    document = read(form)
    assert document["name"]
    assert document["description"]
    ids = [field["id"] for field in document["body"] if field["type"] != "markdown"]
    assert len(set(ids)) == len(ids) > 0
    assert all(field["attributes"].get("label") or field["type"] == "markdown" for field in document["body"])


INPUTS = {"scenarios", "working-directory", "config", "target", "args", "version"}


def test_the_action_has_the_inputs_and_outputs_that_it_promises() -> None:
    action = read(ACTION)
    assert set(action["inputs"]) == INPUTS
    assert action["inputs"].pop("working-directory")["default"] == "."
    assert all(each["default"] == "" and each["description"] for each in action["inputs"].values())
    assert set(action["outputs"]) == {"verdict", "report"}
    assert action["runs"]["using"] == "composite"


def test_every_input_reaches_the_script_by_a_variable_that_it_reads() -> None:
    script = (ROOT / ".github" / "scripts" / "feasibility.sh").read_text(encoding="utf-8")
    given: dict[str, str] = {}
    for step in steps(read(ACTION)):
        given |= step.get("env", {})
        if "run" in step:
            assert step["shell"] == "bash"
            assert re.fullmatch(r'"\$GITHUB_ACTION_PATH/\.github/scripts/feasibility\.sh" (install|check)', step["run"])
    assert {value for value in given.values() if "inputs." in value} == {f"${{{{ inputs.{name} }}}}" for name in INPUTS}
    assert all(name in script for name in given)


def test_every_output_that_is_used_is_put_out_by_the_script() -> None:
    script = (ROOT / ".github" / "scripts" / "feasibility.sh").read_text(encoding="utf-8")
    used = re.findall(r"steps\.(?:install|check)\.outputs\.([a-z-]+)", ACTION.read_text(encoding="utf-8"))
    assert set(used) == set(re.findall(r"^ *output ([a-z-]+) ", script, re.MULTILINE))
