"""The questions of the scenarios of a run and their answers: yes, no, or not shown."""

from collections.abc import Iterator
from dataclasses import dataclass

from poc_cli.judge.document_types import RunDocument, ScenarioDocument
from poc_cli.report.target_summary import where


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """A question, its answer in a word, the verdict that it corresponds to, and the reason."""

    question: str
    answer: str
    verdict: str
    because: str


def question_answers(document: RunDocument) -> Iterator[QuestionAnswer]:
    """Yield each question that a scenario of a judged run asks, with its answer."""
    for scenario in document["scenarios"]:
        asked = scenario.get("question")
        if asked is None:
            continue
        verdict = "unknown" if document["error"] or asked["answer"] == "not shown" else str(scenario["verdict"])
        answer = "not shown" if document["error"] else asked["answer"]
        yield QuestionAnswer(asked["asks"], answer, verdict, _because(document, scenario, answer))


def _because(document: RunDocument, scenario: ScenarioDocument, answer: str) -> str:
    claims = scenario["claims"]
    if answer == "yes":
        return f"all {len(claims)} claims of {scenario['name']} held on {where(document)}"
    wanted = "refuted" if answer == "no" else "unknown"
    number = sum(claim["verdict"] == wanted for claim in claims)
    if answer == "no":
        return f"{number} of {len(claims)} claims of {scenario['name']} {'was' if number == 1 else 'were'} refuted"
    why = document["error"] or scenario["left_out"] or scenario["error"] or scenario["stopped"]
    if why:
        return str(why)
    return f"{number} of {len(claims)} claims of {scenario['name']} are unknown"
