"""The document of a run: exit codes and their precedence, counts, sleeps and figures."""

from typing import Any

import pytest

from poc_cli.commands.run_folder import exit_code
from poc_cli.exit_codes import ExitCode
from poc_cli.history import event as kinds
from tests.unit.judge.histories import History, scenario, tale

CONNECT = '{ connect = ["ann"] }'


def text(name: str, claim: str = "") -> str:
    steps = [CONNECT, '{ on = "ann", send = "a", expect = "b", claim = "it" }']
    return scenario("", steps, claim=claim).replace('name = "story"', f'name = "{name}"', 1)


def play(history: History, verdict: str, claim: str = "") -> None:
    """Play a story of one claim that comes out so; its name is the verdict."""
    told = history.play(text(verdict, claim))
    told.connect()
    match verdict:
        case "held":
            told.says("b")
            told.ended("done")
        case "refuted":
            told.gets_wrong("c")
            told.ended("done")
        case "unknown":
            told.ended("stopped", "connect failed")
        case _:
            told.ended("error", "the side-car did not answer within 2 s")


def ran(*verdicts: str, named: bool = True) -> Any:
    history = History(named=named)
    for verdict in verdicts:
        if verdict == "left out":
            history.left_out("left-out", "its subject is the runtime's own timer")
        else:
            play(history, verdict)
    return history.end().judged()


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (["held"], ExitCode.HELD),
        (["held", "refuted"], ExitCode.REFUTED),
        (["held", "unknown"], ExitCode.INCONCLUSIVE),
        (["held", "left out"], ExitCode.INCONCLUSIVE),
        (["left out"], ExitCode.INCONCLUSIVE),
        ([], ExitCode.INCONCLUSIVE),
        (["refuted", "unknown", "left out"], ExitCode.REFUTED),
        (["error", "refuted", "unknown", "held", "left out"], ExitCode.FAILED),
        (["error", "held"], ExitCode.FAILED),
    ],
)
def test_failed_goes_before_refuted_before_inconclusive_before_held(verdicts: list[str], code: ExitCode) -> None:
    judged = ran(*verdicts)
    assert judged["exit_code"] == code
    assert judged["verdict"] == {0: "held", 1: "refuted", 3: "error", 4: "unknown"}[code]


def test_left_out_without_having_been_named_is_no_doubt() -> None:
    assert ran("held", "left out", named=False)["exit_code"] == ExitCode.HELD


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (["held", "unknown"], ExitCode.HELD),
        (["refuted", "unknown"], ExitCode.REFUTED),
        (["error", "unknown"], ExitCode.FAILED),
        (["held", "left out"], ExitCode.INCONCLUSIVE),
        ([], ExitCode.INCONCLUSIVE),
    ],
)
def test_allow_unknown_forgives_unknown_claims_and_nothing_else(verdicts: list[str], code: ExitCode) -> None:
    assert exit_code(ran(*verdicts), allow_unknown=True) == code


@pytest.mark.parametrize(
    ("verdict", "code"),
    [("refuted", ExitCode.HELD), ("held", ExitCode.REFUTED), ("unknown", ExitCode.INCONCLUSIVE), ("error", 3)],
)
def test_a_known_defect_passes_while_it_is_refuted(verdict: str, code: int) -> None:
    history = History()
    play(history, verdict, 'known = { local = "refuted" }')
    assert history.end().judged()["exit_code"] == code


def test_a_defect_known_elsewhere_is_not_known_here() -> None:
    history = History()
    play(history, "refuted", 'known = { cloudflare = "refuted" }')
    assert history.end().judged()["exit_code"] == ExitCode.REFUTED
    elsewhere = History(target="cloudflare")
    play(elsewhere, "refuted", 'known = { cloudflare = "refuted" }')
    assert elsewhere.end().judged()["exit_code"] == ExitCode.HELD


def test_the_counts_count_every_claim_and_every_play_that_broke() -> None:
    judged = ran("error", "refuted", "unknown", "held", "left out")
    assert judged["counts"] == {"held": 1, "refuted": 1, "unknown": 1, "error": 1, "left_out": 1, "claims_left_out": 0}


def test_a_play_that_hung_is_an_error_with_its_reason() -> None:
    (story,) = ran("error")["scenarios"]
    assert story["verdict"] == "error"
    assert story["error"] == "the side-car did not answer within 2 s"
    assert story["claims"][0]["verdict"] == "error"
    assert story["claims"][0]["held_of"] == {"k": 0, "n": 1}
    assert ran("held")["scenarios"][0]["claims"][0]["held_of"] == {"k": 1, "n": 1}


def test_a_story_that_ended_early_says_where() -> None:
    (story,) = ran("unknown")["scenarios"]
    assert story["stopped"] == "connect failed"
    assert story["error"] is None


def test_a_story_that_stopped_passes_nothing_though_its_claims_held() -> None:
    told = tale(scenario("sleeps", [CONNECT, '{ hibernate = "idle" }', '{ close = "ann" }']))
    told.connect()
    told.sleeps()
    judged = told.stops("close failed").judged()
    (story,) = judged["scenarios"]
    assert story["claims"][0]["verdict"] == "held"
    assert (story["verdict"], judged["verdict"], judged["exit_code"]) == ("unknown", "unknown", 4)


def test_what_was_left_out_is_listed_with_its_reason_and_passes_nothing() -> None:
    story = ran("held", "left out")["scenarios"][1]
    assert story["verdict"] is None
    assert story["left_out"] == "its subject is the runtime's own timer"
    assert story["claims"] == []


def test_the_head_says_what_ran_where() -> None:
    judged = ran("held")
    assert judged["schema"] == "poc.run/1"
    assert judged["run"] == "20261122T160000Z-story"
    assert judged["target"]["kind"] == "local"
    assert judged["seconds"] > 0
    assert judged["error"] is None


def test_sleeps_and_figures_are_of_the_runtimes_clock() -> None:
    steps = [
        CONNECT,
        '{ hibernate = "idle" }',
        '{ resume = "ann", send = "a", expect = "b" }',
        '{ hibernate = "idle" }',
        '{ on = "ann", send = "a", expect = "b" }',
        '{ hibernate = "evict" }',
    ]
    told = tale(scenario("sleeps", steps))
    told.connect()
    told.sleeps(idle=10.0)
    told.says("b", wake_ms=7.5)
    told.sleeps(idle=10.5)
    told.says("b")
    told.sleeps("evict", 0.25)
    judged = told.done().judged()
    sleeps = judged["scenarios"][0]["sleeps"]
    assert [sleep["way"] for sleep in sleeps] == ["idle", "idle", "evict"]
    assert [sleep["asleep_ms"] for sleep in sleeps] == [10000, 10500, 250]
    assert [sleep["wake_ms"] for sleep in sleeps] == [7.5, None, None]
    assert [sleep["woke_ms"] for sleep in sleeps] == [1000, 1000, None]
    assert [len(sleep["proof"]) for sleep in sleeps] == [3, 3, 2]
    spread = {"n": 2, "min": 10000, "median": 10250, "p90": 10500, "p99": 10500, "max": 10500}
    assert judged["figures"] == {"asleep_after_ms": spread | {"samples": {"story": [10000, 10500]}}}


def test_judging_twice_gives_equal_documents() -> None:
    history = History()
    for verdict in ("held", "refuted", "unknown", "error"):
        play(history, verdict)
    history.end()
    assert history.judged() == history.judged()


@pytest.mark.parametrize("sleeps", [True, False])
def test_an_object_that_a_step_did_not_evict_is_told_unless_the_step_failed(*, sleeps: bool) -> None:
    steps = [CONNECT, '{ on = "ann", send = "a", expect = "b", claim = "it" }', '{ hibernate = "evict" }']
    told = tale(scenario("", steps))
    told.connect()
    told.says("b")
    told.begins("hibernate")
    told.add("object:object", kinds.REFUSED, step=2, pins=[], alarm_in_ms=3800)
    if sleeps:
        told.leaves("idle", 10.0)
        told.ends()
    else:
        told.fails("no_sleep", "object was still in memory")
    (story,) = told.ended("done" if sleeps else "stopped").judged()["scenarios"]
    words = "object at line 8: its alarm is due in 3.8 s, before it would sleep"
    assert story.get("not_evicted") == ([words] if sleeps else None)
