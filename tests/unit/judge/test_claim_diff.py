"""Two runs beside one another: which claims got worse, and when the comparison fails."""

from typing import Any

import pytest

from poc_cli.exit_codes import ExitCode
from poc_cli.judge.claim_diff import Kind, as_document, compare
from tests.unit.report.hostile import claim, document, scenario


def run(*scenarios: Any, **changes: Any) -> Any:
    return document(*scenarios, **changes)


def story(name: str = "s", verdict: str = "held", *claims: Any, **changes: Any) -> Any:
    """Return a scenario that was judged, with one claim `c` unless others are given."""
    told = {"verdict": verdict, "stopped": None, "error": None, "left_out": None}
    return scenario(name, *(claims or (one("c", verdict),)), **(told | changes))


def one(name: str, verdict: str, known: str | None = None) -> Any:
    return claim(name, verdict, reason=f"it is {verdict}", known=known)


def kinds(before: Any, after: Any) -> dict[str, Kind]:
    return {each.name: each.kind for each in compare(before, after).claims}


VERDICTS = ["held", "unknown", "refuted", "error"]


@pytest.mark.parametrize("before", VERDICTS)
@pytest.mark.parametrize("after", VERDICTS)
def test_each_change_of_a_verdict(before: str, after: str) -> None:
    found = compare(run(story(verdict=before)), run(story(verdict=after)))
    step = VERDICTS.index(after) - VERDICTS.index(before)
    assert found.claims[0].kind is (Kind.worse if step > 0 else Kind.better if step < 0 else Kind.same)
    assert found.exit_code is (ExitCode.REFUTED if step > 0 else ExitCode.HELD)


def test_the_worst_comes_first_then_what_is_no_longer_judged() -> None:
    before = run(
        story("s", "held", *(one(each, "held") for each in ("a", "b", "c")), one("d", "refuted")),
        story("gone"),
        story("out"),
    )
    after = run(
        story("s", "held", one("a", "held"), one("b", "unknown"), one("c", "refuted"), one("d", "held")),
        story("out", left_out="it needs a trace", claims=[]),
        story("new"),
    )
    assert [(each.name, each.kind.value) for each in compare(before, after).claims] == [
        ("s/c", "got worse"),
        ("s/b", "got worse"),
        ("out/c", "left out now"),
        ("gone/c", "gone"),
        ("s/d", "got better"),
        ("new/c", "appeared"),
        ("s/a", "the same"),
    ]


def test_fewer_claims_are_told_but_are_not_worse() -> None:
    found = compare(run(story("s"), story("t")), run(story("s"), story("t", left_out="not here", claims=[])))
    assert found.exit_code is ExitCode.HELD
    assert [each.after.reason for each in found.of(Kind.left_out)] == ["not here"]


def test_a_scenario_that_is_played_again_appears() -> None:
    assert kinds(run(story(left_out="x", claims=[])), run(story())) == {"s/c": Kind.appeared}


def test_a_claim_is_worse_when_its_scenario_could_not_be_judged_at_all() -> None:
    broke = story(verdict="error", error="workerd ended", claims=[])
    assert kinds(run(story()), run(broke)) == {"s/c": Kind.worse}


def test_a_play_that_broke_is_worse_though_all_its_claims_still_hold() -> None:
    found = compare(run(story()), run(story(error="workerd ended")))
    assert [(each.name, each.kind, each.after.reason) for each in found.claims] == [
        ("s", Kind.worse, "workerd ended"),
        ("s/c", Kind.same, "it is held"),
    ]
    assert compare(run(story(error="x")), run(story(error="y"))).exit_code is ExitCode.HELD


def test_a_defect_that_became_known_still_got_worse() -> None:
    before, after = run(story("s", "held", one("c", "held"))), run(story("s", "held", one("c", "refuted", "refuted")))
    found = compare(before, after)
    assert (found.claims[0].kind, found.claims[0].after.label) == (Kind.worse, "refuted (known)")


def test_a_known_defect_that_is_back_is_not_worse() -> None:
    gone, back = (run(story("s", "held", one("c", verdict, "refuted"))) for verdict in ("held", "refuted"))
    assert compare(gone, back).claims[0].kind is Kind.same
    assert compare(gone, back).exit_code is ExitCode.HELD


@pytest.mark.parametrize("side", [0, 1])
def test_a_record_that_is_not_whole_proves_nothing(side: int) -> None:
    runs = [run(story(), error=None), run(story(), error=None)]
    runs[side]["error"] = "it breaks off"
    found = compare(*runs)
    assert found.flaws == ((("before", "after")[side], "it breaks off"),)
    assert found.exit_code is ExitCode.FAILED


def test_what_else_differs_is_said() -> None:
    target = {"kind": "local", "versions": {"workerd": "1.3", "wrangler": "4"}, "compatibility_date": None}
    found = compare(run(sleep="evict"), run(poc="0.2.0", target=target))
    assert [(each.what, each.before, each.after) for each in found.differences] == [
        ("poc", "not recorded", "0.2.0"),
        ("workerd", "1.2", "1.3"),
        ("compatibility date", "2026-10-01", "the worker's own"),
        ("sleep", "evict", "as written"),
        ("wrangler", "not recorded", "4"),
    ]
    assert compare(run(), run()).differences == ()


def test_the_document_of_a_comparison() -> None:
    found = as_document(compare(run(story()), run(story(verdict="refuted"))))
    assert (found["schema"], found["exit_code"], found["figures"]) == ("poc.comparison/1", 1, [])
    assert found["claims"] == [
        {
            "claim": "s/c",
            "change": "got worse",
            "before": {"verdict": "held", "known": False, "reason": "it is held"},
            "after": {"verdict": "refuted", "known": False, "reason": "it is refuted"},
        }
    ]
