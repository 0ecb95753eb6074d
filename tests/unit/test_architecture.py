"""ARCHITECTURE.md is true: its packages, its layers and its files are those of the code."""

import ast
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "poc_cli"
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

MODULES = sorted(PACKAGE.rglob("*.py"))
PACKAGES = sorted(module.parent for module in MODULES if module.name == "__init__.py" and module.parent != PACKAGE)


def sentence(package: Path) -> str:
    """Return the first paragraph of a package's docstring on one line."""
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    return text.split("\n\n")[0].replace("\n", " ")


def section(title: str) -> str:
    """Return the text below a heading of the page."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None, f"no section {title}"
    return found[1]


def test_every_package_is_listed_with_the_sentence_of_its_docstring() -> None:
    listed = re.findall(r"^\| `(poc_cli/[\w/]+)/` \| (.+) \|$", section("Packages"), re.MULTILINE)
    assert listed == [(package.relative_to(ROOT).as_posix(), sentence(package)) for package in PACKAGES]


def test_the_layers_are_those_of_the_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    block = re.search(r"^```\n(.*?)^```", section("Layers"), re.DOTALL | re.MULTILINE)
    assert block is not None
    assert re.split(r"\s>\s", block[1].strip()) == layers


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:poc_cli|tests|docs|worker|\.github)/[\w./-]+\w/?)`", text))
    assert {name for name in named if "NAME" not in name and not (ROOT / name).exists()} == set()


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert {link for link in links if not (page.parent / link).exists()} == set()


def test_no_two_modules_share_a_name() -> None:
    names = Counter(module.name for module in MODULES)
    assert {name for name, times in names.items() if times > 1} == {"__init__.py"}
