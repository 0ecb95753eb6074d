"""What pip installs to get the running poc."""

import json
from pathlib import Path

import pytest

from poc_cli.commands.init import Delivery, init, of_record
from poc_cli.errors import UsageError

GIT = {"url": "https://example.com/o/poc", "vcs_info": {"vcs": "git", "commit_id": "abc"}}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (None, "poc-durable-objects==1.2"),
        (json.dumps(GIT), "git+https://example.com/o/poc@abc"),
        (json.dumps({"url": "file:///home/a", "dir_info": {"editable": True}}), None),
        (json.dumps(GIT | {"url": "file:///home/a"}), None),
        ("{", None),
    ],
)
def test_the_requirement_is_read_from_the_record_of_the_installation(record: str | None, expected: str | None) -> None:
    assert of_record(record, "1.2") == expected


def test_a_workflow_installs_it_or_asks_for_a_variable(tmp_path: Path) -> None:
    workflow = tmp_path / ".github" / "workflows" / "feasibility.yml"
    init(tmp_path, Delivery(requirement="git+https://example.com/o/poc@v1"), force=True)
    assert "      - run: python -m pip install 'git+https://example.com/o/poc@v1'\n" in workflow.read_text("utf-8")
    told = init(tmp_path, Delivery(), force=True)
    assert "${{ vars.POC_REQUIREMENT }}" in workflow.read_text("utf-8")
    assert any("poc is not on PyPI" in text for line in told for text, _ in line)


def test_a_requirement_cannot_end_its_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not what pip installs"):
        init(tmp_path, Delivery(requirement="a'\n- run: echo"), force=True)
