"""A judged run as JUnit XML: a test case for each claim and for each gate of a check."""

import re
from collections.abc import Iterable
from typing import Any, Final

from junitparser import Attr, Error, Failure, IntAttr, JUnitXml, Skipped, TestCase, TestSuite

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.inert import inert
from poc_cli.judge.document_types import ClaimDocument, LeftOutClaim, RunDocument, ScenarioDocument
from poc_cli.judge.gates import Outcome
from poc_cli.judge.requirements import Row
from poc_cli.report.cause_lines import again, step_text
from poc_cli.report.excerpt import Excerpts
from poc_cli.report.failure_causes import Cause, Causes
from poc_cli.report.session_view import MEANINGS

LONGEST_MESSAGE: Final = 300
"""Characters of the message attribute; the element's text has the full reason."""

LONGEST_TEXT: Final = 20_000
"""Characters of a reason, which may quote what a worker sent: CIs store all reports."""

_FORBIDDEN: Final = re.compile(r"[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'

Document = dict[str, Any]
Finding = Failure | Error | Skipped


def junit(document: RunDocument, events: Iterable[Event | None] = (), outcome: Outcome | None = None) -> str:
    """Return the XML document; `events` is the history for the excerpts, `outcome` that of a check."""
    events = list(events)
    excerpts, causes, times = Excerpts(events), Causes(events), _seconds_of_claims(events)
    suites = [] if outcome is None else [(_suite("gates", [_gate(row) for row in outcome.rows]), 0.0)]
    accepted = frozenset() if outcome is None else outcome.accepted
    for scenario in document["scenarios"]:
        cases = [_without_claims(scenario)] if not scenario["claims"] else []
        by_claim = {claim["id"]: cause for cause in causes.of(scenario) for claim in cause.claims}
        for claim in scenario["claims"]:
            name = scenario["name"], claim["id"]
            cause = by_claim.get(claim["id"])
            step = None if cause is None else cause.step
            details = _details(document, claim, cause, excerpts)
            case = _claim(scenario, claim, details, accepted=name in accepted)
            case.time = times.get(name, 0.0)
            case.file = _inert(scenario["file"])
            line = excerpts.line(*name, claim["evidence"]) if step is None else step.line
            if line is not None:
                case.line = line
            cases.append(case)
        cases += [_left_out(scenario, each) for each in scenario.get("left_out_claims", ())]
        cases += _gaps(scenario)
        suites.append((_suite(scenario["name"], cases, document["started"]), scenario["seconds"]))
    if document["error"]:
        case = _case("poc", "the record of the run is complete")
        case.result = _finding(Error, document["error"])
        suites.append((_suite("record", [case]), 0.0))
    whole = JUnitXml("poc")
    for suite, _ in suites:
        whole.append(suite)
    whole.update_statistics()
    for suite, seconds in suites:  # the sum of its cases, which update_statistics() has set, is not the scenario's
        suite.time = seconds
    whole.time = document["seconds"] or 0.0
    text = whole.tostring()
    return _DECLARATION + (text.decode() if isinstance(text, bytes) else str(text)) + "\n"


class _Case(TestCase):
    """A test case with its place, as pytest and many CIs have it."""

    file = Attr("file")
    line = IntAttr("line")


def _seconds_of_claims(events: Iterable[Event | None]) -> dict[tuple[str, str], float]:
    """Return how long the steps of each claim took in its story, by scenario and id; other claims took none."""
    scenarios: dict[str, str] = {}
    begun: dict[tuple[str, int | None], Event] = {}
    found: dict[tuple[str, str], float] = {}
    for event in events:
        if event is None:
            continue
        if event.kind == kinds.PLAY_START and event.data.get("role") == "story":
            scenarios[event.play] = str(event.data.get("scenario"))
        elif event.kind == kinds.STEP and event.play in scenarios:
            begun[event.play, event.step] = event
        elif event.kind == kinds.STEP_END and (start := begun.get((event.play, event.step))) is not None:
            name = scenarios[event.play], str(start.data.get("claim"))
            found[name] = found.get(name, 0.0) + (event.t_ns - start.t_ns) / 1e9
    return {name: round(seconds, 3) for name, seconds in found.items()}


def _details(document: RunDocument, claim: ClaimDocument, cause: Cause | None, excerpts: Excerpts) -> list[str]:
    """Return what the history shows about a claim, once for all claims that one step failed."""
    if cause is None or cause.step is None:
        return excerpts.around(claim["evidence"])
    if claim is not cause.claims[0]:
        return [f"by the same step as {cause.claims[0]['id']}: {cause.step.place}"]
    return step_text(cause.step, again(document, cause.scenario))


def _suite(name: str, cases: list[TestCase], started: str | None = None) -> TestSuite:
    suite = TestSuite(_inert(name))
    suite.add_testcases(cases)
    if started:
        suite.timestamp = _inert(started)
    return suite


def _case(suite: str, name: str) -> _Case:
    return _Case(_inert(name), _inert(suite), 0.0)


def _gate(row: Row) -> TestCase:
    case = _case("gates", row.requirement)
    if row.verdict == "error":
        case.result = _finding(Error, row.found)
    elif row.verdict in {"not met", "undecided"}:
        case.result = _finding(Failure, row.found if row.verdict == "not met" else f"undecided: {row.found}")
    elif row.verdict == "left out":
        case.result = _finding(Skipped, row.found)
    return case


def _without_claims(scenario: ScenarioDocument) -> TestCase:
    """Return the test case of a scenario of which no claim was judged."""
    case = _case(scenario["name"], "runs")
    if scenario["left_out"]:
        case.result = _finding(Skipped, f"left out: {scenario['left_out']}")
    else:
        case.result = _finding(Error, scenario["error"] or "no claim was judged")
    return case


def _gaps(scenario: ScenarioDocument) -> list[TestCase]:
    """Return a test case for each gap of a session; one that proves nothing is skipped."""
    session = scenario.get("session")
    if session is None:
        return []
    says = {gap: loss["says"] for loss in reversed(session["losses"]) for gap in loss["gaps"]}
    cases: list[TestCase] = []
    for each in session["gaps"]:
        case = _case(scenario["name"], f"sleep between lines {each['after_line']} and {each['before_line']}")
        meaning = MEANINGS[each["state"]]
        if each["state"] == "changed":
            case.result = _finding(Failure, says.get(each["gap"], meaning))
        elif each["state"] != "kept":
            case.result = _finding(Skipped, "; ".join([meaning, *each["pins"]]))
        cases.append(case)
    return cases


def _left_out(scenario: ScenarioDocument, claim: LeftOutClaim) -> TestCase:
    case = _case(scenario["name"], claim["id"])
    case.result = _finding(Skipped, f"left out: {claim['reason']}")
    return case


def _claim(scenario: ScenarioDocument, claim: ClaimDocument, shown: list[str], *, accepted: bool) -> _Case:
    case = _case(scenario["name"], claim["id"])
    verdict, reason, known = claim["verdict"], claim["reason"], claim["known"] == "refuted"
    held_of = claim["held_of"]
    if held_of["n"] > 1 and verdict != "held":
        reason = f"held {held_of['k']} of {held_of['n']}; {reason}"
    details = [f'"{claim["says"]}"', *([f"source: {claim['source']}"] if claim["source"] else [])]
    details += shown
    if verdict == "error":
        case.result = _finding(Error, reason, details)
    elif verdict == "unknown":
        case.result = _finding(Skipped, f"unknown: {reason}", shown)
    elif verdict == "refuted" and (known or accepted):
        case.result = _finding(Skipped, f"refuted, {'a known defect' if known else 'which the gates allow'}: {reason}")
    elif verdict == "refuted":
        case.result = _finding(Failure, reason, details)
    elif known:
        case.result = _finding(
            Failure, "held, but the scenario lists it as a known defect: the defect is gone", details
        )
    return case


def _finding(kind: type[Finding], reason: str, details: Iterable[str] = ()) -> Finding:
    whole = _inert(reason)
    cut = f" … ({len(whole) - LONGEST_TEXT:,} characters more)" if len(whole) > LONGEST_TEXT else ""
    message = whole if len(whole) <= LONGEST_MESSAGE else whole[: LONGEST_MESSAGE - 1] + "…"
    finding = kind(message)
    finding.text = "\n".join([whole[:LONGEST_TEXT] + cut, *(_inert(line) for line in details)])
    return finding


def _inert(text: str) -> str:
    """Return the text on one line, with escapes for what XML forbids, and without commands for a CI log."""
    shown = _FORBIDDEN.sub(lambda match: match[0].encode("unicode_escape").decode(), inert(str(text)))
    return shown.replace("##[", "# #[")
