"""Each broken worker of the stack is caught by the claims that name it, and by none about anything else."""

from collections.abc import Iterator

import pytest

from tests.support import stack, table_stack
from tests.support.record import claims
from tests.support.stack_runs import StackRuns

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.long]


@pytest.fixture(scope="module")
def runs() -> Iterator[StackRuns]:
    """Yield the runs of all of them, which go on side by side."""
    going = StackRuns()
    yield going
    going.end()


@pytest.mark.parametrize("mutant", stack.names())
def test_it_is_caught_by_what_names_it_and_by_nothing_else(runs: StackRuns, mutant: str) -> None:
    found = claims(runs.outcomes[mutant].result().document())
    refuted = {name: str(claim["reason"]) for name, claim in found.items() if claim["verdict"] == "refuted"}
    assert table_stack.named(mutant) - refuted.keys() == set()
    assert refuted.keys() - table_stack.may_refute(mutant) == set(), refuted
    assert [name for name, claim in found.items() if claim["verdict"] == "error"] == []


def test_the_table_the_patches_and_the_scenarios_agree() -> None:
    assert {mutant for _, mutant in table_stack.NAMED} == set(stack.names())
    assert {f"stack/{name}" for name in table_stack.ALSO} <= set(stack.names())
