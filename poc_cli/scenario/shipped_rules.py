"""The rules of `poc lint --strict`: each claim has a source and can fail."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final
from urllib.parse import urlsplit

from poc_cli.errors import ScenarioError, did_you_mean
from poc_cli.scenario.loader import LONGEST_LINE
from poc_cli.scenario.model import Claim
from poc_cli.scenario.positions import locate
from poc_cli.scenario.scenario import Scenario
from poc_cli.scenario.validation_errors import Problem
from poc_cli.scenario.values import Path, shown

_SCHEMES: Final = frozenset({"http", "https"})


def errors_of(scenario: Scenario, stem: str, mutants: AbstractSet[str] | None) -> list[ScenarioError]:
    """Return an error for each violation, in file order.

    `stem` is the file name without its suffix; `mutants` are the names of all mutants, None if unknown.
    """
    positions = locate(scenario.text)
    lines = scenario.text.split("\n")
    errors = []
    for problem in _problems(scenario, stem, mutants):
        place = positions.of(problem.path) if problem.at == "key" else positions.value(problem.path)
        line = lines[place.line - 1].rstrip("\r").replace("\t", " ")
        errors.append(
            ScenarioError(
                scenario.file,
                problem.message,
                position=place,
                source_line=line if line.isprintable() and len(line) <= LONGEST_LINE else None,
                advice=problem.advice,
            )
        )
    return sorted(errors, key=lambda error: error.position or positions.of(()))


def _problems(scenario: Scenario, stem: str, mutants: AbstractSet[str] | None) -> Iterator[Problem]:
    name = scenario.document.name
    if name != stem:
        advice = f'name the file {name}.toml, or write name = "{stem}"'
        yield Problem(("name",), f"{shown(name)} is not the name of the file, which is {shown(stem)}", advice)
    if not scenario.document.claim:
        yield Problem((), "the story has no claims", "add a [[claim]]")
    for index, claim in enumerate(scenario.document.claim):
        yield from _claim(claim, ("claim", index), mutants)


def _claim(claim: Claim, path: Path, mutants: AbstractSet[str] | None) -> Iterator[Problem]:
    if claim.source is None:
        advice = 'add source = "https://…", the page that supports it'
        yield Problem((*path, "id"), f"the claim {shown(claim.id)} has no source", advice)
    elif not _is_address(claim.source):
        yield Problem((*path, "source"), f"{shown(claim.source)} is not a URL that starts with https:// or http://")
    if claim.control is None and claim.mutant is None:
        advice = "add a control, or a mutant that refutes it"
        yield Problem((*path, "id"), f"nothing shows that the claim {shown(claim.id)} can fail", advice)
    if claim.mutant is not None and mutants is not None and claim.mutant not in mutants:
        message = f"there is no mutant {shown(claim.mutant)} in tests/mutants"
        yield Problem((*path, "mutant"), message, did_you_mean(claim.mutant, mutants))


def _is_address(source: str) -> bool:
    try:
        parts = urlsplit(source)
    except ValueError:
        return False
    return parts.scheme in _SCHEMES and bool(parts.hostname) and " " not in source
