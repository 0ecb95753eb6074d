"""Excerpts of the transcript: what is quoted of which play, and the line of the scenario that is named."""

from poc_cli.report.excerpt import GAP, LONGEST, Excerpts
from tests.unit.judge.histories import History, claims, scenario
from tests.unit.judge.performing import hibernate_run

TEXT = scenario(
    "",
    ['{ connect = "*" }', '{ on = "ann", send = "a", expect = "b", claim = "it" }'],
)


def told(history: History, reply: object, *, round_: int = 1) -> None:
    tale = history.play(TEXT, label="story" if round_ == 1 else f"story#{round_}")
    history.events[-1].data["round"] = round_
    tale.connect()
    tale.gets_wrong(reply) if reply != "b" else tale.says(reply)
    tale.ended("done")


def test_the_evidence_is_quoted_with_what_led_to_it() -> None:
    history = History()
    told(history, "wrong")
    judged = claims(history.end().judged())["it"]
    quoted = Excerpts(history.events).around(judged["evidence"])
    assert quoted[-3].endswith("ann < wrong")
    assert "failed (mismatch): got 1 message, not as expected" in quoted[-2]
    assert len(quoted) <= LONGEST


def test_of_several_performances_the_first_that_shows_it_is_quoted() -> None:
    history = History()
    history.events[0].data["repeat"] = 3
    told(history, "b")
    told(history, "third", round_=3)
    told(history, "second", round_=2)
    judged = claims(history.end().judged())["it"]
    assert judged["held_of"] == {"k": 1, "n": 3}
    assert judged["reason"].startswith("in round 2 of 3: ")
    quoted = "\n".join(Excerpts(history.events).around(judged["evidence"]))
    assert "second" in quoted
    assert "third" not in quoted


def test_without_a_history_or_evidence_nothing_is_quoted() -> None:
    assert Excerpts().around([1, 2]) == []
    assert Excerpts(hibernate_run().events).around([]) == []
    assert Excerpts([None]).line("s", "c", [1]) is None


def test_a_long_excerpt_keeps_its_end() -> None:
    history = hibernate_run()
    quoted = Excerpts(history.events).around(range(len(history.events)))
    assert len(quoted) == LONGEST
    assert quoted[0] == GAP
    assert quoted[-1].strip().endswith("done")


def test_no_line_is_a_command_of_a_log() -> None:
    history = History()
    told(history, "##[error]x\n::error::y")
    quoted = Excerpts(history.events).around(range(len(history.events)))
    assert not any("##[" in line or line.lstrip().startswith("::") or "\n" in line for line in quoted)


def test_the_line_is_that_of_the_claim_where_no_step_failed() -> None:
    history = History()
    told(history, "b")
    number = TEXT.split("\n").index('id = "it"') + 1
    assert Excerpts(history.events).line("story", "it", [3]) == number
    assert Excerpts(history.events).line("story", "other", [3]) is None
