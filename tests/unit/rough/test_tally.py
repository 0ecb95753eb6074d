"""What a rough condition may do to verdicts, and what not, on literal documents."""

from typing import Any

from tests.rough.tally import Tally, repeats, table


def claim(name: str, verdict: str, known: str | None = None) -> dict[str, Any]:
    return {"id": name, "verdict": verdict, "reason": f"because of {name}", "known": known}


def document(*claims: dict[str, Any], error: str | None = None, replayed: tuple[str, ...] = ()) -> dict[str, Any]:
    told = [{"play": "story", "reason": reason} for reason in replayed]
    story = {"name": "story", "left_out": None, "error": error, "claims": list(claims), "replayed": told}
    absent: dict[str, Any] = {"name": "absent", "left_out": "it needs a browser", "error": None, "claims": []}
    return {"scenarios": [story, absent]}


def counted(*documents: dict[str, Any]) -> Tally:
    tally = Tally()
    for each in documents:
        tally.add(each)
    return tally


def test_what_comes_out_as_it_is_known_to_is_right() -> None:
    tally = counted(document(claim("a", "held"), claim("b", "refuted", known="refuted")))
    assert tally.faults() == []
    assert (tally.plays, tally.verdicts) == (1, {"held": 1, "known": 1})


def test_a_claim_that_is_refuted_or_wrongly_held_is_a_fault() -> None:
    tally = counted(document(claim("a", "refuted"), claim("b", "held", known="refuted")))
    assert tally.faults() == ["story/a: refuted: because of a", "story/b: held: because of b"]


def test_a_few_unknown_are_allowed_and_more_are_told_one_by_one() -> None:
    held = [claim(str(number), "held") for number in range(49)]
    assert counted(document(*held, claim("a", "unknown"))).faults() == []
    assert counted(document(*held, claim("a", "unknown"), claim("b", "unknown"))).faults() == [
        "2 of 51 claims unknown",
        "story/a: unknown: because of a",
        "story/b: unknown: because of b",
    ]


def test_an_error_is_a_fault_and_so_is_a_run_without_a_document() -> None:
    tally = counted(document(error="the runtime is gone"))
    tally.failed("other", "no document")
    assert tally.faults() == ["story: error: the runtime is gone", "other: no document"]


def test_each_repeat_needs_a_reason_and_equal_reasons_are_counted_together() -> None:
    told = ("a.toml:8:3: this machine was too slow: 3.5 s late", "this machine was too slow: 2 s late", "")
    tally = counted(document(claim("a", "held"), replayed=told))
    assert tally.faults() == ["1 repeats have no reason"]
    assert repeats({"busy": tally}) == "played again:\n  busy: 2 x this machine was too slow: N s late"


def test_nothing_played_shows_nothing() -> None:
    assert Tally().faults() == ["nothing was played"]
    assert repeats({"busy": Tally()}) == "nothing was played again"


def mutants(*verdicts: str) -> Tally:
    tally = Tally()
    for number, verdict in enumerate(verdicts):
        named = f"c{number}"
        tally.add_mutant("broken", document(claim(named, verdict), claim("other", "held")), [f"story/{named}"])
    return tally


def test_nine_in_ten_mutants_must_be_refuted() -> None:
    assert mutants(*["refuted"] * 9, "unknown").mutants_faults() == []
    assert mutants("refuted", "unknown").mutants_faults() == [
        "only 50% of 2 claims refuted",
        "broken: story/c1: unknown: because of c1",
    ]


def test_no_mutant_may_be_held_or_go_unjudged() -> None:
    tally = mutants(*["refuted"] * 20, "held")
    tally.add_mutant("broken", document(), ["story/gone"])
    assert tally.mutants_faults() == [
        "broken: story/c20: held: because of c20",
        "broken: story/gone: error: was not judged",
    ]


def test_the_table_has_a_row_for_each_condition() -> None:
    lines = table({"busy": counted(document(claim("a", "held"))), "pinned": Tally()}).splitlines()
    assert [line.split()[0] for line in lines] == ["plays", "busy", "pinned"]
    assert lines[1].split()[1:] == ["1", "1", "0", "0", "0", "0", "0", "0", "0"]
