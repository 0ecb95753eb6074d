"""The reference run that comes with the project: it can be read, holds, and names no place on anybody's machine."""

import json
import re

from poc_cli.exit_codes import ExitCode
from poc_cli.judge.claim_diff import Kind, compare
from tests.support.command import ROOT

REFERENCE = ROOT / "results" / "reference" / "local.json"


def test_the_reference_held_and_can_be_compared() -> None:
    document = json.loads(REFERENCE.read_text(encoding="utf-8"))
    assert (document["schema"], document["exit_code"], document["error"]) == ("poc.run/1", 0, None)
    found = compare(document, document)
    assert found.exit_code is ExitCode.HELD
    assert {claim.kind for claim in found.claims} == {Kind.same}
    assert {figure.name for figure in found.figures} == {"wake_ms", "warm_ms", "asleep_after_ms"}
    assert not any(change.changed for figure in found.figures for change in figure.changes)


def test_the_reference_names_no_place_on_a_machine() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    assert not re.findall(r"[^\w/:.](/(?:home|root|Users|tmp|var|private|work|opt)/[^\"\s]*)", text)
    assert all(not scenario["file"].startswith("/") for scenario in json.loads(text)["scenarios"])
