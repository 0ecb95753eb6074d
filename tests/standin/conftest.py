"""Fixtures for the stand-in's own tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.standin import sample
from tests.standin.standin import StandIn
from tests.standin.wrangler import Wrangler


@pytest.fixture
def cloud() -> Iterator[StandIn]:
    """Yield a stand-in with one empty account; what it kept must be gone after it."""
    with StandIn() as standin:
        yield standin
    assert standin.running == []
    assert not standin.folder.exists()


@pytest.fixture
def wrangler(cloud: StandIn, tmp_path: Path) -> Wrangler:
    """Return wrangler in a folder with the sample project."""
    sample.write(tmp_path / "project")
    return Wrangler(tmp_path / "project", cloud.environment)
