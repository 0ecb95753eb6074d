"""Fixtures for tests that use poc as a whole.

Never shares a folder between two tests.
"""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from poc_cli.target.temporary import base, runtime_base
from tests.support.command import Poc

# What starts the tests in the background may have these ignored, and poc would inherit that and respect it.
for _ignored in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_ignored) is signal.SIG_IGN:
        signal.signal(_ignored, signal.SIG_DFL)


def _fastest() -> Path:
    """Give the folder that a runtime would take, unless programs cannot be started there: tests write some."""
    folder = runtime_base()
    return base() if os.statvfs(folder).f_flag & os.ST_NOEXEC else folder


@pytest.fixture
def poc() -> Iterator[Poc]:
    """Give the command line in a folder of its own, which has a short path: unix sockets are made below it."""
    with tempfile.TemporaryDirectory(prefix="poc-test-", dir=_fastest()) as folder:
        yield Poc(Path(folder))
