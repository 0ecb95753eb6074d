"""A judged run for GitHub Actions: annotations at the lines of scenarios, and the summary of the step."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from poc_cli.history.event import Event
from poc_cli.inert import inert
from poc_cli.judge.gates import Outcome
from poc_cli.report.excerpt import Excerpts
from poc_cli.report.gate_table import table
from poc_cli.report.markdown import markdown

MOST_ANNOTATIONS: Final = 10
"""GitHub shows ten of a step and drops the others without a word."""

LONGEST_MESSAGE: Final = 1_000
"""Characters of one annotation; GitHub shows them in a box beside the line."""

LARGEST_SUMMARY: Final = 1024 * 1024
"""Bytes of one step; GitHub refuses a larger one whole."""

Document = dict[str, Any]
Located = Callable[[str], str | None]
"""Gives the path of a scenario's file from the root of the repository, None for one outside of it."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is not as it should be, and where the scenario says so."""

    level: Literal["error", "warning"]
    title: str
    message: str
    file: str | None = None
    line: int | None = None


def annotations(document: Document, events: Iterable[Event | None], located: Located) -> str:
    """Return the commands that annotate a run: refuted first, then errors, then what is unknown."""
    return commands(_complaints(document, Excerpts(events), located))


def annotations_of_check(document: Document, events: Iterable[Event | None], located: Located, outcome: Outcome) -> str:
    """Return the commands that annotate a check: a complaint for each gate that is not met."""
    about_claims = _by_claim(document, Excerpts(events), located)
    complaints: list[Complaint] = []
    for row in outcome.failing:
        about = None if row.claim is None else about_claims.get(row.claim)
        file, line = (None, None) if about is None else (about.file, about.line)
        complaints.append(Complaint("error", f"poc: {row.verdict}: {row.requirement}", row.found, file, line))
    return commands(complaints)


def commands(complaints: list[Complaint]) -> str:
    """Return a line for each of the first ten, and one that counts the rest."""
    shown = [_command(each) for each in complaints[:MOST_ANNOTATIONS]]
    rest = len(complaints) - MOST_ANNOTATIONS
    if rest > 0:
        shown.append(f"::notice title=poc::{rest} more not shown here; the summary of the step has them")
    return "".join(f"{line}\n" for line in shown)


def summary(document: Document, events: list[Event | None], outcome: Outcome | None, room: int) -> str:
    """Return the summary of the step as Markdown of at most `room` bytes, empty where there is no room for any."""
    gates = "" if outcome is None else table(outcome)
    return markdown(document, events, above=gates, largest=min(room, LARGEST_SUMMARY))


def _complaints(document: Document, excerpts: Excerpts, located: Located) -> list[Complaint]:
    order = ("refuted", "held", "error", "unknown")  # held stands for a known defect that is gone
    found: list[tuple[int, Complaint]] = []
    for scenario in document["scenarios"]:
        if scenario["error"] and not scenario["claims"]:
            file = located(scenario["file"])
            title = f"poc: {scenario['name']} could not be played"
            found.append((order.index("error"), Complaint("error", title, str(scenario["error"]), file)))
        for claim in scenario["claims"]:
            as_known = claim["verdict"] == "refuted" and claim["known"] == "refuted"
            if not as_known and (claim["verdict"] != "held" or claim["known"] == "refuted"):
                found.append((order.index(claim["verdict"]), _complaint(scenario, claim, excerpts, located)))
    return [complaint for _, complaint in sorted(found, key=lambda pair: pair[0])]


def _by_claim(document: Document, excerpts: Excerpts, located: Located) -> dict[tuple[str, str], Complaint]:
    return {
        (scenario["name"], claim["id"]): _complaint(scenario, claim, excerpts, located)
        for scenario in document["scenarios"]
        for claim in scenario["claims"]
    }


def _complaint(scenario: Document, claim: Document, excerpts: Excerpts, located: Located) -> Complaint:
    file = located(scenario["file"])
    line = None if file is None else excerpts.line(scenario["name"], claim["id"], claim["evidence"])
    level: Literal["error", "warning"] = "warning" if claim["verdict"] == "unknown" else "error"
    title = f"poc: {claim['verdict']}: {scenario['name']}/{claim['id']}"
    return Complaint(level, title, f"{claim['says']} {claim['reason']}", file, line)


def _command(each: Complaint) -> str:
    told = {"file": each.file, "line": None if each.file is None else each.line, "title": each.title}
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in told.items() if value is not None)
    return f"::{each.level} {properties}::{_data(each.message)}"


def _data(text: str) -> str:
    """Return a text of one line as the runner reads it back: it takes %XX apart after the line."""
    whole = inert(text).replace("##[", "# #[")  # the older commands, which the runner finds anywhere in a line
    cut = whole if len(whole) <= LONGEST_MESSAGE else whole[: LONGEST_MESSAGE - 1] + "…"
    return cut.replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
