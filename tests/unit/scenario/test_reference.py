"""The page on writing scenarios: it is current and whole, and everything it shows is right."""

import re

import pytest

from poc_cli.commands import generate_docs
from poc_cli.scenario import reference
from poc_cli.scenario.check_names import MEANINGS
from poc_cli.scenario.loader import parse
from poc_cli.scenario.model import (
    ROWS,
    VERBS,
    Claim,
    ClientSpec,
    CommandSpec,
    Control,
    ObjectRef,
    OriginSpec,
    PageSpec,
    ScenarioFile,
    WorkerRef,
)
from poc_cli.scenario.reference import EXAMPLES, FRAME, whole
from poc_cli.scenario.scenario import every
from poc_cli.scenario.schema import schema
from poc_cli.scenario.validation_errors import keys
from poc_cli.shipped import shipped

PAGE = reference.text()
BLOCKS = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SECTIONS = dict(re.findall(r"^###? (.+?)\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE))


def table(section: str) -> dict[str, list[str]]:
    """Return the rows of a section's first table by their first cell."""
    found: dict[str, list[str]] = {}
    for line in SECTIONS[section].split("\n"):
        if line.startswith("| `"):
            first, *cells = line.strip("| ").split(" | ")
            found.setdefault(first.strip("`"), cells)
    return found


def test_it_is_current() -> None:
    stored = shipped("scenarios").parent / "docs" / "scenarios.md"
    assert stored.read_text(encoding="utf-8") == generate_docs.PAGES["scenarios.md"](), "run make docs"


def test_every_place_in_the_prose_is_filled() -> None:
    assert "@@" not in PAGE


@pytest.mark.parametrize("block", [each for each in BLOCKS if "# the steps of the example" not in each])
def test_everything_that_is_shown_loads(block: str) -> None:
    if block.startswith("#:schema"):
        assert block == "#:schema ../docs/scenario.schema.json\n"
    elif block.startswith("  {"):
        parse(whole(block), "page.toml")
    else:
        parse(block, "page.toml")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_an_example_that_shows_it(verb: str) -> None:
    steps = parse(whole(EXAMPLES[verb]), f"{verb}.toml").steps
    assert verb in {placed.step.verb for placed in every(steps)}
    assert f"```toml\n{EXAMPLES[verb]}```" in SECTIONS[verb]


def test_the_frame_is_shown() -> None:
    assert FRAME % "  # the steps of the example\n" in BLOCKS


@pytest.mark.parametrize("verb", VERBS)
def test_every_key_of_a_verb_is_explained(verb: str) -> None:
    section = SECTIONS[verb]
    wanted = set(keys(VERBS[verb])) - {"claim"}
    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^As for .*", section, re.MULTILINE))))
    assert set(table(verb)) | (named & wanted) == wanted
    assert next(iter(table(verb))) == verb
    assert schema()["definitions"][VERBS[verb].__name__]["description"] in section


def test_keys_that_mean_the_same_are_explained_once() -> None:
    shared = "As for [`on`](#on): `send`, `expect`, `where`, `capture`, `exact`, `next`, `order`, `within`"
    assert f"{shared}, `fill`, `click`, `eval`, `expect_text`." in SECTIONS["resume"]
    assert f"{shared}." in SECTIONS["http"]
    assert "As for" not in SECTIONS["on"]


def test_every_key_of_every_table_is_explained() -> None:
    assert set(table("The top of the file")) == set(keys(ScenarioFile))
    assert set(table("Objects and clients")) == set(keys(ObjectRef)) | set(keys(ClientSpec))
    assert set(table("Programs as clients")) == set(keys(CommandSpec))
    assert set(table("Pages as clients")) == set(keys(PageSpec))
    assert set(table("An app server")) == set(keys(OriginSpec))
    assert set(table("Workers")) == set(keys(WorkerRef))
    assert set(keys(Claim)) <= set(table("Claims"))
    assert set(table("Controls")) == set(keys(Control))


def test_a_row_says_type_default_and_meaning() -> None:
    assert table("on")["within"] == ["a duration like `300ms`", "`5s`", "How long to wait for the message."]
    assert table("on")["next"][:2] == ["`true` or `false`", "`false`"]
    assert table("connect")["connect"][:2] == ["a name or a list of names", "required"]
    assert table("close")["code"][:2] == ["a whole number, 0 to 65535", "`1000`"]
    assert table("hibernate")["hibernate"][0] == "`idle` or `evict`"
    assert table("on")["send"][:2] == ["anything", ""]


def test_every_check_and_every_row_of_the_matrix_is_explained() -> None:
    assert {name: table("Claims")[name] for name in MEANINGS} == {name: [said] for name, said in MEANINGS.items()}
    assert all(f"`{row}`" in SECTIONS["Claims"] for row in ROWS)


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)]+)\)", PAGE))
def test_every_link_leads_somewhere(link: str) -> None:
    if link.startswith("#"):
        headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^##+ (.*)$", PAGE, re.MULTILINE)}
        assert link[1:] in headings
    else:
        assert (shipped("scenarios").parent / "docs" / link).is_file()
