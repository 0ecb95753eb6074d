"""Starts the runs of the mutants as soon as it is known that they are wanted: they wait while other tests work.

Never starts them for a selection of tests that does without.
"""

import pytest

from tests.support.mutant_runs import Outcomes, Runs

_RUNS = pytest.StashKey[Runs]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the runs where a collected test asks for them."""
    wanted = any("outcomes" in getattr(item, "fixturenames", ()) for item in session.items)
    if wanted and not session.config.option.collectonly:
        session.config.stash[_RUNS] = Runs()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End them, whatever the tests have come to."""
    runs = session.config.stash.get(_RUNS, None)
    if runs is not None:
        runs.end()


@pytest.fixture(scope="session")
def outcomes(pytestconfig: pytest.Config) -> Outcomes:
    """Give the runs of all mutants, and of the worker itself as `real`."""
    return pytestconfig.stash[_RUNS].outcomes
