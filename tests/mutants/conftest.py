"""The runs of the mutants, once for the tests of a file."""

from collections.abc import Iterator

import pytest

from tests.support.forked import ForkedPoc
from tests.support.mutant_runs import CROWDED, Outcomes, Runs
from tests.support.mutant_table import TABLE


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Outcomes]:
    """Yield the runs of all mutants, and of the worker itself as `real`; most still go on when the first is read."""
    runs = Runs([name for name in TABLE if name != CROWDED], poc=ForkedPoc)
    yield runs.outcomes
    runs.end()
