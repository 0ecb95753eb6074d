"""The JUnit report: what each verdict becomes, and that it is XML whatever a worker has sent."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml

from poc_cli.judge.gates import Outcome
from poc_cli.judge.requirements import Row
from poc_cli.report.junit import LONGEST_TEXT, junit
from tests.unit.judge.performing import hibernate_run
from tests.unit.report.hostile import TEXTS, claim, document, everywhere, scenario

COMMANDS = ["::error::gone", "##[error]gone", "\ufffe\uffff\x00\x1b]", "]]>", "a\n::set-output name=x::y", "\U0010ffff"]


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own output, read back


def cases(root: ET.Element) -> dict[tuple[str, str], ET.Element]:
    return {(case.get("classname", ""), case.get("name", "")): case for case in root.iter("testcase")}


def one(outcome: Outcome | None = None, **changes: Any) -> ET.Element:
    """Return the testcase of a single claim."""
    judged = document(scenario("s", claim("c", **changes), error=None, stopped=None))
    return cases(parsed(junit(judged, (), outcome)))["s", "c"]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"verdict": "held"}, None),
        ({"verdict": "refuted"}, "failure"),
        ({"verdict": "unknown"}, "skipped"),
        ({"verdict": "error"}, "error"),
        ({"verdict": "refuted", "known": "refuted"}, "skipped"),
        ({"verdict": "held", "known": "refuted"}, "failure"),
    ],
)
def test_each_verdict_has_its_place(changes: Any, kind: str | None) -> None:
    case = one(**changes, reason="so it was")
    assert [child.tag for child in case] == ([] if kind is None else [kind])
    if kind is not None and changes["verdict"] != "held":
        assert "so it was" in (case[0].get("message") or "")


def test_what_a_gate_allows_is_skipped() -> None:
    case = one(Outcome((), frozenset({("s", "c")})), verdict="refuted", reason="it fell asleep")
    assert case[0].tag == "skipped"
    assert case[0].get("message") == "refuted, which the gates allow: it fell asleep"


def test_gates_are_testcases_too() -> None:
    rows = [Row(verdict, "found", verdict) for verdict in ("met", "not met", "undecided", "error", "left out")]
    root = parsed(junit(document(), (), Outcome(tuple(rows))))
    found = {name: [child.tag for child in case] for (_, name), case in cases(root).items()}
    assert found == {
        "met": [],
        "not met": ["failure"],
        "undecided": ["failure"],
        "error": ["error"],
        "left out": ["skipped"],
    }


def test_a_scenario_without_a_judged_claim_is_no_pass() -> None:
    out = scenario("out", left_out="no timer here", error=None, stopped=None)
    broke = scenario("broke", error="it hung", stopped=None)
    root = parsed(junit(document(out, broke, error="the record breaks off")))
    found = {name: case[0].tag for (name, _), case in cases(root).items()}
    assert found == {"out": "skipped", "broke": "error", "poc": "error"}


def test_a_refutation_quotes_the_transcript() -> None:
    history = hibernate_run(wrong={"storage-survives-sleep"})
    root = parsed(junit(history.judged(), history.events))
    failure = cases(root)["hibernate", "storage-survives-sleep"][0]
    assert failure.tag == "failure"
    text = failure.text or ""
    assert "A row that was written" in text
    assert "source: https://developers.cloudflare.com/" in text
    assert "got 1 message, not as expected" in text
    assert "rerun: poc run scenarios/story.toml" in text
    assert "ann < {" in text
    assert root.get("failures") == "1"


@pytest.mark.parametrize("hostile", [*TEXTS, *COMMANDS])
def test_hostile_text_is_inert_everywhere(hostile: str) -> None:
    row = Row(hostile, hostile, "not met", (hostile, hostile))
    text = junit(everywhere(hostile), (), Outcome((row,)))
    root = parsed(text)
    plain = parsed(junit(everywhere("word"), (), Outcome((Row("word", "word", "not met"),))))
    assert [element.tag for element in root.iter()] == [element.tag for element in plain.iter()]
    assert "##[" not in text
    assert not any(line.lstrip().startswith("::") for line in text.split("\n"))
    assert JUnitXml.fromstring(text.encode()).failures == int(root.get("failures", "0"))


@given(st.text(min_size=1, max_size=40))
def test_any_text_is_xml(hostile: str) -> None:
    parsed(junit(everywhere(hostile)))


def test_a_long_reason_is_cut_and_what_is_missing_counted() -> None:
    failure = one(verdict="refuted", reason="r" * (LONGEST_TEXT + 1000))[0]
    assert len(failure.get("message") or "") == 300
    assert "… (1,000 characters more)" in (failure.text or "")
