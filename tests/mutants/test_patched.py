"""Each patched worker is caught by the claims that name it, or by any of its theme if none does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import patched
from tests.support.command import Poc
from tests.support.forked import ForkedPoc
from tests.support.mutant_runs import Outcomes, Runs
from tests.support.record import claims

MANY = 30
"""One copy with 36 defects at once passed the catalogue before these mutants were in it."""

PLAYED = (
    "near-misses",
    "names-apart",
    "values",
    "broadcast-texts",
    "http-and-sockets",
    "ways-of-leaving",
    "same-name",
    "joining-after-a-wake",
)
"""Scenarios that a worker with all of these defects does not keep waiting for minutes."""

pytestmark = [pytest.mark.live, pytest.mark.long]


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Outcomes]:
    """Yield the runs of all of them; most still go on when the first is read."""
    runs = Runs(patched.names(), real=False, poc=ForkedPoc)
    yield runs.outcomes
    runs.end()


def test_many_defects_at_once_are_told_by_many_claims(tmp_path: Path) -> None:
    worker, applied = patched.assemble_many(tmp_path / "worker")
    assert len(applied) > MANY
    ran = Poc(tmp_path / "run").run("run", *PLAYED, "--worker", str(worker), "--sleep", "evict", "--json")
    found = claims(ran.document())
    assert sum(each["verdict"] == "refuted" for each in found.values()) > MANY


@pytest.mark.parametrize("name", patched.names())
def test_it_is_caught_by_what_names_it(outcomes: Outcomes, name: str) -> None:
    found = claims(outcomes[name].result().document())
    refuted = {claim: str(each["reason"]) for claim, each in found.items() if each["verdict"] == "refuted"}
    assert refuted.keys() >= patched.claims_of(name), refuted
    assert refuted
    assert [claim for claim, each in found.items() if each["verdict"] == "error"] == []
