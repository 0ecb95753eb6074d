"""The loads of a run as in run.json: for each a scenario with its claims, a section, and its figures."""

from dataclasses import dataclass, field

from poc_cli.judge.claims import unless_cut
from poc_cli.judge.document_types import Figure, LoadDocument, RunDocument, ScenarioDocument
from poc_cli.judge.scenario_document import broken_document, claim_document, not_judged, seconds_of, worst
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.run_record import RunRecord


@dataclass(frozen=True, slots=True)
class Loads:
    """What the loads of a run add to its document."""

    scenarios: list[ScenarioDocument] = field(default_factory=list)
    sections: list[LoadDocument] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)

    def add_to(self, document: RunDocument) -> None:
        """Add the sections and figures of the loads, if there are any."""
        if self.scenarios:
            document["figures"] |= self.figures
            document["load"] = self.sections


def loads_of(run: RunRecord) -> Loads:
    """Judge the loads of a run. One that cannot be judged is an error, never a crash."""
    found = Loads()
    for play in run.plays:
        if play.start.data["role"] == "load":
            try:
                _judge(run, play, found)
            except Exception as broken:  # noqa: BLE001 - as for stories
                found.scenarios.append(broken_document(play, broken))
    return found


def _judge(run: RunRecord, play: PlayRecord, found: Loads) -> None:
    from poc_cli.judge.load.load_document import judge_load

    judged = judge_load(play)
    is_done = play.outcome == "done"
    document = play.scenario.document
    scenario = not_judged(document.name, document.title, play.scenario.file)
    scenario["claims"] = [claim_document(unless_cut(finding, run.flaw), run) for finding in judged.findings]
    verdicts = [claim["verdict"] for claim in scenario["claims"]]
    scenario["verdict"] = worst(verdicts if is_done else [*verdicts, "error"])
    scenario["error"] = None if is_done else play.ending
    scenario["seconds"] = seconds_of(play)
    found.scenarios.append(scenario)
    found.figures.update(judged.figures)
    if judged.section is not None:
        found.sections.append(judged.section)
