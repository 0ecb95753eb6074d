"""A session with sleeps in its gaps, in every report."""

from typing import Any

from poc_cli.report.html.scenarios import session_of
from poc_cli.report.junit import junit
from poc_cli.report.markdown import markdown
from poc_cli.report.session_view import LONGEST_VALUE, session_lines, value_text
from poc_cli.report.styled import plain

LOSS: Any = {
    "gaps": [1],
    "objects": [],
    "where": "between line 8 (ann sends count) and line 9",
    "says": "ann's count is 1 instead of 2 (in 5 of 5 plays with this sleep and in none without a sleep)",
    "client": "ann",
    "kind": "value",
    "path": "count",
    "expected": 2,
    "seen": 1,
    "seen_in": 5,
    "of": 5,
    "confirmed": True,
    "looks_like": "a counter in memory, back at its start",
    "read": "https://developers.cloudflare.com/durable-objects/reference/in-memory-state/",
    "evidence": [4, 9],
}


def gap(number: int, state: str, *pins: str, before_alarm: bool = False) -> Any:
    lines = {"gap": number, "after_line": 7 + number, "before_line": 8 + number}
    return {**lines, "state": state, "alone": True, "pins": list(pins), "before_alarm": before_alarm}


SESSION: Any = {
    "undisturbed": 5,
    "disturbed": 12,
    "unusable": 0,
    "masked_share": 0.25,
    "left_out": [{"line": 12, "verb": "hibernate", "reason": "it is a sleep of the story's own"}],
    "gaps": [gap(0, "kept"), gap(1, "changed"), gap(2, "pinned", "setInterval (src/room.ts:9)"), gap(3, "absent")],
    "losses": [LOSS],
}

CLAIM: Any = {
    "id": "transparent-to-sleep",
    "says": "Clients see the same, whenever the objects sleep.",
    "source": None,
    "check": "sleep-transparent",
    "verdict": "refuted",
    "reason": "evicted between line 8 and line 9: ann's count is 1 instead of 2",
    "evidence": [],
    "rechecked": True,
    "known": None,
    "held_of": {"k": 0, "n": 1},
    "control": None,
    "matrix": None,
}

DOCUMENT: Any = {
    "started": "2026-11-30T10:00:00+00:00",
    "seconds": 3.0,
    "verdict": "refuted",
    "exit_code": 1,
    "error": None,
    "named": True,
    "target": {"kind": "local", "versions": {"workerd": "1"}},
    "sleep_onset": None,
    "scenarios": [
        {
            "name": "session",
            "title": "A session.",
            "file": "session.toml",
            "verdict": "refuted",
            "left_out": None,
            "seconds": 1.0,
            "claims": [CLAIM],
            "left_out_claims": [],
            "sleeps": [],
            "stopped": None,
            "error": None,
            "replayed": [],
            "session": SESSION,
        }
    ],
    "repeats": None,
    "matrix": [],
    "figures": {},
    "counts": {"held": 0, "refuted": 1, "unknown": 0, "error": 0},
    "leaks": None,
}


def text(session: Any) -> list[str]:
    return [plain(line) for line in session_lines(session)]


def test_the_strip_has_a_mark_for_each_gap_and_says_what_the_marks_mean() -> None:
    strip, legend, *_ = text(SESSION)
    assert strip == "  lines 7-11  ·xp-"
    assert "x slept, and clients saw something else" in legend
    assert "? " not in legend


def test_many_gaps_take_several_rows() -> None:
    rows = text(SESSION | {"gaps": [gap(number, "kept") for number in range(130)], "losses": []})
    assert [row.count("·") for row in rows[:3]] == [60, 60, 10]


def test_a_loss_shows_both_values_and_how_to_ignore_it() -> None:
    said = "\n".join(text(SESSION))
    assert "evicted between line 8 (ann sends count) and line 9" in said
    assert "- 2\n" in said
    assert "+ 1\n" in said
    assert "--ignore count" in said


def test_what_is_known_of_the_comparison_is_told() -> None:
    said = "\n".join(text(SESSION))
    assert "25% of the values differ without a sleep too" in said
    assert "not played: the steps at lines 12" in said
    assert "pinned by setInterval (src/room.ts:9)" in said


def test_a_session_without_gaps_says_nothing_of_them() -> None:
    assert text(SESSION | {"gaps": [], "losses": [], "left_out": [], "masked_share": None}) == []


def test_markdown_has_the_gaps_by_state_and_the_values() -> None:
    said = markdown(DOCUMENT)
    assert "- 1 slept, and clients saw something else" in said
    assert "| expected | 2 |" in said
    assert "| seen | 1 |" in said


def test_junit_has_a_test_case_for_each_gap() -> None:
    said = junit(DOCUMENT)
    assert 'name="sleep between lines 8 and 9"' in said
    assert "instead of 2 (in 5 of 5 plays" in said
    assert said.count("<skipped") == 2


def test_the_page_has_a_cell_for_each_gap() -> None:
    found = session_of(SESSION)
    assert found is not None
    assert [each.state for each in found.gaps] == ["kept", "changed", "pinned", "absent"]
    assert found.losses[0].expected == "2"
    assert session_of(None) is None


def test_a_long_value_is_cut() -> None:
    assert len(value_text("x" * 1000)) == LONGEST_VALUE
