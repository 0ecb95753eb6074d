"""Fixtures for tests that use poc as a whole.

Never shares a folder between two tests.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Poc


@pytest.fixture
def poc() -> Iterator[Poc]:
    """Give the command line in a folder of its own, which has a short path: unix sockets are made below it."""
    with tempfile.TemporaryDirectory(prefix="poc-test-") as folder:
        yield Poc(Path(folder))
