"""The loads of a run as in run.json: for each a scenario with its claims, a section, and its figures."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from poc_cli.judge.claims import ClaimFinding
from poc_cli.judge.document_types import ClaimDocument, Figure, LoadDocument, RunDocument
from poc_cli.judge.finding import WORST_FIRST
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.run_record import RunRecord

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Loads:
    """What the loads of a run add to its document."""

    scenarios: list[Document] = field(default_factory=list)
    sections: list[LoadDocument] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)

    def added_to(self, document: RunDocument) -> RunDocument:
        """Return a document with the sections and figures of the loads, unchanged if there are none."""
        if not self.scenarios:
            return document
        return document | {"figures": document["figures"] | self.figures, "load": self.sections}


def loads_of(run: RunRecord, claim_document: Callable[[ClaimFinding], ClaimDocument], unreadable: Document) -> Loads:
    """Judge the loads of a run; `claim_document` returns what run.json says of a claim.

    `unreadable` is the document of a scenario that was not judged. A load that cannot be judged is an error, never a
    crash.
    """
    found = Loads()
    for play in run.plays:
        if play.start.data["role"] == "load":
            try:
                _judge(play, claim_document, unreadable, found)
            except Exception as broken:  # noqa: BLE001 - as for stories
                found.scenarios.append(_broken(play, broken, unreadable))
    return found


def _judge(
    play: PlayRecord, claim_document: Callable[[ClaimFinding], ClaimDocument], unreadable: Document, found: Loads
) -> None:
    from poc_cli.judge.load.load_document import judge_load

    judged = judge_load(play)
    claims = [claim_document(finding) for finding in judged.findings]
    verdicts = {claim["verdict"] for claim in claims} | ({"error"} if play.outcome != "done" else set())
    document = play.scenario.document
    found.scenarios.append(
        unreadable
        | {
            "name": document.name,
            "title": document.title,
            "file": play.scenario.file,
            "verdict": next((each for each in WORST_FIRST if each in verdicts), "unknown"),
            "seconds": _seconds(play),
            "claims": claims,
            "error": None if play.outcome == "done" else play.ending,
        }
    )
    found.figures.update(judged.figures)
    if judged.section is not None:
        found.sections.append(judged.section)


def _broken(play: PlayRecord, broken: Exception, unreadable: Document) -> Document:
    reason = play.damage or f"cannot be judged: {type(broken).__name__}: {broken}"
    head = {"name": play.start.data["scenario"], "title": "", "file": play.start.data["file"]}
    return unreadable | head | {"verdict": "error", "error": reason}


def _seconds(play: PlayRecord) -> float:
    last = play.end or (play.events[-1] if play.events else play.start)
    return round((last.t_ns - play.start.t_ns) / 1e9, 3)
