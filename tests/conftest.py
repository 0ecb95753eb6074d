"""Fixtures for tests that use poc as a whole."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from poc_cli.targets.runtime_folder import base, runtime_base
from tests.support.command import Poc
from tests.support.forked import ForkedPoc

_TESTS = Path(__file__).parent

# What starts the tests in the background may have these ignored, and poc would inherit that and respect it.
for _ignored in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_ignored) is signal.SIG_IGN:
        signal.signal(_ignored, signal.SIG_DFL)

# No example is too slow: how long one takes says how busy the machine is. `make test` takes fewer examples than the
# default of 100, `make unit` fewer still and `make long` more; a test that needs more asks for a multiple.
settings.register_profile("whole", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)
settings.register_profile("quick", settings.get_profile("whole"), max_examples=15)
settings.register_profile("thorough", settings.get_profile("whole"), max_examples=200)
settings.load_profile("whole")

_FIRST = ("mutants", "live", "cli", "browser", "standin", "worker")
"""Folders in which a file takes long: begun last, one of them would be waited for alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first, for workers side by side that take a file at a time."""
    folders = {name: place for place, name in enumerate(_FIRST)}
    items.sort(key=lambda item: folders.get(item.path.relative_to(_TESTS).parts[0], len(folders)))


def _fastest() -> Path:
    """Return the folder that a runtime would take, unless programs cannot be started there: tests write some."""
    folder = runtime_base()
    return base() if os.statvfs(folder).f_flag & os.ST_NOEXEC else folder


_FORKED = ("live", "standin", "browser")
"""Folders whose tests are about what a run finds; the others have a process that starts as a user's does."""


@pytest.fixture
def poc(request: pytest.FixtureRequest) -> Iterator[Poc]:
    """Yield the command line in a folder of its own, which has a short path: unix sockets are made below it."""
    kind = ForkedPoc if request.path.relative_to(_TESTS).parts[0] in _FORKED else Poc
    with tempfile.TemporaryDirectory(prefix="poc-test-", dir=_fastest()) as folder:
        yield kind(Path(folder))
