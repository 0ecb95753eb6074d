"""The page of all claims: it is current and whole, and tells what a reference says without one being needed."""

import re
from typing import Any

import pytest

from poc_cli.commands import generate_docs
from poc_cli.scenario.catalog import shipped_files
from poc_cli.scenario.claims_page import anchor_of, page
from poc_cli.scenario.loader import parse, read
from poc_cli.scenario.scenario import Scenario
from poc_cli.shipped import shipped

STORY = """\
name = "room"
title = "A room sleeps."
object = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}" }
steps = [
  { connect = "ann" },
  { hibernate = "idle" },
]

[[claim]]
id = "asleep"
says = "It sleeps | dreams."
source = "https://example.com/docs"
check = "sleeps"
matrix = { row = "connections", expects = "survives" }
control = { clients = { ann = "/room/{play}?pin=1" } }

[[claim]]
id = "alive"
says = "Its sockets survive."
source = "https://example.com/more"
check = "connections-survive"
mutant = "standard_api"
known = { local = "refuted" }
control = { expect = "unknown", steps = [ { connect = "ann" } ] }
"""


def scenarios(name: str = "world/room") -> dict[str, Scenario]:
    return {name: parse(STORY, "room.toml")}


def reference(**of_the_scenario: Any) -> dict[str, Any]:
    claims = [{"id": "asleep", "verdict": "held", "known": None}, {"id": "alive", "verdict": "refuted", "known": True}]
    told = {"name": "room", "left_out": None, "claims": claims} | of_the_scenario
    target = {"kind": "local", "versions": {"workerd": "1.2"}}
    return {"started": "2026-11-22T20:34:57+00:00", "target": target, "scenarios": [told]}


def test_it_is_current() -> None:
    stored = shipped("scenarios").parent / "docs" / "claims.md"
    assert stored.read_text(encoding="utf-8") == generate_docs.PAGES["claims.md"](), "run make docs"


def test_the_reference_has_every_claim() -> None:
    assert "not recorded" not in generate_docs.PAGES["claims.md"](), "run make reference"


def test_every_shipped_claim_is_on_it_once() -> None:
    told = generate_docs.PAGES["claims.md"]()
    for file in shipped_files().values():
        document = read(file).document
        section = told.split(f"\n### {document.name}\n")
        assert len(section) == 2, document.name
        for claim in document.claim:
            assert section[1].split("\n### ")[0].count(f"| `{claim.id}` |") == 1


def test_a_claim_is_told_with_source_check_control_and_outcome() -> None:
    told = page(scenarios(), reference())
    assert (
        "| `asleep` | It sleeps \\| dreams. ([source](https://example.com/docs)) "
        "| `sleeps`; matrix: connections, survives | control with another `ann` | held |\n"
    ) in told
    red = "mutant [standard_api](../tests/mutants/standard_api.ts); control with other steps (expected: unknown)"
    assert f"| `connections-survive` | {red} | refuted (known) |\n" in told
    assert "of 2026-11-22,\non local (workerd 1.2)." in told


def test_what_is_known_to_differ_has_a_section() -> None:
    section = page(scenarios(), reference()).split("## Where documentation and runtime differ\n")[1].split("\n## ")[0]
    assert section.startswith("\nMeasured on 2026-11-22 by the reference run.\n\n| scenario |")
    assert "`alive`" in section
    assert "`asleep`" not in section
    assert "differ" not in page({"room": parse(STORY.replace('known = { local = "refuted" }\n', ""), "r")}, None)


def test_without_a_reference_nothing_is_said_to_have_held() -> None:
    told = page(scenarios(), None)
    assert "| held |" not in told
    assert "make reference" in told
    assert re.search(r"control with another `ann` \|  \|\n", told)


def test_what_was_left_out_did_not_hold() -> None:
    assert "| left out |" in page(scenarios(), reference(left_out="its subject is the timer"))
    assert "| held |" not in page(scenarios(), reference(name="another"))


def test_what_is_not_in_the_reference_says_why_or_what_plays_it() -> None:
    assert "| not recorded: `poc run room` |" in page(scenarios(), reference(name="another"))
    told = page(scenarios(), reference(claims=[], left_out="only Cloudflare does it; not available on local"))
    assert told.count("| left out: only Cloudflare does it |") == 3


def test_what_was_played_by_itself_has_its_verdict() -> None:
    told = page(scenarios(), reference(name="another"), [reference() | {"started": "2026-11-30T10:00:00"}])
    assert "| held |" in told
    assert "was played [by itself](../results/reference/others.json)\non 2026-11-30." in told


@pytest.mark.parametrize(
    ("name", "heading"),
    [("room", "The basics"), ("world/room", "Secrets, external APIs and unauthorized clients"), ("x/y", "x")],
)
def test_themes_are_folders(name: str, heading: str) -> None:
    assert f"\n## {heading}" in page(scenarios(name), None)


def test_every_link_to_a_file_leads_somewhere() -> None:
    docs = shipped("scenarios").parent / "docs"
    links = re.findall(r"\]\((\.\./[^)]+)\)", generate_docs.PAGES["claims.md"]())
    assert [link for link in links if not (docs / link).exists()] == []


def test_every_link_on_the_page_leads_to_a_heading() -> None:
    told = generate_docs.PAGES["claims.md"]()
    headings = {anchor_of(each) for each in re.findall(r"^#+ (.+)$", told, re.MULTILINE)}
    assert [each for each in re.findall(r"\]\(#([^)]+)\)", told) if each not in headings] == []


def test_the_tables_of_scenarios_are_collapsed() -> None:
    told = page(scenarios(), reference())
    assert "<details>\n<summary>2 claims</summary>\n\n| claim |" in told
