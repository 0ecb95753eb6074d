"""Projects of every shape start and are judged without a change to them."""

import pytest
from _pytest.mark.structures import ParameterSet

from tests.support.command import Poc
from tests.support.shapes import Shape, shapes

pytestmark = pytest.mark.live


QUICK = frozenset(
    {
        "absent-workers",
        "build-npm-script",
        "env-only",
        "fixed-name",
        "hono-routes",
        "missing-pnpm",
        "no-name-no-main",
        "stores",
        "vite-built",
    }
)
"""Those that every run of the suite starts; `make long` starts the others, three seconds of processor time each."""


def _marked(shape: Shape) -> ParameterSet:
    return pytest.param(shape, id=shape.name, marks=[] if shape.name in QUICK else [pytest.mark.long])


@pytest.mark.parametrize("shape", [_marked(each) for each in shapes()])
def test_a_project_starts_without_a_change(poc: Poc, shape: Shape) -> None:
    folder = shape.copied(poc.folder)
    story = folder / "story.toml"
    if shape.init:
        assert poc.run("init", str(folder)).code == 0
        story = folder / "scenarios" / "first.toml"
    ran = poc.run("run", str(story), "--sleep", "evict", *shape.arguments)
    assert ran.code == shape.code, ran.out + ran.err
    assert ("feasible: every claim held" in ran.out) == (shape.code == 0)
    missing = [text for text in shape.told if text not in ran.out + ran.err]
    assert not missing, ran.out + ran.err
