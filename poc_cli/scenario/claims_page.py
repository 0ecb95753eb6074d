"""Generate docs/claims.md: the text, source, check, mutant and verdict of all shipped claims."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from poc_cli.scenario.catalog import shipped_files
from poc_cli.scenario.load_model import LoadFile
from poc_cli.scenario.loader import read
from poc_cli.scenario.model import Claim, Control
from poc_cli.scenario.scenario import Scenario
from poc_cli.shipped import shipped

THEMES: Final[Mapping[str, str]] = {
    "": "The basics",
    "lifecycle": "The life cycle of an object",
    "pins": "What keeps an object in memory",
    "storage": "Storage",
    "api": "What the Hibernation API promises",
    "delivery": "Message delivery",
    "faults": "Faults and deployments",
    "world": "Secrets, external APIs and unauthorized clients",
    "compare": "With and without hibernation",
    "load": "Load",
    "stack": "A tRPC chat with Next.js and hibernating sockets",
}
"""The heading for each folder of scenarios; folders not listed here come last, under their own names."""

Outcomes = Mapping[tuple[str, str], str]
"""The verdicts in the reference run, by scenario and claim."""

_HEAD: Final = """\
<!-- Made by `make docs` from scenarios/ and results/reference/: change those. -->

# Claims

{count} claims in {scenarios} scenarios. Each is taken from the documentation, or from a discussion between users and
its authors, and turned into a story that is played on the real runtime. *Judged by* names the check that judges the
record of the play, or says that the steps decide. *Refuted by* names what must refute the claim, which shows that it
can fail: a control is the same story with one change, a mutant is the worker with one bug.

{reference}"""

_REFERENCE: Final = """\
*Verdict* is the verdict in the [reference run](../results/reference/local.json) of {date},
on {target}. *known* means that the runtime is known to differ from the documentation.
"""

_OTHERS: Final = """\
What `--all` leaves out, because it is slow, builds an app or is a load,
was played [by itself](../results/reference/others.json)
on {dates}.
"""

_NO_REFERENCE: Final = "No reference run is recorded, so the column *verdict* is empty; `make reference` records one.\n"


_CHANGES: Final = "https://developers.cloudflare.com/changelog/post"
_BEST_PRACTICES: Final = "https://developers.cloudflare.com/durable-objects/best-practices"

_CONTRADICTED: Final = (
    (
        "sockets in a deployment with deferred updates, the default since wrangler 4.141.0",
        f"Hibernatable sockets stay open ([changelog]({_CHANGES}/2026-08-13-durable-objects-deferred-code-updates/)).",
        f"Code updates disconnect all WebSockets ([Use WebSockets]({_BEST_PRACTICES}/websockets/)).",
        "`sockets-live-through-a-deferred-update` of `poc run redeploy-deferred --target cloudflare`: held or refuted",
    ),
    (
        "a pending `fetch()` to a server outside",
        f"It never keeps an object alive ([changelog]({_CHANGES}/2026-06-19-outbound-connections-keep-dos-alive/)).",
        f"It keeps an object running ([changelog]({_CHANGES}/2026-10-01-pending-io-keep-alive/)).",
        "a story with a `fetch()` that nobody awaits, left alone for three minutes, with `--target cloudflare`",
    ),
)
"""Where two pages say different things: the subject, both statements, and what shows which one is true."""

_NOT_MEASURED: Final = """\
## Where the documentation contradicts itself

Read on 2026-11-30. Nothing on this machine shows which statement is true; a run on an account would.

"""


def text() -> str:
    """Return the page as Markdown. Raises PocError if a shipped scenario cannot be read."""
    files = shipped_files()
    scenarios = {name: read(file) for name, file in files.items()}
    folder = shipped("scenarios").parent / "results" / "reference"
    others = _document(folder / "others.json")
    return page(scenarios, _document(folder / "local.json"), () if others is None else others["runs"])


def _document(file: Path) -> dict[str, Any] | None:
    if not file.is_file():
        return None
    document = json.loads(file.read_text(encoding="utf-8"))
    return document if isinstance(document, dict) else None


def page(
    scenarios: Mapping[str, Scenario], reference: Mapping[str, Any] | None, others: Sequence[Mapping[str, Any]] = ()
) -> str:
    """Return the page for scenarios (by name, including the folder) and a judged run, if there is one.

    `others` are runs of what the reference run leaves out.
    """
    outcomes = {} if reference is None else _all_outcomes(scenarios.values(), (*others, reference))
    count = sum(len(each.document.claim) for each in scenarios.values())
    head = _HEAD.format(count=count, scenarios=len(scenarios), reference=_verdict_column(reference, others))
    contradicted = _table(("subject", "one page", "another page", "what shows it"), _CONTRADICTED)
    parts = [head, _differing(scenarios, reference, outcomes), _NOT_MEASURED + contradicted]
    order = list(THEMES)

    def place(name: str) -> tuple[int, str, str]:
        folder = name.rpartition("/")[0]
        return (order.index(folder) if folder in THEMES else len(order), folder, name)

    grouped = groupby(sorted(scenarios, key=place), key=lambda name: name.rpartition("/")[0])
    themes = [(THEMES.get(folder, folder), list(names)) for folder, names in grouped]
    parts.insert(1, _contents(themes, scenarios))
    for heading, names in themes:
        parts.append(f"## {heading}\n")
        parts += [_scenario(name, scenarios[name], outcomes) for name in names]
    return "\n".join(part for part in parts if part)


def _contents(themes: Iterable[tuple[str, Sequence[str]]], scenarios: Mapping[str, Scenario]) -> str:
    """Return a line for each theme with its scenarios, whose tables are collapsed."""
    rows = [
        (
            f"[{heading}](#{anchor_of(heading)})",
            str(sum(len(scenarios[name].document.claim) for name in names)),
            ", ".join(f"[{scenarios[name].document.name}](#{scenarios[name].document.name})" for name in names),
        )
        for heading, names in themes
    ]
    return _table(("theme", "claims", "scenarios"), rows)


def anchor_of(heading: str) -> str:
    """Return the anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _verdict_column(reference: Mapping[str, Any] | None, others: Sequence[Mapping[str, Any]]) -> str:
    if reference is None:
        return _NO_REFERENCE
    dates = ", ".join(sorted({each["started"][:10] for each in others}))
    versions = " ".join(f"{name} {version}" for name, version in reference["target"]["versions"].items())
    target = f"{reference['target']['kind']} ({versions})"
    return _REFERENCE.format(date=reference["started"][:10], target=target) + (
        _OTHERS.format(dates=dates) if dates else ""
    )


def _all_outcomes(scenarios: Iterable[Scenario], runs: Sequence[Mapping[str, Any]]) -> Outcomes:
    """Return the verdict of each claim, or why there is none."""
    reasons = {each["name"]: each["left_out"] for run in runs for each in run["scenarios"] if each["left_out"]}
    found: dict[tuple[str, str], str] = {}
    for scenario in scenarios:
        name = scenario.document.name
        command = "load" if isinstance(scenario.document, LoadFile) else "run"
        why = f"left out: {reasons[name].split(';')[0]}" if name in reasons else f"not recorded: `poc {command} {name}`"
        found |= {(name, claim.id): why for claim in scenario.document.claim}
    for run in runs:
        found |= _outcomes(run)
    return found


def _outcomes(reference: Mapping[str, Any]) -> Outcomes:
    found = {}
    for scenario in reference["scenarios"]:
        for claim in scenario["claims"]:
            known = " (known)" if claim["known"] else ""
            found[scenario["name"], claim["id"]] = "left out" if scenario["left_out"] else claim["verdict"] + known
    return found


def _differing(scenarios: Mapping[str, Scenario], reference: Mapping[str, Any] | None, outcomes: Outcomes) -> str:
    """Return the section on where documentation and runtime differ; the empty string if they do not."""
    rows = [
        (
            _link(name),
            f"`{claim.id}`",
            _statement(claim),
            ", ".join(claim.known),
            outcomes.get((file.name, claim.id), ""),
        )
        for name, file in ((name, scenario.document) for name, scenario in scenarios.items())
        for claim in file.claim
        if claim.known
    ]
    if not rows:
        return ""
    table = _table(("scenario", "claim", "the documentation says", "known to differ", "verdict"), rows)
    measured = "" if reference is None else f"Measured on {reference['started'][:10]} by the reference run.\n\n"
    return f"## Where documentation and runtime differ\n\n{measured}{table}"


def _scenario(name: str, scenario: Scenario, outcomes: Outcomes) -> str:
    document = scenario.document
    rows = [
        (
            f"`{claim.id}`",
            _statement(claim),
            _judged(claim),
            _refuted_by(claim),
            outcomes.get((document.name, claim.id), ""),
        )
        for claim in document.claim
    ]
    table = _table(("claim", "statement", "judged by", "refuted by", "verdict"), rows)
    number = len(document.claim)
    folded = f"<details>\n<summary>{number} claim{'' if number == 1 else 's'}</summary>\n\n{table}\n</details>\n"
    return f"### {document.name}\n\n{document.title} ({_link(name)})\n\n{folded}"


def _link(name: str) -> str:
    return f"[{name}](../scenarios/{name}.toml)"


def _statement(claim: Claim) -> str:
    return claim.says if claim.source is None else f"{claim.says} ([source]({claim.source}))"


def _judged(claim: Claim) -> str:
    judged = "its steps" if claim.check is None else f"`{claim.check}`"
    return judged if claim.matrix is None else f"{judged}; matrix: {claim.matrix.row}, {claim.matrix.expects}"


def _refuted_by(claim: Claim) -> str:
    control = [] if claim.control is None else [_changed(claim.control)]
    # A mutant of poc's worker replaces a module; a mutant of another worker is a patch in a folder named after it.
    ending = "patch" if "/" in (claim.mutant or "") else "ts"
    mutant = [] if claim.mutant is None else [f"mutant [{claim.mutant}](../tests/mutants/{claim.mutant}.{ending})"]
    return "; ".join([*mutant, *control])


def _changed(control: Control) -> str:
    """Return what a control changes, and the expected verdict if it is not refuted."""
    names = [*(f"`{name}`" for name in (*control.clients, *control.vars))]
    changed = [*(["other steps"] if control.steps else []), *([f"another {', '.join(names)}"] if names else [])]
    whole = " and ".join([*changed, *(["another worker"] if control.worker else [])])
    return f"control with {whole}" + ("" if control.expect == "refuted" else f" (expected: {control.expect})")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
