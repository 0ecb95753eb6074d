"""Projects of every shape start and are judged without a change to them."""

import pytest

from tests.support.command import Poc
from tests.support.shapes import Shape, shapes

pytestmark = pytest.mark.live


@pytest.mark.parametrize("shape", [pytest.param(each, id=each.name) for each in shapes()])
def test_a_project_starts_without_a_change(poc: Poc, shape: Shape) -> None:
    folder = shape.copied(poc.folder)
    ran = poc.run("run", str(folder / "story.toml"), "--sleep", "evict", *shape.arguments)
    assert ran.code == 0, ran.out + ran.err
    assert "feasible: every claim held" in ran.out
    missing = [text for text in shape.told if text not in ran.out + ran.err]
    assert not missing, ran.out + ran.err
