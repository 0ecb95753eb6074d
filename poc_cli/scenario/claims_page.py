"""The page of all shipped claims: text, source, check, mutant, and verdict of each."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from poc_cli.scenario.catalog import shipped_files
from poc_cli.scenario.loader import read
from poc_cli.scenario.model import Claim, Control
from poc_cli.scenario.scenario import Scenario
from poc_cli.shipped import shipped

THEMES: Final[Mapping[str, str]] = {
    "": "The basics",
    "lifecycle": "How an object comes and goes",
    "pins": "What keeps an object in memory",
    "storage": "What is on the disk",
    "api": "What the Hibernation API promises",
    "delivery": "Messages that arrive",
    "faults": "What breaks",
    "world": "The world outside: secrets, APIs, strangers",
    "compare": "With and without",
    "load": "How many",
    "stack": "A tRPC chat: Next.js beside sleeping sockets",
}
"""The headings, by the folders of the scenarios; a folder that is not here comes last, under its own name."""

Outcomes = Mapping[tuple[str, str], str]
"""How claims came out in the reference run, by scenario and claim."""

_HEAD: Final = """\
<!-- Made by `make docs` from scenarios/ and results/reference/local.json: change those. -->

# Claims

{count} claims in {scenarios} scenarios. Each is a sentence of the documentation, or of a thread in which users and its
authors talk about it, turned into a story that is played on the real runtime. *Judged by* names the check that judges
the record of the play, or says that the steps decide; *turned red by* names what must refute it, so that it is known
that it can fail: a control is the same story with one change, a mutant is the worker with one bug.

{reference}"""

_REFERENCE: Final = """\
*Here* is how it came out in the [reference run](../results/reference/local.json) of {date},
on {target}. *known* means that the runtime is known to do otherwise than the documentation says.
"""

_NO_REFERENCE: Final = "No reference run is recorded, so the column *here* is empty: `make reference` records one.\n"


def text() -> str:
    """Return the page as Markdown. Raises PocError where a shipped scenario cannot be read."""
    files = shipped_files()
    scenarios = {name: read(file) for name, file in files.items()}
    recorded = shipped("scenarios").parent / "results" / "reference" / "local.json"
    return page(scenarios, _document(recorded))


def _document(file: Path) -> dict[str, Any] | None:
    if not file.is_file():
        return None
    document = json.loads(file.read_text(encoding="utf-8"))
    return document if isinstance(document, dict) else None


def page(scenarios: Mapping[str, Scenario], reference: Mapping[str, Any] | None) -> str:
    """Return the page for scenarios by their names, folder and all, and a judged run, None where there is none."""
    outcomes = {} if reference is None else _outcomes(reference)
    count = sum(len(each.document.claim) for each in scenarios.values())
    head = _HEAD.format(count=count, scenarios=len(scenarios), reference=_told_of(reference))
    parts = [head, _differing(scenarios, outcomes)]
    order = list(THEMES)

    def place(name: str) -> tuple[int, str, str]:
        folder = name.rpartition("/")[0]
        return (order.index(folder) if folder in THEMES else len(order), folder, name)

    for folder, names in groupby(sorted(scenarios, key=place), key=lambda name: name.rpartition("/")[0]):
        parts.append(f"## {THEMES.get(folder, folder)}\n")
        parts += [_scenario(name, scenarios[name], outcomes) for name in names]
    return "\n".join(part for part in parts if part)


def _told_of(reference: Mapping[str, Any] | None) -> str:
    if reference is None:
        return _NO_REFERENCE
    versions = " ".join(f"{name} {version}" for name, version in reference["target"]["versions"].items())
    return _REFERENCE.format(date=reference["started"][:10], target=f"{reference['target']['kind']} ({versions})")


def _outcomes(reference: Mapping[str, Any]) -> Outcomes:
    found = {}
    for scenario in reference["scenarios"]:
        for claim in scenario["claims"]:
            known = " (known)" if claim["known"] else ""
            found[scenario["name"], claim["id"]] = "left out" if scenario["left_out"] else claim["verdict"] + known
    return found


def _differing(scenarios: Mapping[str, Scenario], outcomes: Outcomes) -> str:
    """Return the section on where documentation and runtime differ; the empty text where they do not."""
    rows = [
        (_link(name), f"`{claim.id}`", _said(claim), ", ".join(claim.known), outcomes.get((told.name, claim.id), ""))
        for name, told in ((name, scenario.document) for name, scenario in scenarios.items())
        for claim in told.claim
        if claim.known
    ]
    if not rows:
        return ""
    table = _table(("scenario", "claim", "the documentation says", "known to differ", "here"), rows)
    return f"## Where documentation and runtime differ\n\n{table}"


def _scenario(name: str, scenario: Scenario, outcomes: Outcomes) -> str:
    told = scenario.document
    rows = [
        (f"`{claim.id}`", _said(claim), _judged(claim), _red(claim), outcomes.get((told.name, claim.id), ""))
        for claim in told.claim
    ]
    table = _table(("claim", "what it says", "judged by", "turned red by", "here"), rows)
    return f"### {told.name}\n\n{told.title} ({_link(name)})\n\n{table}"


def _link(name: str) -> str:
    return f"[{name}](../scenarios/{name}.toml)"


def _said(claim: Claim) -> str:
    return claim.says if claim.source is None else f"{claim.says} ([source]({claim.source}))"


def _judged(claim: Claim) -> str:
    judged = "its steps" if claim.check is None else f"`{claim.check}`"
    return judged if claim.matrix is None else f"{judged}; matrix: {claim.matrix.row}, {claim.matrix.expects}"


def _red(claim: Claim) -> str:
    control = [] if claim.control is None else [_changed(claim.control)]
    # A mutant of our own worker is a module of it; one of another worker is a patch, in a folder of that one's name.
    ending = "patch" if "/" in (claim.mutant or "") else "ts"
    mutant = [] if claim.mutant is None else [f"mutant [{claim.mutant}](../tests/mutants/{claim.mutant}.{ending})"]
    return "; ".join([*mutant, *control])


def _changed(control: Control) -> str:
    """Return what a control changes, and what the claim must be then where that is not refuted."""
    names = [*(f"`{name}`" for name in (*control.clients, *control.vars))]
    changed = [*(["other steps"] if control.steps else []), *([f"another {', '.join(names)}"] if names else [])]
    whole = " and ".join([*changed, *(["another worker"] if control.worker else [])])
    return f"control with {whole}" + ("" if control.expect == "refuted" else f" (then {control.expect})")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
