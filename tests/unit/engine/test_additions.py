"""What CONTRIBUTING.md says of additions: a verb is a class and a function, a check is one declared function."""

import gc
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
from pydantic import Field

from poc_cli.engine.context import PlayContext
from poc_cli.engine.hibernation import Sleeper
from poc_cli.engine.step_failure import StepFailed
from poc_cli.engine.step_handlers import HANDLERS
from poc_cli.errors import ScenarioError
from poc_cli.judge.check_registry import CHECKS
from poc_cli.judge.check_table import text as checks_text
from poc_cli.scenario import reference
from poc_cli.scenario.check_names import ENTRIES, MEANINGS, CheckEntry
from poc_cli.scenario.loader import parse
from poc_cli.scenario.model import VERBS, Step
from poc_cli.scenario.schema import schema
from poc_cli.scenario.types import Names
from poc_cli.scenario.wording import do
from tests.support.fake_run import IT, play, story

OPEN = '{ connect = ["ann", "bob"] }'


@pytest.fixture
def restored() -> Iterator[None]:
    """Forget what a test registers."""
    registries = cast("list[dict[Any, Any]]", [VERBS, HANDLERS, CHECKS, ENTRIES, MEANINGS])
    before = [dict(each) for each in registries]
    yield
    for registry, kept in zip(registries, before, strict=True):
        registry.clear()
        registry.update(kept)
    gc.collect()  # the class is known to its base until then


@pytest.mark.usefixtures("restored")
def test_a_verb_is_a_class_and_a_function() -> None:
    class Count(Step):
        """Count the open clients."""

        verb: ClassVar[str] = "count"
        names_clients: ClassVar[tuple[str, ...]] = ("count",)
        example: ClassVar[str] = '  { connect = "ann" },\n  { count = "ann" },\n'
        count: Names = Field(description="The clients that must be open.")

        def sentence(self) -> str:
            return do(self.count, "is") + " open"

    async def count(context: PlayContext, step: Count, _: Sleeper) -> dict[str, Any]:
        if not all(context.clients[name].is_open for name in step.count):
            raise StepFailed("closed", "one is closed")
        return {}

    HANDLERS[Count] = count

    assert play(story(OPEN, f'{{ count = ["ann", "bob"], {IT} }}')).verdicts == {"it": "held"}
    failed = play(story(OPEN, '{ kill = "bob" }', f'{{ count = ["ann", "bob"], {IT} }}'))
    assert (failed.failures(), failed.verdicts) == (["closed"], {"it": "refuted"})
    assert schema()["definitions"]["Count"]["properties"]["count"]["description"] == "The clients that must be open."
    assert "| [`count`](#count) | Count the open clients. |" in reference.text()
    with pytest.raises(ScenarioError, match="eve"):
        parse(story(OPEN, f'{{ count = "eve", {IT} }}'), "story.toml")


@pytest.mark.usefixtures("restored")
def test_a_check_is_the_one_file_that_contributing_shows() -> None:
    page = (Path(__file__).parents[3] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert block is not None
    exec(block[1], {})  # noqa: S102 - what a contributor would write into a file
    (name,) = CHECKS.keys() - MEANINGS.keys()
    entry = CHECKS[name].entry
    assert entry.order not in {each.order for each in ENTRIES.values()}
    assert f'"name": "{name}"' in checks_text()
    # What `make docs` writes into checks.json:
    cast("dict[str, CheckEntry]", ENTRIES)[name] = entry
    MEANINGS[name] = entry.meaning
    claims = f'\n[[claim]]\nid = "it"\nsays = "It stays open."\ncheck = "{name}"\n'

    def verdict(*steps: str) -> str:
        whole = story(OPEN, *steps)
        return play(whole.partition("[[claim]]")[0] + claims).verdicts["it"]

    assert verdict('{ on = "ann", send = { op = "echo", n = 1 }, expect = { n = 1 } }') == "held"
    closes = '{ op = "close", code = 4001, reason = "bye" }'
    assert verdict(f'{{ on = "bob", send = {closes}, expect_code = 4001 }}') == "refuted"
    assert f"| `{name}` | {entry.meaning} |" in reference.text()
