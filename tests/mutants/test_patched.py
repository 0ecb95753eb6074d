"""Each patched worker is caught by the claims that name it, or by any of its theme if none does."""

from collections.abc import Iterator

import pytest

from tests.support import patched
from tests.support.forked import ForkedPoc
from tests.support.mutant_runs import Outcomes, Runs
from tests.support.record import claims

pytestmark = [pytest.mark.live, pytest.mark.long]


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Outcomes]:
    """Yield the runs of all of them; most still go on when the first is read."""
    runs = Runs(patched.names(), real=False, poc=ForkedPoc)
    yield runs.outcomes
    runs.end()


@pytest.mark.parametrize("name", patched.names())
def test_it_is_caught_by_what_names_it(outcomes: Outcomes, name: str) -> None:
    found = claims(outcomes[name].result().document())
    refuted = {claim: str(each["reason"]) for claim, each in found.items() if each["verdict"] == "refuted"}
    assert refuted.keys() >= patched.claims_of(name), refuted
    assert refuted
    assert [claim for claim, each in found.items() if each["verdict"] == "error"] == []
