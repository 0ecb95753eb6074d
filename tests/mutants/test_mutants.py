"""Each mutant worker is caught by the claims it must turn red, and by no others; the real worker by none."""

import pytest

from tests.support import mutants
from tests.support.command import Ran
from tests.support.mutant_runs import CROWDED, TOO_SLOW, Outcomes, Runs
from tests.support.mutant_table import NAMED, TABLE
from tests.support.record import claims

pytestmark = pytest.mark.live


def _told(ran: Ran, verdict: str) -> dict[str, str]:
    """Return the claims of one verdict with their reasons, without those of which it is known on this target."""
    found = {name: claim for name, claim in claims(ran.document()).items() if claim["verdict"] == verdict}
    return {name: str(claim["reason"]) for name, claim in found.items() if claim["known"] != verdict}


@pytest.mark.parametrize("name", [name for name in TABLE if name != CROWDED])
def test_a_mutant_turns_its_claims_red_and_touches_no_other(outcomes: Outcomes, name: str) -> None:
    _raise_unless_caught(name, outcomes[name].result())


@pytest.mark.long
def test_so_does_the_one_with_many_sockets() -> None:
    runs = Runs([CROWDED], real=False)
    try:
        _raise_unless_caught(CROWDED, runs.outcomes[CROWDED].result())
    finally:
        runs.end()


def _raise_unless_caught(name: str, ran: Ran) -> None:
    expected = TABLE[name]
    refuted, unknown = _told(ran, "refuted"), _told(ran, "unknown")
    assert refuted.keys() == expected.refuted, refuted
    assert {*unknown} - {*_late(ran)} == expected.unknown - {*_late(ran)}, unknown
    assert _told(ran, "error") == {}
    assert ran.code in ({expected.code, 4} if _late(ran) and not expected.refuted else {expected.code})


def _late(ran: Ran) -> dict[str, str]:
    """Return the claims that this machine was too slow for in each try: at most one in fifty."""
    late = {name: reason for name, reason in _told(ran, "unknown").items() if TOO_SLOW in reason}
    assert len(late) <= max(1, len(claims(ran.document())) // 50), late
    return late


def test_the_real_worker_is_caught_by_none(outcomes: Outcomes) -> None:
    ran = outcomes["real"].result()
    unknown = {name: reason for name, reason in _told(ran, "unknown").items() if name not in _late(ran)}
    assert (_told(ran, "refuted"), unknown, _told(ran, "error")) == ({}, {}, {})
    assert ran.code == (4 if _late(ran) else 0)


def test_the_table_the_files_and_the_scenarios_agree() -> None:
    assert sorted(TABLE) == mutants.names()
    assert {mutant for _, mutant in NAMED} <= set(TABLE)


@pytest.mark.parametrize(("claim", "mutant"), NAMED)
def test_a_mutant_is_expected_to_turn_red_what_names_it(claim: str, mutant: str) -> None:
    assert claim in TABLE[mutant].refuted


@pytest.mark.parametrize("claim", ["hibernate/idle-room-sleeps", "resume/room-sleeps-before-it-is-resumed"])
def test_the_reason_names_the_pending_work_and_its_line(outcomes: Outcomes, claim: str) -> None:
    lines = mutants.source("pending_interval").splitlines()
    line = next(number for number, text in enumerate(lines, start=1) if "setInterval(" in text)
    reason = claims(outcomes["pending_interval"].result().document())[claim]["reason"]
    assert f"setInterval (mutant.ts:{line})" in reason


def test_what_was_too_long_for_the_record_is_not_said_to_have_been_missing(outcomes: Outcomes) -> None:
    told = _told(outcomes["huge_reply"].result(), "unknown")
    assert {name for name, reason in told.items() if "nothing shows that it was there" in reason} == set()
    assert "too long to be recorded in full" in told["hibernate/storage-survives-sleep"]


def test_storage_that_was_never_written_is_not_said_to_be_lost(outcomes: Outcomes) -> None:
    document = outcomes["sql_write_dropped"].result().document()
    cells = {cell["row"]: cell["value"] for cell in document["matrix"] if cell["column"] == "forced eviction"}
    assert cells["SQLite rows"] == "unknown"
    assert cells["KV storage"] == "survived"
