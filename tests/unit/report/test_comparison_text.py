"""A comparison as it is told: what got worse first, each reason in full, and no figure changed without words."""

from typing import Any

import pytest

from poc_cli.judge.claim_diff import compare
from poc_cli.report.comparison_text import answer, lines
from poc_cli.report.styled import plain
from tests.unit.report.hostile import TEXTS, claim, document, scenario

REST = "not compared: only the fastest are compared"
QUICK = [2.0 + 0.01 * number for number in range(60)]


def one(name: str, verdict: str, known: str | None = None) -> Any:
    return claim(name, verdict, reason=f"because {name} is {verdict}", known=known)


def run(*claims: Any, **changes: Any) -> Any:
    return document(scenario("s", *claims, verdict="held", error=None, stopped=None), **changes)


def figures(name: str, values: list[float]) -> Any:
    spread = {"n": len(values), "min": values[0], "median": values[0], "p90": values[0], "p99": values[0]}
    own = {"s": [1.0 + 0.001 * number for number in range(60)]}
    return {name: spread | {"max": values[-1], "samples": {"s": values}, "own_wakes": own}}


def told(before: Any, after: Any) -> list[str]:
    found = lines(compare(before, after), ("a/run.json", before), ("b/run.json", after))
    return [plain(line) for line in found]


def test_the_whole_of_it() -> None:
    before = run(one("a", "held"), one("b", "held"), one("c", "unknown"), figures=figures("wake_ms", QUICK))
    after = run(
        one("a", "held"),
        one("b", "refuted"),
        one("c", "unknown"),
        sleep="evict",
        figures=figures("wake_ms", [3 * value for value in QUICK]),
    )
    assert told(before, after) == [
        "before  a/run.json  (local, workerd 1.2, 2026-11-22)",
        "after   b/run.json  (local, workerd 1.2, 2026-11-22)",
        "        sleep: as written → evict",
        "",
        "got worse",
        "  s/b  held → refuted",
        "      before  because b is held",
        "      after   because b is refuted",
        "",
        "the same: 2 claims (1 unknown, 1 held)",
        "  s/c  unknown",
        "",
        "figures                           before       after   ratio   99 % interval",
        "  a wake, fastest 10 %           2.02 ms     6.07 ms    3.00    2.14 to 4.20  changed: slower",
        f"  a wake, p50                    2.29 ms     6.87 ms    3.00               -  {REST}",
        f"  a wake, p90                    2.53 ms     7.59 ms    3.00               -  {REST}",
        f"  a wake, p99                    2.59 ms     7.77 ms    3.00               -  {REST}",
        "  before 60 values of 2.00 ms to 2.59 ms, after 60 values of 6.00 ms to 7.77 ms; a change is beyond 1.4 times",
        "",
        "1 claim got worse (2 the same); 1 figure changed",
    ]


def test_nothing_changed() -> None:
    same = run(one("a", "held"), one("b", "refuted", "refuted"))
    assert told(same, same)[3:] == [
        "the same: 2 claims (1 refuted (known), 1 held)",
        "",
        "no claim got worse (2 the same); no figure changed",
    ]


def test_a_scenario_that_is_gone_is_told_in_a_line_but_a_claim_by_itself() -> None:
    before = run(one("a", "held"), one("b", "held"))
    before["scenarios"] += [
        scenario("t", one("c", "held"), one("d", "unknown"), error=None),
        scenario("u", one("e", "held")),
    ]
    after = run(one("a", "held"))
    after["scenarios"].append(scenario("u", left_out="it needs a trace", error=None))
    assert told(before, after)[3:12] == [
        "left out now",
        "  u  1 claim (1 held): it needs a trace",
        "",
        "gone",
        "  s/b  held → not judged",
        "      before  because b is held",
        "  t  2 claims (1 held, 1 unknown)",
        "",
        "the same: 1 claim (1 held)",
    ]


def test_idle_sleep_is_told_in_seconds_and_as_later() -> None:
    before, after = [10_000.0 + n for n in range(20)], [12_000.0 + n for n in range(20)]
    name = "asleep_after_ms"
    found = told(run(figures=figures(name, before)), run(figures=figures(name, after)))
    row = next(line for line in found if "p50" in line)
    assert " ".join(row.split()) == "idle sleep began after, p50 10.009 s 12.009 s 1.20 1.20 to 1.20 changed: later"


def test_a_figure_that_one_run_has_says_so() -> None:
    found = told(run(figures={}), run(figures=figures("warm_ms", QUICK)))
    row = next(line for line in found if "p50" in line)
    assert row.endswith("-     2.00 ms       -               -  not compared: only one run measured it")


def test_scenarios_of_one_run_alone_are_named() -> None:
    after = figures("wake_ms", QUICK)
    after["wake_ms"]["samples"]["other"] = [900.0] * 60
    found = told(run(figures=figures("wake_ms", QUICK)), run(figures=after))
    assert any(line.endswith("not compared, as only one run measured it: other") for line in found)


def test_a_record_that_is_not_whole_is_said_first_and_last() -> None:
    found = told(run(one("a", "held"), error="it breaks off"), run(one("a", "held")))
    assert found[2] == "the record of the run before is incomplete, so it proves nothing: it breaks off"
    assert found[-1] == "no result: the record of a run is incomplete"


def test_two_that_got_worse_are_plural() -> None:
    before, after = run(one("a", "held"), one("b", "held")), run(one("a", "refuted"), one("b", "refuted"))
    assert plain(answer(compare(before, after))) == "2 claims got worse; no figure changed"


@pytest.mark.parametrize("text", TEXTS)
def test_what_a_worker_sent_stays_inert(text: str) -> None:
    before = document(scenario(text, claim(text, "held"), verdict="held", error=None, left_out=None))
    after = document(scenario(text, claim(text), error=text, left_out=None))
    every = "".join(told(before, after))
    assert every.isprintable()
