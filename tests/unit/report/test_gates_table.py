"""The table of a check, on a terminal and as Markdown."""

import pytest
from markdown_it import MarkdownIt

from poc_cli.judge.gates import Outcome, check_gates
from poc_cli.judge.requirements import Gates, Row
from poc_cli.report.gate_table import lines, table
from poc_cli.report.styled import plain
from tests.unit.judge.histories import History, scenario
from tests.unit.report.hostile import TEXTS

ROWS = (
    Row("s/a is held", "held", "met"),
    Row("s/b is held", "refuted: " + "because " * 20, "not met"),
    Row("wake_p99 is at most 50ms", "not measured", "undecided"),
)


def test_what_is_met_comes_first_and_nothing_is_cut() -> None:
    told = [plain(line) for line in lines(Outcome(ROWS))]
    assert told == [
        "met        s/a is held",
        "           held",
        "",
        "not met    s/b is held",
        "           refuted: " + ("because " * 20).strip(),
        "",
        "undecided  wake_p99 is at most 50ms",
        "           not measured",
        "",
        "not feasible: a gate is not met (1 of 3 gates met)",
    ]


def test_gates_that_one_step_failed_are_told_under_the_first() -> None:
    says = '{ on = "ann", send = "a", expect = "b", claim = "%s" }'
    history = History()
    more = '[[claim]]\nid = "other"\nsays = "Another."'
    tale = history.play(scenario("", ['{ connect = "*" }', says % "it", says % "other"], more=more))
    tale.connect()
    tale._begin_exchange()
    tale.closed("ann", code=1012)
    tale.fails("closed", "ann was closed while it waited for an answer")
    tale.begins("on")
    tale.fails("closed", "ann could not send: received 1012")
    tale.done()
    judged = history.judged()
    outcome = check_gates(Gates(), judged, {"story": ("it", "other")})
    told = [plain(line) for line in lines(outcome, judged, history.events)]
    assert sum(line.endswith("by the same step") for line in told) == 1
    assert sum("rerun: " in line for line in told) == 1
    assert told[-1].endswith("(0 of 2 gates met)")


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("met", "feasible: every gate is met (1 gate)"),
        ("undecided", "inconclusive: a gate is undecided (0 of 1 gate met)"),
        ("error", "the harness or the target failed (0 of 1 gate met)"),
    ],
)
def test_the_answer(verdict: str, said: str) -> None:
    assert plain(lines(Outcome((Row("r", "f", verdict),)))[-1]) == said  # type: ignore[arg-type]


@pytest.mark.parametrize("hostile", TEXTS)
def test_hostile_text_stays_in_its_cell(hostile: str) -> None:
    outcome = Outcome((Row(hostile, hostile, "not met"), Row(hostile, hostile, "met")))
    assert all("\n" not in plain(line) and "\x1b" not in plain(line) for line in lines(outcome))
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(table(outcome))
    assert (html.count("<tr>"), html.count("<td>")) == (3, 6)
    assert "<script" not in html
    assert "<a " not in html
