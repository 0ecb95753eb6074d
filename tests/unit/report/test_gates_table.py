"""The table of a check, on a terminal and as Markdown."""

import pytest
from markdown_it import MarkdownIt

from poc_cli.judge.gates import Outcome
from poc_cli.judge.requirements import Row
from poc_cli.report.gate_table import lines, table
from poc_cli.report.styled import plain
from tests.unit.report.hostile import TEXTS

ROWS = (
    Row("s/a is held", "held", "met"),
    Row("s/b is held", "refuted: " + "because " * 20, "not met"),
    Row("wake_p99 is at most 50ms", "not measured", "undecided"),
)


def test_the_table_is_followed_by_what_had_to_be_cut() -> None:
    told = [plain(line) for line in lines(Outcome(ROWS))]
    assert told[:4] == [
        "requirement               found                                         verdict",
        "s/a is held               held                                          met",
        "s/b is held               refuted: because because because because be…  not met",
        "wake_p99 is at most 50ms  not measured                                  undecided",
    ]
    assert told[5:7] == ["not met: s/b is held", "    refuted: " + ("because " * 20).strip()]
    assert told[-1] == "not feasible: a gate is not met (1 of 3 gates met)"


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("met", "feasible: every gate is met (1 gates)"),
        ("undecided", "inconclusive: a gate is undecided (0 of 1 gates met)"),
        ("error", "the harness or the target failed (0 of 1 gates met)"),
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
