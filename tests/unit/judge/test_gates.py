"""Gates: what is met, what is not, what stays undecided, and which exit code that is."""

from decimal import Decimal
from typing import Any

import pytest

from poc_cli.judge.claim_diff import compare
from poc_cli.judge.gates import Outcome, check_gates
from poc_cli.judge.limits import MonthlyCost
from poc_cli.judge.requirements import Entry, Gates, Limit, Regress, entry, unknown
from tests.unit.report.hostile import claim, document, scenario

Document = Any
CHOSEN = {"one": ("a", "b"), "two": ("a", "c")}


def story(name: str, **verdicts: str | Document) -> Any:
    """Return a scenario whose claims came out so."""
    claims = [
        claim(each, **({"verdict": how, "reason": f"why {each}"} if isinstance(how, str) else how))
        for each, how in verdicts.items()
    ]
    return scenario(name, *claims, error=None, stopped=None)


def left_out(name: str) -> Any:
    return scenario(name, left_out="no timer here", error=None, stopped=None, verdict=None)


def run(*stories: Document, **changes: Any) -> Any:
    return document(*stories, **changes)


def held(gates: Gates, *stories: Document, **changes: Any) -> Outcome:
    return check_gates(gates, run(*stories, **changes), CHOSEN)


def told(outcome: Outcome) -> dict[str, str]:
    return {row.requirement: row.verdict for row in outcome.rows}


GOOD = (story("one", a="held", b="held"), story("two", a="held", c="held"))


def require(*names: str, **more: Any) -> Gates:
    return Gates(tuple(map(entry, names)), **more)


def test_what_is_required_and_held_is_met() -> None:
    outcome = held(require("a", "two/c"), *GOOD)
    assert told(outcome) == {
        "one/a is held": "met",
        "two/a is held": "met",
        "two/c is held": "met",
        "no other claim is refuted": "met",
    }
    assert (outcome.exit_code, outcome.failing) == (0, ())


@pytest.mark.parametrize(
    ("verdict", "row", "code"), [("refuted", "not met", 1), ("unknown", "undecided", 4), ("error", "error", 3)]
)
def test_a_required_claim_that_is_not_held_fails(verdict: str, row: str, code: int) -> None:
    outcome = held(require("one/a"), story("one", a=verdict, b="held"), GOOD[1])
    assert told(outcome)["one/a is held"] == row
    assert outcome.exit_code == code


@pytest.mark.parametrize(("verdict", "code"), [("refuted", 1), ("unknown", 0), ("error", 3), ("held", 0)])
def test_a_claim_that_nobody_requires_may_be_unknown_but_not_refuted(verdict: str, code: int) -> None:
    assert held(require("two/c"), story("one", a=verdict, b="held"), GOOD[1]).exit_code == code


@pytest.mark.parametrize(("verdict", "code"), [("refuted", 0), ("unknown", 0), ("error", 3), ("held", 0)])
def test_a_claim_that_is_allowed_may_be_refuted_but_no_error(verdict: str, code: int) -> None:
    gates = require("two/c", allow=(entry("one/a"),))
    outcome = held(gates, story("one", a=verdict, b="held"), GOOD[1])
    assert outcome.exit_code == code
    assert outcome.accepted == ({("one", "a")} if verdict in {"refuted", "unknown"} else set())


def test_without_require_every_claim_is_required() -> None:
    assert held(Gates(), *GOOD).exit_code == 0
    assert held(Gates(), story("one", a="unknown", b="held"), GOOD[1]).exit_code == 4
    assert held(Gates(allow=(Entry("a"),)), story("one", a="unknown", b="held"), GOOD[1]).exit_code == 0
    assert held(Gates(), GOOD[0], left_out("two")).exit_code == 4
    stopped = GOOD[0] | {"stopped": "at line 3"}
    assert held(Gates(), stopped, GOOD[1]).exit_code == 4
    assert held(require("one/a"), stopped, GOOD[1]).exit_code == 0


def test_a_required_claim_of_a_scenario_that_was_left_out_fails() -> None:
    outcome = held(require("one/a"), left_out("one"), GOOD[1])
    assert [(row.found, row.verdict) for row in outcome.failing] == [("left out: no timer here", "undecided")]
    assert outcome.exit_code == 4
    outcome = held(require("two/c"), left_out("one"), GOOD[1])
    assert told(outcome)["one is played"] == "left out"
    assert outcome.exit_code == 0


def test_a_scenario_that_is_not_in_the_record_is_an_error() -> None:
    assert told(held(require("two/c"), GOOD[1]))["one is played"] == "error"
    assert held(require("one/a"), GOOD[1]).exit_code == 3


def test_a_scenario_that_broke_is_an_error_whatever_is_required() -> None:
    broken = scenario("one", error="it hung", stopped=None, verdict="error")
    assert held(require("two/c"), broken, GOOD[1]).exit_code == 3
    assert told(held(require("one/a"), broken, GOOD[1]))["one/a is held"] == "error"


def test_a_record_that_is_not_whole_is_an_error() -> None:
    assert held(require("one/a"), *GOOD, error="the record breaks off").exit_code == 3


def test_an_error_comes_before_a_refutation_and_that_before_a_doubt() -> None:
    bad = story("one", a="refuted", b="unknown")
    assert held(require("one/a", "one/b"), bad, GOOD[1]).exit_code == 1
    assert held(require("one/a", "one/b"), bad, story("two", a="error", c="held")).exit_code == 3
    verdicts = [row.verdict for row in held(require("one/b", "one/a"), bad, GOOD[1]).failing]
    assert verdicts == ["not met", "undecided"]


def test_a_known_defect_passes_until_it_is_gone() -> None:
    known = claim("a", known="refuted", reason="as ever")
    gone = claim("a", "held", known="refuted")
    assert held(require("two/c"), story("one", a=known), GOOD[1]).exit_code == 0
    assert held(require("two/c"), story("one", a=gone), GOOD[1]).exit_code == 1
    assert held(require("one/a"), story("one", a=known), GOOD[1]).exit_code == 1
    assert held(require("one/a"), story("one", a=gone), GOOD[1]).exit_code == 0


@pytest.mark.parametrize(
    ("verdict", "k", "n", "row"),
    [
        ("refuted", 4, 5, "met"),
        ("refuted", 3, 5, "not met"),
        ("unknown", 3, 5, "undecided"),
        ("refuted", 8, 10, "met"),
        ("refuted", 7, 10, "not met"),
        ("held", 1, 1, "undecided"),
        ("error", 4, 5, "error"),
    ],
)
def test_a_flaky_claim_may_fail_as_often_as_its_gate_says(verdict: str, k: int, n: int, row: str) -> None:
    flaky = claim("a", verdict, held_of={"k": k, "n": n})
    outcome = held(require("one/a 4 of 5"), story("one", a=flaky), GOOD[1])
    assert told(outcome)["one/a is held 4 of 5 times"] == row
    assert (("one", "a") in outcome.accepted) == (row == "met")
    plain = held(require("one/a"), story("one", a=flaky), GOOD[1])
    assert (plain.exit_code == 0) == (verdict == "held")


def test_nothing_judged_is_no_pass() -> None:
    assert check_gates(Gates(()), run(), {}).exit_code == 4
    assert Outcome(()).exit_code == 4


# --- names


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x", 'no chosen scenario has a claim "x"'),
        ("one/c", 'one does not have a claim "c"'),
        ("tow/c", 'no chosen scenario is named "tow"'),
    ],
)
def test_a_claim_that_nobody_has_is_named(name: str, said: str) -> None:
    ((index, message, advice),) = unknown([entry("a"), entry(name)], CHOSEN)
    assert (index, message) == (1, said)
    assert advice == {"x": "known here: a, b, c", "one/c": '"two/c" exists', "tow/c": 'did you mean "two"?'}[name]


# --- figures

FIGURES = {
    "wake_ms": {"n": 40, "min": 1, "median": 4.0, "p90": 8.0, "p99": 9.0, "max": 9.5, "samples": {}},
    "storm_ms": {"n": 40, "min": 1, "median": 90, "p90": 2e3, "p99": 3.1e3, "max": 3.1e3, "lag_ms": 3e3, "samples": {}},
    "asleep_after_ms": {"n": 2, "min": 1e4, "median": 1e4, "p90": 1.1e4, "p99": 1.1e4, "max": 1.1e4, "samples": {}},
}


@pytest.mark.parametrize(
    ("limit", "row", "found"),
    [
        (Limit("wake_p50", 4, "4ms"), "met", "4.0 ms (p50 of 40)"),
        (Limit("wake_p50", 3.9, "3.9ms"), "not met", "4.0 ms (p50 of 40)"),
        (Limit("wake_p99", 8.9, "8.9ms"), "not met", "9.0 ms (p99 of 40)"),
        (Limit("asleep_after", 10_999, "10.999s"), "not met", "11.000 s (max of 2)"),
        (Limit("storm_p99", 4000, "4s"), "met", "3.100 s (p99 of 40)"),
        (
            Limit("storm_p99", 100, "100ms"),
            "undecided",
            "3.100 s (p99 of 40), of which up to 3.000 s may be this client's own lateness",
        ),
        (Limit("storm_p99", 99, "99ms"), "not met", "3.100 s (p99 of 40)"),
        (
            Limit("monthly_cost", 5, "$5"),
            "undecided",
            "not measured: no profile with the expected use is configured; set profile in [cost]",
        ),
        (
            Limit("sockets", 5, "5"),
            "undecided",
            "not measured: no load of this run lets rooms with sockets sleep; many-sockets does",
        ),
    ],
)
def test_limits(limit: Limit, row: str, found: str) -> None:
    outcome = held(require("one/a", limits=(limit,)), *GOOD, figures=FIGURES)
    assert (outcome.rows[-1].verdict, outcome.rows[-1].found) == (row, found)
    assert outcome.exit_code == {"met": 0, "not met": 1, "undecided": 4}[row]


@pytest.mark.parametrize(("dollars", "row"), [("12.49", "met"), ("12.50", "met"), ("12.51", "not met")])
def test_the_month_is_held_against_its_limit(dollars: str, row: str) -> None:
    gates = require("one/a", limits=(Limit("monthly_cost", 12.5, "$12.5"),))
    cost = MonthlyCost(Decimal(dollars), "a chat")
    found = check_gates(gates, run(*GOOD), CHOSEN, cost=cost).rows[-1]
    assert (found.requirement, found.verdict) == ("monthly_cost is at most $12.5", row)
    assert found.found == f"${dollars} a month: a chat"


def test_a_figure_that_was_not_measured_is_no_small_one() -> None:
    outcome = held(require("one/a", limits=(Limit("wake_p99", 50, "50ms"),)), *GOOD)
    assert outcome.failing[0].found == "not measured: no scenario of this run measures wakes; wake-latency does"
    assert outcome.exit_code == 4


# --- the baseline


def wakes(value: float) -> Any:
    return {"wake_ms": FIGURES["wake_ms"] | {"samples": {"one": [value] * 20}}}


def against(before: Document, after: Document, bound: Regress, *allow: str) -> Outcome:
    gates = require("two/c", allow=tuple(map(entry, allow)), regress=bound)
    return check_gates(gates, after, CHOSEN, compare(before, after))


@pytest.mark.parametrize(("now", "code"), [(8.0, 0), (8.1, 1), (0.1, 0)])
def test_a_figure_may_be_so_many_times_its_baseline(now: float, code: int) -> None:
    outcome = against(run(*GOOD, figures=wakes(4)), run(*GOOD, figures=wakes(now)), Regress((("wake_p50", 2),)))
    assert outcome.exit_code == code


def test_a_figure_that_either_run_lacks_is_undecided() -> None:
    bound = Regress((("wake_p99", 3),))
    assert against(run(*GOOD), run(*GOOD, figures=wakes(1)), bound).exit_code == 4
    assert against(run(*GOOD, figures=wakes(1)), run(*GOOD), bound).exit_code == 4
    assert against(run(*GOOD), run(*GOOD), bound).failing[0].found == "not measured in the baseline and this run"


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("held", "held", 0),
        ("held", "unknown", 4),
        ("held", "refuted", 1),
        ("unknown", "held", 0),
        ("refuted", "held", 0),
    ],
)
def test_no_claim_may_be_worse_than_in_the_baseline(before: str, after: str, code: int) -> None:
    was, now = run(story("one", a=before), GOOD[1]), run(story("one", a=after), GOOD[1])
    assert against(was, now, Regress(claims=True)).exit_code == code
    assert against(was, now, Regress(claims=True), "one/a").exit_code == 0


def test_a_claim_that_has_vanished_is_undecided_but_not_one_of_a_scenario_that_was_not_chosen() -> None:
    bound = Regress(claims=True)
    assert against(run(*GOOD), run(story("one", a="held"), GOOD[1]), bound).exit_code == 4
    assert against(run(*GOOD, story("three", d="held")), run(*GOOD), bound).exit_code == 0


def test_a_baseline_that_is_not_whole_proves_nothing() -> None:
    assert against(run(*GOOD, error="the record breaks off"), run(*GOOD), Regress(claims=True)).exit_code == 4


LEAK: Any = {"no-secret-leaves": "refuted"}


def test_a_leak_that_nobody_claims_fails_whatever_is_required() -> None:
    leaky = story("one", a="held", b="held", **LEAK)
    for gates in (require("two/c"), Gates()):
        outcome = held(gates, leaky, GOOD[1])
        assert outcome.exit_code == 1
        assert any(row.claim == ("one", "no-secret-leaves") and row.verdict == "not met" for row in outcome.rows)


@pytest.mark.parametrize("name", ["no-secret-leaves", "one/no-secret-leaves"])
def test_a_leak_can_be_allowed_though_no_scenario_has_the_claim(name: str) -> None:
    assert list(unknown([entry(name)], CHOSEN)) == []
    gates = Gates(allow=(entry(name),))
    assert held(gates, story("one", a="held", b="held", **LEAK), GOOD[1]).exit_code == 0
    assert held(gates, *GOOD).exit_code == 0


def test_a_leak_of_a_scenario_that_is_not_chosen_cannot_be_named() -> None:
    assert [index for index, _, _ in unknown([entry("three/no-secret-leaves")], CHOSEN)] == [0]


def use(story: str, name: str, wakes: int, share: float) -> Any:
    """Return a scenario with one object."""
    woken = {"alarm": wakes} if wakes else {}
    known = {"object": name, "seconds": 60.0, "in_memory_share": share, "wakes": wakes, "woken_by": woken}
    return scenario(story, error=None, stopped=None, objects=[known | {"wakes_a_minute": wakes}])


@pytest.mark.parametrize(("most", "verdict"), [(4, "met"), (3, "not met")])
def test_wakes_a_minute_are_limited_for_the_object_with_the_most(most: int, verdict: str) -> None:
    gates = Gates(None, (), (Limit("wakes_per_minute", most, str(most)),))
    outcome = held(gates, use("one", "room", 1, 0.2), use("two", "hub", 4, 0.1))
    row = next(row for row in outcome.rows if row.requirement == f"wakes_per_minute is at most {most}")
    assert (row.found, row.verdict) == ("4: 4 x alarm (two/hub)", verdict)


@pytest.mark.parametrize(("most", "verdict"), [(0.5, "met"), (0.1, "not met")])
def test_the_share_of_time_in_memory_is_limited(most: float, verdict: str) -> None:
    gates = Gates(None, (), (Limit("in_memory", most, f"{most:.0%}"),))
    outcome = held(gates, use("one", "room", 1, 0.2), use("two", "hub", 4, 0.1))
    row = next(row for row in outcome.rows if row.requirement.startswith("in_memory"))
    assert (row.found, row.verdict) == ("20% of 60 s (one/room)", verdict)


def test_without_a_trace_these_limits_are_undecided() -> None:
    gates = Gates(None, (), (Limit("in_memory", 0.5, "50%"), Limit("wakes_per_minute", 1, "1")))
    assert [row.verdict for row in held(gates, *GOOD).rows if "at most" in row.requirement] == ["undecided"] * 2
