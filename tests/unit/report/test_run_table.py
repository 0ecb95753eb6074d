"""The comparison of dates: what differs comes first and with its reasons, and nothing that fails is only counted."""

from typing import Any

import pytest

from poc_cli.exit_codes import ExitCode
from poc_cli.report.run_table import DATES as BY_DATE
from poc_cli.report.run_table import RUNTIMES, TARGETS, answer, compared, lines, rows, worst
from poc_cli.report.styled import plain
from tests.unit.report.hostile import TEXTS, claim, document, scenario

DATES = ("2025-06-01", "2026-10-01")


def run(date: str, *scenarios: Any) -> Any:
    return document(*scenarios, target={"kind": "local", "versions": {"workerd": "1.2"}, "compatibility_date": date})


def one(name: str, verdict: str, reason: str = "because", **more: Any) -> Any:
    return scenario("s", claim(name, verdict, reason=reason, **({"known": None} | more)), error=None, stopped=None)


def two(*claims: tuple[Any, Any]) -> list[Any]:
    """Return two runs of a scenario with these claims, each a pair of how it came out on either date."""
    return [
        run(date, scenario("s", *(pair[side] for pair in claims), error=None, stopped=None))
        for side, date in enumerate(DATES)
    ]


def pair(name: str, before: str, after: str) -> tuple[Any, Any]:
    return claim(name, before, reason="as it was", known=None), claim(name, after, reason="as it is", known=None)


def told(documents: list[Any]) -> list[str]:
    return [
        plain(line) for line in lines(documents, BY_DATE, [f"results/{number}" for number in range(len(documents))])
    ]


def test_what_differs_comes_first_with_the_reason_of_each_date() -> None:
    documents = two(pair("a", "held", "held"), pair("b", "refuted", "held"), pair("c", "held", "held"))
    assert [row.name for row in rows(documents, BY_DATE)] == ["s/b", "s/a", "s/c"]
    assert told(documents)[:6] == [
        "differs by date  2025-06-01  2026-10-01",
        "  s/b            refuted     held",
        "",
        "s/b",
        "  2025-06-01  refuted     as it was",
        "  2026-10-01  held        as it is",
    ]
    assert "the same on every date: 2 claims (2 held)" in told(documents)


def test_what_fails_on_every_date_is_named_though_it_does_not_differ() -> None:
    found = told(two(pair("a", "held", "held"), pair("b", "refuted", "refuted"), pair("c", "unknown", "unknown")))
    assert found[:3] == [
        "the same on every date  2025-06-01  2026-10-01",
        "  s/b                   refuted     refuted",
        "  s/c                   unknown     unknown",
    ]
    assert "the same on every date: 3 claims (1 held, 1 refuted, 1 unknown)" in found


def test_each_run_keeps_its_answer_and_its_folder() -> None:
    found = told(two(pair("a", "held", "held")))
    assert [line for line in found if line.startswith("2025-06-01  ")]
    assert "            results/1" in found


def test_the_last_line_is_the_answer() -> None:
    same = two(pair("a", "held", "held"))
    assert told(same)[-1] == "no claim differs between 2025-06-01, 2026-10-01"
    differing = two(pair("a", "held", "refuted"), pair("b", "held", "held"))
    assert plain(answer(differing, BY_DATE)) == "1 of 2 claims differs between 2025-06-01, 2026-10-01"


def test_a_single_date_is_compared_with_nothing() -> None:
    assert plain(answer([run(DATES[0], one("a", "held"))], BY_DATE)) == "nothing to compare: only 2025-06-01 was run"


def test_a_known_defect_says_so_and_is_not_listed_as_failing() -> None:
    documents = [run(date, one("a", "refuted", known="refuted")) for date in DATES]
    assert told(documents)[0] == "the same on every date: 1 claim (1 refuted)"
    mixed = [run(DATES[0], one("a", "refuted", known="refuted")), run(DATES[1], one("a", "held", known="refuted"))]
    assert told(mixed)[1] == "  s/a            refuted (known)  held"


def test_a_scenario_that_was_judged_on_one_date_only_differs_and_says_why() -> None:
    broken = scenario("s", verdict="error", error="the runtime hangs", stopped=None, left_out=None)
    documents = [run(DATES[0], broken), run(DATES[1], one("a", "held"))]
    assert [row.name for row in rows(documents, BY_DATE)] == ["s/a"]
    assert "  2025-06-01  error       the runtime hangs" in told(documents)


def test_a_scenario_that_was_left_out_on_all_dates_stands_for_itself() -> None:
    left = scenario("s", verdict=None, error=None, stopped=None, left_out="its subject is the timer")
    found = told([run(date, left) for date in DATES])
    assert found[:2] == ["left out on every date: its subject is the timer", "  s"]


def test_a_claim_that_one_run_does_not_have_was_not_judged_there() -> None:
    documents = [run(DATES[0]), run(DATES[1], one("a", "held"))]
    assert rows(documents, BY_DATE)[0].cells[DATES[0]].verdict == "not judged"
    assert rows(documents, BY_DATE)[0].differs


def test_as_a_document_it_holds_the_runs_and_every_claim() -> None:
    documents = two(pair("a", "refuted", "held"))
    found = compared(documents, BY_DATE, 1)
    assert (found["schema"], found["exit_code"], found["dates"]) == ("poc.dates/1", 1, list(DATES))
    assert found["runs"] == documents
    assert found["claims"] == [
        {"claim": "s/a", "differs": True, "verdicts": {"2025-06-01": "refuted", "2026-10-01": "held"}}
    ]


@pytest.mark.parametrize(
    ("codes", "code"),
    [([0, 0], 0), ([0, 4], 4), ([4, 1], 1), ([1, 3, 4], 3), ([0], 0), ([], ExitCode.INCONCLUSIVE)],
)
def test_the_worst_run_decides_the_exit_code(codes: list[int], code: int) -> None:
    assert worst(codes) == code


@pytest.mark.parametrize("hostile", TEXTS)
def test_hostile_text_makes_no_line(hostile: str) -> None:
    documents = [run(DATES[0], one("a", "held", hostile)), run(DATES[1], one("a", "refuted", hostile))]
    plainly = [run(DATES[0], one("a", "held", "word")), run(DATES[1], one("a", "refuted", "word"))]
    assert len(told(documents)) == len(told(plainly))
    assert all("\x1b" not in line and "\n" not in line for line in told(documents))


def elsewhere(kind: str, *scenarios: Any, url: str | None = None) -> Any:
    target: Any = {"kind": kind, "url": url, "versions": {}, "compatibility_date": None}
    return document(*scenarios, target=target)


def test_targets_are_told_by_their_names_and_what_one_cannot_judge_does_not_differ() -> None:
    here = one("a", "held")
    there = scenario("s", error=None, stopped=None) | {
        "claims": [],
        "left_out_claims": [{"id": "a", "reason": "there is no trace"}],
    }
    documents = [elsewhere("local", here), elsewhere("url", there, url="https://x.example")]
    assert [row.differs for row in rows(documents, TARGETS)] == [False]
    found = [plain(line) for line in lines(documents, TARGETS, ["results/0", "results/1"])]
    assert found[:2] == ["left out on https://x.example: there is no trace", "  s/a"]
    assert found[-1] == "no claim differs between local, https://x.example, 1 left out on some"
    assert compared(documents, TARGETS, 0)["schema"] == "poc.targets/1"


def test_runtimes_are_told_apart_by_their_versions() -> None:
    documents = [
        document(one("a", verdict), target={"kind": "local", "versions": {"workerd": version}})
        for version, verdict in (("1.1", "held"), ("1.2", "refuted"))
    ]
    assert compared(documents, RUNTIMES, ExitCode.REFUTED)["runtimes"] == ["1.1", "1.2"]
    assert plain(answer(documents, RUNTIMES)) == "1 of 1 claims differs between 1.1, 1.2"
