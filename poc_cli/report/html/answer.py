"""The head of the page: the result, its facts, and what did not hold and why."""

from collections.abc import Mapping, Sequence
from typing import Final

from poc_cli.judge.document_types import ClaimDocument, RunDocument, ScenarioDocument
from poc_cli.report.failure_causes import Cause, Causes, is_reported, known_defects
from poc_cli.report.html.view_model import INCOMPLETE, Answer, Note, Notes, Reference, verdict_shown
from poc_cli.report.question import question_answers
from poc_cli.report.styled import plain
from poc_cli.report.target_summary import KNOWN, counted, numbers, repeats, sleep_onset, worker_of
from poc_cli.report.text import verdict_line

_HEADLINES: Final = {"held": "Feasible", "refuted": "Not feasible", "unknown": "Inconclusive", "error": "No answer"}

_MOST_UNFOLDED: Final = 4
"""Notes shown under a heading. More than that, which mostly have one cause, are collapsed."""

_HEADINGS: Final = {
    "refuted": "Refuted, and why",
    "error": "Could not be judged",
    "unknown": "Unknown, and why",
}

Anchors = Mapping[tuple[str, str], str]
"""The anchors of the claims on the page, by scenario and id."""


def answer_of(document: RunDocument, anchors: Anchors, causes: Causes) -> Answer:
    """Return the head of the page for a judged run."""
    verdict = document["verdict"]
    return Answer(
        verdict=verdict,
        headline=_headline(document),
        sentence=_sentence(document),
        summary=_summary(document),
        facts=tuple(_facts(document)),
        counts=tuple(_counts(document)),
        notes=tuple(notes for notes in _notes(document, anchors, causes) if notes.items),
        questions=tuple(question_answers(document)),
    )


def _headline(document: RunDocument) -> str:
    verdict = document["verdict"]
    if verdict == "refuted" and not document["counts"]["refuted"]:
        return "A known defect is gone"
    if verdict == "held" and document["counts"]["refuted"]:
        return "Feasible, except for known defects"
    return _HEADLINES[verdict]


def _sentence(document: RunDocument) -> str:
    refuted = dict(numbers(document))["refuted"]
    if document["verdict"] == "unknown":
        return "No claim was refuted, but some are unknown."
    if document["verdict"] == "refuted" and refuted:
        claims = _count(sum(len(scenario["claims"]) for scenario in document["scenarios"]), "claim")
        return f"{refuted} of {claims} {'was' if refuted == 1 else 'were'} refuted."
    text = plain(verdict_line(document)[:1]).split(": ", maxsplit=1)[-1]
    return f"{text[:1].upper()}{text[1:]}."


def _counts(document: RunDocument) -> list[tuple[str, str]]:
    found = []
    for name, number in numbers(document):
        shown = verdict_shown(name, whole=not document["error"]).replace("_", " ")
        words = "judged held as far as recorded" if shown == INCOMPLETE else shown
        if name in {"claims_left_out", KNOWN}:
            shown, words = "left out", counted(name, number).partition(" ")[2]
        found += [(shown, f"{number:,} {words}")] if number else []
    return found


def _summary(document: RunDocument) -> str:
    played = [scenario for scenario in document["scenarios"] if scenario["left_out"] is None]
    claims = sum(len(scenario["claims"]) for scenario in played)
    seconds = document["seconds"]
    took = "" if seconds is None else f" in {seconds:.1f} seconds"
    where = f" on {_target(document)}"
    return f"{_count(claims, 'claim')} of {_count(len(played), 'scenario')} put to the test{where}{took}."


def _target(document: RunDocument) -> str:
    target = document["target"]
    versions = ", ".join(f"{name} {version}" for name, version in (target.get("versions") or {}).items())
    return f"{target.get('kind', 'no target')}" + (f" ({versions})" if versions else "")


def _facts(document: RunDocument) -> list[tuple[str, str]]:
    target = document["target"]
    sleep = {"idle": "by the runtime's idle timer", "evict": "by forced eviction", None: "as each scenario specifies"}
    found = [("Target", target.get("kind")), ("Address", target.get("url")), ("Worker", worker_of(document))]
    found += [("Answered by", ", ".join(target.get("colos") or ()) or None), ("Sleep", sleep_onset(document))]
    found += [(str(name), version) for name, version in (target.get("versions") or {}).items()]
    found += [
        ("Compatibility date", target.get("compatibility_date")),
        ("Put to sleep", sleep.get(document["sleep"], document["sleep"]) if document["scenarios"] else None),
        ("Started", document["started"]),
        ("Duration", None if document["seconds"] is None else f"{document['seconds']:.1f} s"),
        ("Repeated", repeats(document)),
        ("Run", document["run"]),
    ]
    return [(name, str(value)) for name, value in found if value is not None]


def _notes(document: RunDocument, anchors: Anchors, causes: Causes) -> list[Notes]:
    scenarios = document["scenarios"]
    of_scenario = {each["name"]: causes.of(each) for each in scenarios}
    every = [cause for found in of_scenario.values() for cause in found]
    found = []
    for verdict, heading in _HEADINGS.items():
        items = tuple(_note(cause, anchors) for cause in every if cause.verdict == verdict)
        found.append(Notes(heading, verdict, items, None if verdict == "refuted" else _folded(items, "claim")))
    stopped = [
        None if is_reported(causes.ending(each), of_scenario[each["name"]]) else each["stopped"] for each in scenarios
    ]
    endings = (
        ("error", "Could not be run", [each["error"] for each in scenarios]),
        ("unknown", "Ended early", stopped),
        ("left out", "Left out", [each["left_out"] for each in scenarios]),
    )
    for verdict, heading, reasons in endings:
        ended = ((each, reason) for each, reason in zip(scenarios, reasons, strict=True) if reason)
        items = tuple(Note(Reference(each["name"], None), each["title"], reason) for each, reason in ended)
        found.append(Notes(heading, verdict, items, _folded(items, "scenario")))
    without = [
        Note(Reference(f"{scenario['name']}/{each['id']}", None), scenario["title"], each["reason"])
        for scenario in document["scenarios"]
        for each in scenario.get("left_out_claims", ())
    ]
    found.append(Notes("Claims left out", "left out", tuple(without), _folded(without, "claim")))
    known = tuple(
        Note(_reference(scenario, claim, anchors), claim["says"], claim["reason"])
        for scenario, claim in known_defects(document)
    )
    summary = f"{_count(len(known), 'claim')}, each with its reason"
    found.append(Notes("Known defects, as expected", "left out", known, summary))
    return found


def _folded(items: Sequence[Note], what: str) -> str | None:
    """Return the line that opens many remarks, each of which may be the reason of several claims; None for a few."""
    if len(items) <= _MOST_UNFOLDED:
        return None
    concerned = sum(1 + len(each.others) for each in items)
    reasons = "each with its reason" if concerned == len(items) else f"for {_count(len(items), 'reason')}"
    return f"{_count(concerned, what)}, {reasons}"


def _note(cause: Cause, anchors: Anchors) -> Note:
    first, *others = cause.claims
    return Note(
        _reference(cause.scenario, first, anchors),
        first["says"],
        first["reason"],
        tuple(_reference(cause.scenario, each, anchors) for each in others),
        "" if cause.step is None else cause.step.place,
    )


def _reference(scenario: ScenarioDocument, claim: ClaimDocument, anchors: Anchors) -> Reference:
    return Reference(f"{scenario['name']}/{claim['id']}", anchors.get((scenario["name"], claim["id"])))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
