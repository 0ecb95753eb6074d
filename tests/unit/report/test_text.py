"""The report for the terminal: its words, its widths, and nothing in it that moves a cursor."""

import unicodedata
from typing import Any

import pytest

from poc_cli.inert import inert
from poc_cli.report.styled import plain, span
from poc_cli.report.text import lines, verdict_line
from tests.unit.judge.performing import hibernate_run
from tests.unit.report.hostile import TEXTS, cell, claim, document, everywhere, matrix, scenario


def told(judged: Any) -> list[str]:
    return [plain(line) for line in lines(judged, "results/a-run")]


def test_a_refuted_claim_says_what_it_claims_why_it_fails_and_where_that_is_seen() -> None:
    found = told(hibernate_run(wrong={"storage-survives-sleep"}).judged())
    at = found.index("  refuted   storage-survives-sleep")
    assert found[at + 1] == '            "A row that was written before the sleep can be read after it."'
    assert found[at + 2].startswith("            object left memory 10.001 s after its last event; after it, got 1")
    assert found[at + 3].startswith("            events 6, 17, ")
    assert found[at + 3].endswith(" of history.ndjson")


def test_a_held_claim_takes_two_lines() -> None:
    found = told(hibernate_run().judged())
    at = found.index("  held      idle-room-sleeps")
    assert found[at + 1] == "            object left memory 10.001 s after its last event with 2 sockets open"
    assert found[at + 2].startswith("  held      ")


PLAIN = {"stopped": None, "error": None, "verdict": "held"}


def test_of_many_scenarios_those_that_held_get_a_line_each() -> None:
    many = [scenario(f"s{number}", claim("c", "held"), **PLAIN) for number in range(13)]
    broken = scenario("broken", claim("good", "held"), claim("bad"), **PLAIN | {"verdict": "refuted"})
    out = scenario("out", **PLAIN | {"left_out": "its subject is another", "verdict": None})
    found = told(document(*many, broken, out))
    assert "held      s3, 1 claim" in found
    assert "left out  out: its subject is another" in found
    assert "  refuted   bad" in found
    assert "  held      1 more" in found
    assert not any("good" in line for line in found)


def test_of_few_scenarios_every_claim_is_told() -> None:
    found = told(document(*[scenario(f"s{number}", claim("c", "held"), **PLAIN) for number in range(12)]))
    assert found.count("  held      c") == 12


def test_the_answer_and_the_place_of_the_evidence_come_last() -> None:
    found = told(hibernate_run().judged())
    assert found[-2:] == [
        "feasible: every claim held (7 held) on local (workerd 1.2) in 0.2 s",
        "evidence: results/a-run",
    ]


@pytest.mark.parametrize(
    ("verdict", "counts", "answer"),
    [
        ("held", {"held": 2}, "feasible: every claim held (2 held)"),
        ("refuted", {"held": 1, "refuted": 1}, "not feasible: a claim was refuted (1 held, 1 refuted)"),
        ("unknown", {"left_out": 1}, "inconclusive (0 held, 1 left out)"),
        ("error", {"error": 3}, "the harness or the target failed (0 held, 3 error)"),
        (
            "held",
            {"held": 1, "refuted": 1},
            "feasible: no claim was refuted except for known defects (1 held, 1 refuted)",
        ),
        ("refuted", {"held": 2}, "a known defect was not found (2 held)"),
    ],
)
def test_the_answer_in_one_line(verdict: str, counts: dict[str, int], answer: str) -> None:
    every = dict.fromkeys(("held", "refuted", "unknown", "error", "left_out"), 0) | counts
    line = verdict_line(document(verdict=verdict, counts=every))
    assert plain(line) == f"{answer} on local (workerd 1.2) in 12.3 s"


def test_a_run_that_broke_off_has_no_length_and_says_why_at_its_top_and_its_bottom() -> None:
    broken = document(verdict="error", seconds=None, error="the record breaks off", target={})
    complaint = "the record of this run is incomplete: the record breaks off"
    answer = "the record of this run is incomplete, so it proves nothing"
    judged = "(judged as far as recorded: 1 held, 1 refuted)"
    assert told(broken) == [complaint, "", complaint, f"{answer} {judged} on no target", "evidence: results/a-run"]


def test_nothing_in_a_record_that_is_not_whole_reads_as_a_pass() -> None:
    filled = matrix(cell("connections", "idle sleep", "survived", [], as_documented=True))
    story = scenario("s", claim("c", "held"), claim("d"), error=None, stopped=None)
    broken = document(story, verdict="error", error="the record breaks off", matrix=filled)
    found = told(broken)
    assert found[2] == "s  s  (incomplete record)"
    assert "  held      c  (incomplete record)" in found
    assert "  refuted   d  (incomplete record)" in found
    assert found[found.index("             idle sleep") - 1] == "(incomplete record)"
    assert not any("feasible" in line for line in found)
    green = {text for line in lines(broken, "results/a-run") for text, style in line if style == "green"}
    assert not any("held" in text for text in green)


def test_what_was_played_again_is_told_with_the_reason() -> None:
    replayed = [{"play": "s", "reason": "it hung"}, {"play": "s~c", "reason": "it died"}]
    found = told(document(scenario("s", claim("c", "held"), error=None, stopped=None, replayed=replayed)))
    assert found[:4] == ["s  s", "  repeated: it hung", "  repeated (s~c): it died", "  held      c"]


LATE = {"play": "s", "reason": "it began 0.4 s late"}
REPEATS = [
    ({"performances": 257, "repeated": 0, "late": 0, "first": None}, None),
    ({"performances": 1, "repeated": 1, "late": 0, "first": None}, "1 of 1 play, not because of lateness"),
    (
        {"performances": 1257, "repeated": 3, "late": 2, "first": LATE},
        "3 of 1,257 plays, 2 of them because this machine was too slow (first s: it began 0.4 s late)",
    ),
    (
        {"performances": 2, "repeated": 2, "late": 2, "first": LATE},
        "2 of 2 plays, because this machine was too slow (first s: it began 0.4 s late)",
    ),
    (None, None),
]


@pytest.mark.parametrize(("repeats", "said"), REPEATS)
def test_how_many_performances_were_repeated_is_told_in_a_line(repeats: Any | None, said: str | None) -> None:
    found = told(document(scenario("s", error=None, stopped=None), repeats=repeats))
    assert [line for line in found if line.startswith("repeated")] == ([f"repeated: {said}"] if said else [])
    assert found[-3 if said else -2].startswith("repeated") == bool(said)


def test_the_matrix_shows_what_was_tested_and_marks_what_surprises() -> None:
    filled = matrix(
        cell("connections", "idle sleep", "survived", [], as_documented=True),
        cell("in-memory fields", "idle sleep", "reset", [], as_documented=True),
        cell("connections", "forced eviction", "lost", [], as_documented=False),
    )
    assert told(document(matrix=filled))[:4] == [
        "                  idle sleep  forced eviction",
        "connections       survived    lost !",
        "in-memory fields  reset       not tested",
        "! is not what the documentation says",
    ]


def test_a_full_matrix_of_four_columns_fits_into_eighty() -> None:
    columns = ("idle sleep", "forced eviction", "crash", "redeploy")
    filled = matrix(*(cell("in-memory fields", each, "survived", [], as_documented=False) for each in columns))
    assert max(len(line) for line in told(document(matrix=filled))[:3]) <= 80


def test_frames_of_ours_fit_into_eighty_columns() -> None:
    found = told(document(scenario("name", claim("an-id", reason="r", says="s", evidence=list(range(1000, 1050))))))
    # The answer may be longer: it stands alone on its line, and -q prints nothing else.
    assert max(map(len, found[:-2])) <= 80


def test_what_was_left_out_stopped_or_broke_is_told() -> None:
    found = told(
        document(
            scenario("one", title="t", left_out="its subject is the timer", error=None, stopped=None),
            scenario("two", title="t", error="the side-car did not answer", stopped=None),
            scenario("three", title="t", error=None, stopped="on failed at story.toml:9"),
        )
    )
    assert found[:8] == [
        "one  t",
        "  left out  its subject is the timer",
        "",
        "two  t",
        "  error     the side-car did not answer",
        "",
        "three  t",
        "  stopped   on failed at story.toml:9",
    ]


def test_known_defects_and_controls_that_were_not_run_are_told() -> None:
    found = told(document(scenario("s", claim("c", known="refuted"), claim("d", "held", known="refuted"))))
    assert "  held      d (known defect is gone)" in found
    assert "            its control was not run: d" in found
    at = found.index("1 known defect, as expected:")
    assert found[at + 1 : at + 3] == ["  s/c", '    "c"']
    assert not any("refuted" in line for line in found[:at])


def test_the_figures_of_one_sleep_and_of_several() -> None:
    one = {"asleep_after_ms": {"n": 1, "min": 10001, "median": 10001, "max": 10001}}
    assert told(document(figures=one))[0] == "idle sleep began 10.001 s after the last event"
    three = {"asleep_after_ms": {"n": 3, "min": 9998, "median": 10001, "max": 10010}}
    expected = "idle sleep began 10.001 s after the last event (median of 3, 9.998 to 10.010 s)"
    assert told(document(figures=three))[0] == expected


@pytest.mark.parametrize("hostile", TEXTS)
def test_hostile_text_moves_no_cursor_and_makes_no_line(hostile: str) -> None:
    found = lines(everywhere(hostile), hostile)
    assert len(found) == len(lines(everywhere("word"), "word"))
    for line in found:
        for character in plain(line):
            assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        plain(line).encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ä 日本 😀", "plain ä 日本 😀"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b[31m\x07\x7f", "\\x1b[31m\\x07\\x7f"),
        ("\u202e\u2066\u200b\ufeff", "\\u202e\\u2066\\u200b\\ufeff"),
        ("\u2028\u2029\x85", "\\u2028\\u2029\\x85"),
        ("\ud800", "\\ud800"),
    ],
)
def test_inert(text: str, shown: str) -> None:
    assert inert(text) == shown


def test_spans() -> None:
    assert span(5, "bold") == ("5", "bold")
    assert plain([span("a "), span("b\n", "red"), span("  ")]) == "a b\\n"
    assert plain([]) == ""


def test_an_object_that_was_not_evicted_is_told() -> None:
    why = "object at line 9: its alarm is due in 3.8 s, before it would sleep"
    story = scenario("s", claim("c", "held"), title="t", error=None, stopped=None, not_evicted=[why])
    assert f"  not evicted  {why}" in told(document(story))
