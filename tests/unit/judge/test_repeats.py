"""A story that is played several times: held is what held every time, and the worst performance counts."""

import pytest

from poc_cli.report.markdown import markdown
from poc_cli.report.styled import plain
from poc_cli.report.text import lines
from poc_cli.scenario.loader import parse
from poc_cli.scenario.plays import plays_of
from tests.unit.judge.histories import FILE, History, claims, scenario

STEPS = [
    '{ connect = "*" }',
    '{ on = "ann", send = "who", expect = "ann" }',
    '{ hibernate = "evict" }',
    '{ on = "ann", send = "who", expect = "ann", claim = "it" }',
]
SURVIVES = scenario("", STEPS, claim='matrix = { row = "SQLite rows", expects = "survives" }')
_STANDARD = 'control = { clients = { ann = "/room/{play}?name=ann&api=standard" }, expect = "refuted" }'
CONTROLLED = scenario("", STEPS, claim=_STANDARD)


def played(*outcomes: str, repeat: int | None = None, text: str = SURVIVES) -> History:
    """Return a run whose performances came out so: held, refuted, stopped, error, or given up and played again."""
    history = History()
    history.events[0].data["repeat"] = len(outcomes) if repeat is None else repeat
    for number, outcome in enumerate(outcomes, start=1):
        if outcome == "again":
            _perform(history, text, number, "given_up")
            _perform(history, text, number, "held", attempt=2)
        else:
            _perform(history, text, number, outcome)
    return history.end()


def _perform(history: History, text: str, number: int, outcome: str, attempt: int = 1) -> None:
    again = "" if attempt == 1 else f"@{attempt}"
    tale = history.play(text, label=("story" if number == 1 else f"story#{number}") + again)
    history.events[-1].data.update(round=number, attempt=attempt)
    tale.connect()
    if outcome in {"error", "given_up"}:
        tale.ended(outcome, "it hung")
        return
    if outcome == "stopped":
        tale.gets_nothing()
        tale.ended("stopped", "on failed")
        return
    tale.says("ann")
    tale.sleeps("evict", 0.1)
    tale.says("ann") if outcome == "held" else tale.gets_wrong("bob")
    tale.ended("done")


@pytest.mark.parametrize(
    ("outcomes", "verdict", "k"),
    [
        (["held"] * 5, "held", 5),
        (["held", "held", "refuted", "held", "refuted"], "refuted", 3),
        (["held", "stopped"], "unknown", 1),
        (["refuted", "stopped"], "refuted", 0),
        (["held", "error"], "error", 1),
        (["held", "again"], "held", 2),
    ],
)
def test_held_is_what_held_every_time(outcomes: list[str], verdict: str, k: int) -> None:
    found = claims(played(*outcomes).judged())["it"]
    assert (found["verdict"], found["held_of"]) == (verdict, {"k": k, "n": len(outcomes)})


def test_it_is_one_scenario_with_one_claim_however_often_it_is_played() -> None:
    judged = played("held", "refuted", "held").judged()
    assert [each["name"] for each in judged["scenarios"]] == ["story"]
    assert judged["counts"] == {"held": 0, "refuted": 1, "unknown": 0, "error": 0, "left_out": 0, "claims_left_out": 0}
    assert judged["exit_code"] == 1
    assert len(judged["scenarios"][0]["sleeps"]) == 3


def test_the_reason_names_the_first_performance_that_shows_it() -> None:
    found = claims(played("held", "refuted", "refuted").judged())["it"]
    assert found["reason"].startswith("in round 2 of 3: the on step at line ")


def test_a_performance_that_is_missing_is_none_that_held() -> None:
    found = claims(played("held", "held", repeat=3).judged())["it"]
    assert (found["verdict"], found["reason"]) == ("unknown", "only 2 of 3 rounds are in the record")
    assert found["held_of"] == {"k": 2, "n": 3}


def test_stopped_and_broken_performances_are_counted() -> None:
    judged = played("held", "stopped", "stopped").judged()
    assert judged["scenarios"][0]["stopped"] == "2 of 3 rounds, the first: on failed"
    judged = played("held", "error").judged()
    assert judged["scenarios"][0]["error"] == "1 of 2 rounds, the first: it hung"
    assert judged["exit_code"] == 3


def test_what_survived_only_sometimes_does_not_fill_the_matrix_with_survived() -> None:
    def cell(history: History) -> list[str]:
        return [cell["value"] for cell in history.judged()["matrix"] if cell["value"] != "not tested"]

    assert cell(played("held", "held")) == ["survived"]
    assert cell(played("held", "refuted")) == ["lost"]
    assert cell(played("held", "stopped")) == ["unknown"]


def test_a_performance_whose_text_was_edited_is_none_of_the_others() -> None:
    history = played("held", "held")
    start = next(event for event in history.events if event.play == "story#2")
    start.data["text"] = start.data["text"].replace('expect = "ann"', 'expect = "bob"')
    assert claims(history.judged())["it"]["verdict"] == "error"


def test_the_reports_say_how_often_it_held() -> None:
    judged = played("held", "refuted", "held").judged()
    told = [plain(line) for line in lines(judged, "run")]
    assert "  refuted   it  held 2 of 3" in told
    assert "- **story/it** (held 2 of 3): It is so." in markdown(judged)
    once = [plain(line) for line in lines(played("held").judged(), "run")]
    assert "  held      it" in once


def test_an_older_record_has_one_performance_of_each() -> None:
    history = played("held")
    del history.events[0].data["repeat"], history.events[1].data["round"]
    assert claims(history.judged())["it"]["held_of"] == {"k": 1, "n": 1}


def test_controls_are_played_once() -> None:
    plays = plays_of(parse(CONTROLLED, FILE), 3)
    assert [(play.label, play.role, play.round) for play in plays] == [
        ("story", "story", 1),
        ("story#2", "story", 2),
        ("story#3", "story", 3),
        ("story~it", "control", 1),
    ]


def test_a_control_that_does_not_fail_makes_every_performance_unknown() -> None:
    history = History()
    history.events[0].data["repeat"] = 2
    for number in (1, 2):
        _perform(history, CONTROLLED, number, "held")
    control = history.play(CONTROLLED, 1)
    control.connect()
    control.says("ann")
    control.sleeps("evict", 0.1)
    control.says("ann")
    control.ended("done")
    found = claims(history.end().judged())["it"]
    assert (found["verdict"], found["held_of"]) == ("unknown", {"k": 0, "n": 2})


def test_a_claim_without_a_control_does_not_hold_in_a_record_that_breaks_off() -> None:
    history = played(*["held"] * 3)
    history.events.pop()
    judged = history.judged()
    found = claims(judged)["it"]
    assert (found["verdict"], found["held_of"]) == ("unknown", {"k": 0, "n": 3})
    assert found["reason"] == "it held in each of 3 rounds as far as recorded, but the record breaks off"
    assert not [line for line in map(plain, lines(judged, "run")) if line.startswith("  held")]
    assert [cell["value"] for cell in judged["matrix"] if cell["claims"]] == []


def test_no_record_that_is_cut_anywhere_holds_a_claim() -> None:
    history = History()
    history.events[0].data["repeat"] = 2
    for number in (1, 2):
        _perform(history, CONTROLLED, number, "held")
    control = history.play(CONTROLLED, 1)
    control.connect()
    control.says("ann")
    control.sleeps("evict", 0.1)
    control.gets_wrong("bob")
    control.ended("done")
    assert claims(history.end().judged())["it"]["verdict"] == "held"
    whole = [*history.events]
    for end in range(1, len(whole)):
        history.events[:] = whole[:end]
        assert "held" not in {each["verdict"] for each in claims(history.judged()).values()}, end
