"""What the scenarios of a run ask, and the answer: yes, no, or not shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from poc_cli.report.target_summary import where


@dataclass(frozen=True, slots=True)
class Answered:
    """A question, its answer in a word, the verdict that the answer stands for, and what it rests on."""

    question: str
    answer: str
    verdict: str
    because: str


def answered(document: dict[str, Any]) -> Iterator[Answered]:
    """Yield each question that a scenario of a judged run asks, with its answer."""
    for scenario in document["scenarios"]:
        asked = scenario.get("question")
        if asked is None:
            continue
        verdict = "unknown" if document["error"] or asked["answer"] == "not shown" else scenario["verdict"]
        answer = "not shown" if document["error"] else asked["answer"]
        yield Answered(asked["asks"], answer, verdict, _because(document, scenario, answer))


def _because(document: dict[str, Any], scenario: dict[str, Any], answer: str) -> str:
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
    return f"{number} of {len(claims)} claims of {scenario['name']} could not be shown either way"
