"""A judged run for the terminal: the claims with their verdicts and reasons, the matrix, the figures and the result."""

from collections.abc import Iterable
from typing import Final

from poc_cli.history.event import Event
from poc_cli.judge.document_types import (
    CellDocument,
    ClaimDocument,
    Figure,
    RunDocument,
    ScenarioDocument,
    UncaughtDocument,
)
from poc_cli.report.cause_lines import again, step_lines
from poc_cli.report.failure_causes import Cause, Causes, is_remarkable, is_reported, known_defects
from poc_cli.report.matrix_table import Table, cell_text, is_whole, table
from poc_cli.report.question import question_answers
from poc_cli.report.session_view import session_lines
from poc_cli.report.styled import Line, Span, span
from poc_cli.report.target_summary import (
    KNOWN,
    counted,
    counts,
    evidence_text,
    is_known,
    known_defect,
    repeats,
    sleep_onset,
    where,
)

STYLES = {"held": "green", "refuted": "bold red", "unknown": "yellow", "error": "bold magenta"}
"""The color of each verdict, which is always also written as a word."""

ANSWERS = {
    "held": "feasible: every claim held",
    "refuted": "not feasible: a claim was refuted",
    "unknown": "inconclusive",
    "error": "the harness or the target failed",
}

INCOMPLETE: Final = "(incomplete record)"
"""Marks whatever would read as a pass if the record of the run is damaged or incomplete."""

EVENTS_LISTED: Final = 5
"""Events of evidence per line, so that it fits into 80 columns. All are in run.json."""

SCENARIOS_IN_FULL: Final = 12
"""Up to this many scenarios every claim is listed; with more, a scenario that held gets one line."""

_INDENT: Final = " " * 12


def verdict_line(document: RunDocument) -> Line:
    """Return the result in one line, with counts, target and duration."""
    seconds = document["seconds"]
    took = f" in {seconds:.1f} s" if seconds is not None else ""
    judged = "judged as far as recorded: " if document["error"] else ""
    return [_answer(document), span(f" ({judged}{counts(document)}) on {where(document)}{took}")]


def _answer(document: RunDocument) -> Span:
    verdict = document["verdict"]
    answer = ANSWERS[verdict]
    if document["error"]:
        return span("the record of this run is incomplete, so it proves nothing", STYLES["error"])
    if verdict == "refuted" and not document["counts"]["refuted"]:
        answer = "a known defect was not found"
    elif verdict == "held" and document["counts"]["refuted"]:
        answer = "feasible: no claim was refuted except for known defects"
    return span(answer, STYLES[verdict])


def lines(document: RunDocument, folder: str, events: Iterable[Event | None] = ()) -> list[Line]:
    """Return the report; `events` is the history, quoted where a step failed. Lines are of any length."""
    causes = Causes(events)
    mark = f"  {INCOMPLETE}" if document["error"] else ""
    flaw: list[Line] = []
    if document["error"]:
        flaw.append([span("the record of this run is incomplete: ", STYLES["error"]), span(document["error"])])
    found: list[Line] = [*flaw, []] if flaw else []
    found += _answers(document)
    brief = len(document["scenarios"]) > SCENARIOS_IN_FULL and not mark
    for scenario in document["scenarios"]:
        if brief and _is_plain(scenario):
            found += _in_a_line(scenario)
        else:
            found += _Scenario(document, scenario, causes, mark, brief=brief).lines()
    found += [[]] if brief else []
    found += _known(document)
    matrix = _matrix(table(document["matrix"]))
    found += [[span(INCOMPLETE, STYLES["error"])], *matrix] if matrix and flaw else matrix
    onset = sleep_onset(document)
    found += [[span(onset)], []] if onset is not None else []
    found += _figures(document["figures"])
    if document.get("load"):
        from poc_cli.report.load_text import lines as lines_of_load

        found += [line for section in document["load"] for line in lines_of_load(section)]
    found += [[span(each, "yellow")] for each in (*uncounted_leaks(document), *uncaught(document))]
    found += flaw
    early = sum(bool(scenario["stopped"]) for scenario in document["scenarios"])
    if early and document["verdict"] == "unknown":
        scenarios = "1 scenario" if early == 1 else f"{early} scenarios"
        message = f"{scenarios} stopped early because of an unexpected reply, possibly a defect of the worker"
        found.append([span(message, "yellow")])
    again = repeats(document)
    found += [] if again is None else [[span("repeated: ", "yellow"), span(again)]]
    found += [verdict_line(document), [span(f"evidence: {folder}")]]
    return found


def lines_of_interrupted(document: RunDocument, folder: str, scenarios: int) -> list[Line]:
    """Return a screenful on a run that was interrupted: what was refuted until then, and how many were judged."""
    judged = [each for each in document["scenarios"] if each["verdict"] in {"held", "refuted", "unknown"}]
    claims = [(each, claim) for each in judged for claim in each["claims"]]
    # No claim holds in a record that breaks off, so only what was refuted is reported.
    bad = [(each, claim) for each, claim in claims if claim["verdict"] == "refuted" and not is_known(claim)]
    found: list[Line] = [
        [span(f"{claim['verdict']:<9} ", STYLES[claim["verdict"]]), span(f"{each['name']}/{claim['id']}")]
        for each, claim in bad[:LINES_OF_INTERRUPTED]
    ]
    if len(bad) > LINES_OF_INTERRUPTED:
        found.append([span(f"and {len(bad) - LINES_OF_INTERRUPTED} more")])
    whole = "1 scenario" if scenarios == 1 else f"{scenarios} scenarios"
    refuted = "no claim" if not bad else "1 claim" if len(bad) == 1 else f"{len(bad)} claims"
    said = f" ({refuted} refuted)" if judged else ""
    found.append([span("interrupted", "yellow"), span(f": {len(judged)} of {whole} judged{said}")])
    return [*found, [span(f"evidence: {folder}")]]


LINES_OF_INTERRUPTED: Final = 12
"""Claims that are listed where a run was interrupted; a terminal has 24 lines."""


def uncounted_leaks(document: RunDocument) -> list[str]:
    """Return a sentence for each leaked secret that refutes no claim and is not declared public."""
    return [
        f"{each['scenario']}: {each['secret']} left the worker (first at event {each['first']}); it is short or"
        " not random, so this refutes no claim; name it in `secret` to make it count"
        for each in document.get("leaks") or ()
        if not each["counts"] and not each["public"]
    ]


def uncaught(document: RunDocument) -> list[str]:
    """Return a sentence for the exceptions of each scenario that nothing caught and no claim tells of."""
    found: dict[str, list[UncaughtDocument]] = {}
    for each in document.get("uncaught") or ():
        found.setdefault(each["scenario"], []).append(each)
    return [
        f"{scenario}: {thrown[0]['threw']} (first at event {thrown[0]['first']})"
        + (f", and {more} more" if (more := sum(each["times"] for each in thrown) - 1) else "")
        + ', which refutes no claim; check = "no-event-fails" makes it count, throws = true says that it is meant'
        for scenario, thrown in found.items()
    ]


def _answers(document: RunDocument) -> list[Line]:
    found: list[Line] = []
    for each in question_answers(document):
        answer = [span(f"  {each.answer}", STYLES[each.verdict]), span(f": {each.because}")]
        found += [[span(each.question, "bold")], answer, []]
    return found


def _is_plain(scenario: ScenarioDocument) -> bool:
    """Return whether one line is enough for a scenario: all came out as it should without a remark, or was left out."""
    if scenario["left_out"]:
        return True
    odd = scenario["error"] or scenario["stopped"] or scenario["replayed"]
    return not odd and not any(map(is_remarkable, scenario["claims"]))


def _in_a_line(scenario: ScenarioDocument) -> list[Line]:
    if scenario["left_out"]:
        message = f"{scenario['name']}: {scenario['left_out']}"
        return [[span("left out  ", "yellow"), span(message)]]
    number = sum(claim["verdict"] == "held" for claim in scenario["claims"])
    claims = "1 claim" if number == 1 else f"{number} claims"
    known = len(scenario["claims"]) - number
    claims += f", {counted(KNOWN, known)}" if known else ""
    without = len(scenario.get("left_out_claims", ()))
    claims += f", {without} left out" if without else ""
    return [[span("held      ", STYLES["held"]), span(scenario["name"], "bold"), span(f", {claims}", "dim")]]


class _Scenario:
    """The lines of one scenario."""

    def __init__(
        self, document: RunDocument, scenario: ScenarioDocument, causes: Causes, mark: str, *, brief: bool
    ) -> None:
        self._document = document
        self._scenario = scenario
        self._mark = mark
        self._brief = brief
        self._causes = {cause.claims[0]["id"]: cause for cause in causes.of(scenario)}
        self._ending = causes.ending(scenario)

    def lines(self) -> list[Line]:
        scenario, mark = self._scenario, self._mark
        head: Line = [span(scenario["name"], "bold"), span(f"  {scenario['title']}"), span(mark, STYLES["error"])]
        if scenario["left_out"]:
            return [head, [span("  left out  ", "yellow"), span(scenario["left_out"])], []]
        found = [head]
        if scenario["error"]:
            found.append([span("  error     ", STYLES["error"]), span(scenario["error"])])
        for replay in scenario["replayed"]:
            which = "" if replay["play"] == scenario["name"] else f" ({replay['play']})"
            found.append([span(f"  repeated{which}: ", "yellow"), span(replay["reason"])])
        found += self._claims()
        if "session" in scenario:
            found += session_lines(scenario["session"])
        for left_out in scenario.get("left_out_claims", ()):
            found.append([span("  left out  ", "yellow"), span(left_out["id"]), span(f": {left_out['reason']}", "dim")])
        for reason in scenario.get("not_evicted", ()):
            found.append([span("  not evicted  ", "yellow"), span(reason)])
        return [*found, *self._stopped(), []]

    def _claims(self) -> list[Line]:
        """Return the claims; those that did not hold for the reason of an earlier one are listed with that one."""
        found: list[Line] = []
        more = 0
        listed_before = {claim["id"] for cause in self._causes.values() for claim in cause.claims[1:]}
        for claim in self._scenario["claims"]:
            cause = self._causes.get(claim["id"])
            if cause is not None:
                found += self._cause(cause)
            elif claim["id"] in listed_before or is_known(claim):
                continue
            elif self._brief:
                more += 1
            else:
                found += self._claim(claim)
        return found + ([[span("  held      ", STYLES["held"]), span(f"{more} more", "dim")]] if more else [])

    def _cause(self, cause: Cause) -> list[Line]:
        found = self._claim(cause.claims[0])
        for other in cause.claims[1:]:
            style = STYLES[other["verdict"]]
            found.append(
                [span(f"  {other['verdict']:<9} ", style), span(other["id"]), span(", by the same step", "dim")]
            )
        if cause.step is not None:
            command = again(self._document, cause.scenario)
            found += [[span(_INDENT), *line] for line in step_lines(cause.step, command)]
        return found

    def _claim(self, claim: ClaimDocument) -> list[Line]:
        held = claim["verdict"] == "held"
        style = "" if self._mark and held else STYLES[claim["verdict"]]
        known = f" ({note})" if (note := known_defect(claim)) else ""
        name = [span(claim["id"]), span(_repeats(claim), "dim" if held else "yellow")]
        name += [span(known, "yellow"), span(self._mark, STYLES["error"])]
        found: list[Line] = [[span(f"  {claim['verdict']:<9} ", style), *name]]
        if not held:
            found.append([span(f'{_INDENT}"{claim["says"]}"', "dim")])
        found.append([span(f"{_INDENT}{claim['reason']}", "dim" if held else "")])
        control = claim["control"]
        if held and control is not None and control["verdict"] == "not run":
            found.append([span(f"{_INDENT}its control was not run: {control['reason']}", "yellow")])
        if not held and claim["evidence"]:
            found.append([span(f"{_INDENT}{evidence_text(claim['evidence'], EVENTS_LISTED)} of history.ndjson", "dim")])
        return found

    def _stopped(self) -> list[Line]:
        """Return where the scenario stopped early, unless a claim says so."""
        reason, step = self._scenario["stopped"], self._ending
        if not reason or is_reported(step, [*self._causes.values()]):
            return []
        found: list[Line] = [[span("  stopped   ", "yellow"), span(reason)]]
        if step is not None:
            command = again(self._document, self._scenario)
            found += [[span(_INDENT), *line] for line in step_lines(step, command)]
        return found


def _known(document: RunDocument) -> list[Line]:
    """Return the known defects, which are as expected and count for nothing."""
    known = known_defects(document)
    if not known:
        return []
    found: list[Line] = [[span(f"{counted(KNOWN, len(known))}, as expected:", "bold")]]
    for scenario, claim in known:
        found += [[span(f"  {scenario['name']}/{claim['id']}")], [span(f'    "{claim["says"]}"', "dim")]]
    return [*found, []]


def _repeats(claim: ClaimDocument) -> str:
    """Return in how many plays a claim held, if the scenario was played more than once."""
    held_of = claim["held_of"]
    return f"  held {held_of['k']} of {held_of['n']}" if held_of["n"] > 1 else ""


def _matrix(filled: Table) -> list[Line]:
    if not filled.rows:
        return []
    widths = {column: max(map(len, _column(filled, column))) for column in filled.columns}
    width = max(map(len, filled.rows))
    found: list[Line] = [[span(" " * width)]]
    found[0] += [span(f"  {column:<{widths[column]}}", "bold") for column in filled.columns]
    for row in filled.rows:
        line: Line = [span(f"{row:<{width}}")]
        for column in filled.columns:
            cell = filled.cell(row, column)
            line.append(span(f"  {_describe(cell):<{widths[column]}}", _style(cell)))
        found.append(line)
    if any(cell["as_documented"] is False for cell in filled.cells.values()):
        found.append([span("! is not what the documentation says", "bold red")])
    return [*found, []]


def _column(filled: Table, column: str) -> list[str]:
    return [column, *(_describe(filled.cell(row, column)) for row in filled.rows)]


def _describe(cell: CellDocument | None) -> str:
    if cell is None:
        return "not tested"
    return f"{cell_text(cell)} !" if cell["as_documented"] is False else cell_text(cell)


def _style(cell: CellDocument | None) -> str:
    if cell is None:
        return "dim"
    if cell["as_documented"] is False:
        return "bold red"
    return "green" if is_whole(cell) else "yellow"


def _figures(figures: dict[str, Figure]) -> list[Line]:
    found: list[Line] = []
    idle = figures.get("asleep_after_ms")
    if idle is not None:
        message = f"idle sleep began {idle['median'] / 1000:.3f} s after the last event"
        if idle["n"] > 1:
            message += f" (median of {idle['n']}, {idle['min'] / 1000:.3f} to {idle['max'] / 1000:.3f} s)"
        found.append([span(message)])
    named = (("wake_ms", "a wake"), ("warm_ms", "a warm reply"), ("round_trip_ms", "a round trip"))
    for name, what in named:
        spread = figures.get(name)
        if spread is not None:
            ranks = f"{spread['median']:.2f} ms at p50, {spread['p90']:.2f} at p90, {spread['p99']:.2f} at p99"
            found.append([span(f"{what} took {ranks}")])
    return [*found, []] if found else []
