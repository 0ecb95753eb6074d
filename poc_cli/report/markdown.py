"""A judged run as Markdown for a pull request: the result, the matrix, what did not hold, and the rest collapsed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

from poc_cli.history.event import Event
from poc_cli.inert import inert
from poc_cli.judge.document_types import (
    CellDocument,
    ClaimDocument,
    LoadDocument,
    RunDocument,
    ScenarioDocument,
    SessionDocument,
)
from poc_cli.report.cause_lines import again, others_by_the_same_step, step_text
from poc_cli.report.excerpt import Excerpts
from poc_cli.report.failure_causes import Cause, Causes, is_reported, known_defects
from poc_cli.report.matrix_table import Table, cell_text, table
from poc_cli.report.object_use import object_uses, pins_on_cloudflare
from poc_cli.report.question import question_answers
from poc_cli.report.session_view import MEANINGS, states, value_text
from poc_cli.report.styled import plain
from poc_cli.report.target_summary import (
    KNOWN,
    counted,
    evidence_text,
    known_defect,
    repeats,
    rests_on,
    sleep_onset,
)
from poc_cli.report.text import INCOMPLETE, verdict_line

LARGEST_BYTES: Final = 60_000
"""A comment on GitHub holds 65,536 characters; this leaves room for text around the report."""

LONGEST_TEXT: Final = 1_500
"""Characters of one reason or sentence, so that what a worker sent cannot crowd out the other claims."""

LONGEST_NAME: Final = 200
"""Characters of a name; those of shipped scenarios have about 20."""

EVENTS_LISTED: Final = 12
"""Ids of evidence that a claim lists; all are in run.json."""

LONGEST_URL: Final = 500
"""Characters of a URL; a longer source is shown as text."""

_CLOSING_BYTES: Final = 400
"""Reserved for the sentence that says what was cut, and for the end of the collapsed part."""

_ENTITIES: Final = {character: f"&#{ord(character)};" for character in "&<>|`$"}
"""Characters that a backslash does not escape, or not inside a table."""

_ESCAPED: Final = re.compile(r"[\\*_\[\]~#]")
_ACTIVE: Final = re.compile(r"@(?=[\w-])|(?<=\w)://|(?<=\bwww)\.|(?<=\bGH)-(?=\d)|#(?=\d)|:(?=[\w+-]+:)", re.IGNORECASE)
_BREAK: Final = "\u200b"
"""A zero-width space; it breaks up what GitHub would turn into a mention, a link, a reference or an emoji."""

_FAILING: Final = {"error": "Could not be judged", "refuted": "Refuted", "unknown": "Unknown"}


def markdown(
    document: RunDocument, events: Iterable[Event | None] = (), *, above: str = "", largest: int = LARGEST_BYTES
) -> str:
    """Return the report in at most `largest` bytes; what does not fit is counted at its end.

    `events` is the history, quoted for claims that did not hold; `above` is Markdown to put first.
    """
    page = _Page(largest)
    events = list(events)
    excerpts = Excerpts(events)
    page.add(above, "tables of gates")
    for each in question_answers(document):
        page.add(f"**{text(each.question)}** {text(each.answer)}: {text(each.because)}")
    answer, *rest = verdict_line(document)
    page.add(f"**poc: {text(answer[0])}** {text(plain(rest).strip())}")
    mark = f" {INCOMPLETE}" if document["error"] else ""
    if mark:
        page.add(f"The record of this run is incomplete: {text(document['error'])}.")
    again = repeats(document)
    page.add("" if again is None else f"Repeated: {text(again)}.")
    page.add("\n".join(_matrix(table(document["matrix"]))))
    page.add(text(sleep_onset(document) or "") if document.get("sleep_onset") else "")
    for section in document.get("load") or []:
        page.add("\n".join(_load(section)))
    claims = [(scenario, claim) for scenario in document["scenarios"] for claim in scenario["claims"]]
    causes = Causes(events)
    found = {scenario["name"]: causes.of(scenario) for scenario in document["scenarios"]}
    for scenario in document["scenarios"]:
        page.add(_problems(scenario, stopped=not is_reported(causes.ending(scenario), found[scenario["name"]])))
        if "session" in scenario:
            page.add(_session(scenario["name"], scenario["session"]))
    for verdict, heading in _FAILING.items():
        for cause in (each for of_scenario in found.values() for each in of_scenario):
            if cause.verdict == verdict:
                short = _claim(cause.scenario, cause.claims[0], mark) + _others(cause)
                page.item(f"### {heading}", short, short + _quoted(_details(document, cause, excerpts)))
    held = [_claim(*each, mark) for each in claims if each[1]["verdict"] == "held"]
    known = [_claim(*each, "") for each in known_defects(document)]
    page.folded(counted(KNOWN, len(known)), known)
    page.folded(f"{len(held)} held{mark}", held)
    uses = [f"- {text(scenario['name'], LONGEST_NAME)}: {text(use)}" for scenario, use in _uses(document)]
    page.folded(f"{len(uses)} object{'' if len(uses) == 1 else 's'}: time in memory, and wakes", uses)
    return page.text("The record of this run is incomplete, so nothing here counts as a pass." if mark else "")


def _uses(document: RunDocument) -> Iterable[tuple[ScenarioDocument, str]]:
    return ((scenario, use) for scenario in document["scenarios"] for use in object_uses(scenario))


def _others(cause: Cause) -> str:
    others = others_by_the_same_step(cause)
    return f"\\\n  By the same step: {text(others)}" if others else ""


def _details(document: RunDocument, cause: Cause, excerpts: Excerpts) -> list[str]:
    if cause.step is None:
        return excerpts.around(cause.claims[0]["evidence"])
    return step_text(cause.step, again(document, cause.scenario))


def text(value: object, longest: int = LONGEST_TEXT) -> str:
    """Return a text on one line, escaped so that GitHub shows it literally, cut at `longest` characters."""
    # White space at either end would break the emphasis around it.
    whole = inert(str(value)).strip() or "(empty)"
    cut = f" … ({len(whole) - longest:,} characters more)" if len(whole) > longest else ""
    parted = _ACTIVE.sub(lambda match: _parted(match[0]), whole[:longest])
    escaped = _ESCAPED.sub(lambda match: "\\" + match[0], parted)
    return "".join(_ENTITIES.get(character, character) for character in escaped) + cut


def _parted(active: str) -> str:
    return ":" + _BREAK + active[1:] if active.startswith(":") else active + _BREAK


def link(url: object) -> str:
    """Return a link for an http or https URL, and any other value as text."""
    whole = str(url)
    try:
        parts = urlsplit(whole)
        address = parts.scheme in {"http", "https"} and bool(parts.hostname) and len(whole) <= LONGEST_URL
    except ValueError:
        address = False
    if not address or whole != inert(whole) or re.search(r"\s", whole):
        return text(whole)
    # Quoted so that nothing can end the URL, the link or a table cell.
    safe = quote(whole, safe="/:?#@!$*+,;=%~._-&'", errors="replace").replace("&", "&amp;")
    return f"[{text(parts.hostname)}](<{safe}>)"


def _matrix(filled: Table) -> list[str]:
    if not filled.rows:
        return []
    lines = [
        "| What | " + " | ".join(map(text, filled.columns)) + " |",
        "|---|" + "---|" * len(filled.columns),
    ]
    for row in filled.rows:
        cells = [_cell(filled.cell(row, column)) for column in filled.columns]
        lines.append(f"| {text(row)} | {' | '.join(cells)} |")
    return lines


def _load(section: LoadDocument) -> list[str]:
    from poc_cli.report.load_text import heading, rows

    head = [f"**{text(section['scenario'], LONGEST_NAME)}**: {text(heading(section))}", "", "| | |", "|---|---|"]
    return [*head, *(f"| {text(name)} | {text(value)} |" for name, value in rows(section))]


def _session(name: str, session: SessionDocument) -> str:
    """Return the gaps of a session by their state, and each loss with what was expected and seen."""
    of_state = {state: [each for each in session["gaps"] if each["state"] == state] for state in states(session)}
    lines = [f"**{text(name, LONGEST_NAME)}** with sleeps in {len(session['gaps'])} gaps:", ""]
    lines += [f"- {len(gaps)} {MEANINGS[state]}" for state, gaps in of_state.items()]
    for loss in session["losses"]:
        lines += ["", f"Evicted {text(loss['where'])}: {text(loss['says'])}", ""]
        lines += ["| | |", "|---|---|"]
        lines += [
            f"| expected | {text(value_text(loss['expected']))} |",
            f"| seen | {text(value_text(loss['seen']))} |",
        ]
        lines += ["", f"It looks like {text(loss['looks_like'])} ({link(loss['read'])})."]
    return "\n".join(lines)


def _cell(cell: CellDocument | None) -> str:
    if cell is None:
        return "not tested"
    if cell["as_documented"] is not False:
        return text(cell_text(cell))
    return f"⚠️ **{text(cell_text(cell))}**, not as documented: {text(', '.join(cell['claims']), LONGEST_NAME)}"


def _problems(scenario: ScenarioDocument, *, stopped: bool) -> str:
    endings = (
        ("could not be run", scenario["error"]),
        ("ended early", scenario["stopped"] if stopped else None),
        ("was left out", scenario["left_out"]),
    )
    name = text(scenario["name"], LONGEST_NAME)
    found = [f"- **{name}** {word}: {text(reason)}" for word, reason in endings if reason]
    found += [
        f"- **{name}/{text(each['id'], LONGEST_NAME)}** was left out: {text(each['reason'])}"
        for each in scenario.get("left_out_claims", ())
    ]
    found += [f"- **{name}**: not evicted: {text(each)}" for each in scenario.get("not_evicted", ())]
    if scenario["verdict"] != "held":
        found += [f"- **{name}** on Cloudflare: {text(each)}" for each in pins_on_cloudflare(scenario)]
    for replay in scenario["replayed"]:
        which = "" if replay["play"] == scenario["name"] else f" ({text(replay['play'], LONGEST_NAME)})"
        found.append(f"- **{name}** was repeated{which}: {text(replay['reason'])}")
    return "\n".join(found)


def _claim(scenario: ScenarioDocument, claim: ClaimDocument, mark: str) -> str:
    held_of = claim["held_of"]
    known = f" ({note})" if (note := known_defect(claim)) else ""
    known += f" (held {held_of['k']} of {held_of['n']})" if held_of["n"] > 1 else ""
    name = f"{text(scenario['name'], LONGEST_NAME)}/{text(claim['id'], LONGEST_NAME)}"
    lines = [
        f"- **{name}**{known}{mark}: {text(claim['says'])}",
        f"  {claim['verdict'].capitalize()}: {text(claim['reason'])}",
    ]
    control = claim["control"]
    if claim["verdict"] == "held" and control is not None and control["verdict"] == "not run":
        lines.append(f"  Its control was not run: {text(control['reason'])}")
    proof = [f"source: {link(claim['source'])}"] if claim["source"] else []
    proof += [f"evidence: {evidence_text(claim['evidence'], EVENTS_LISTED)}"] if claim["evidence"] else []
    proof += [f"rests on {text(losses)}"] if (losses := rests_on(claim)) else []
    if proof:
        lines.append("  " + "; ".join(proof))
    # A backslash is a line break too, and editors do not strip it as they do two trailing spaces.
    return "\\\n".join(lines)


def _quoted(lines: list[str]) -> str:
    """Return lines of a transcript as a code block in a list; the fence is longer than any inside."""
    if not lines:
        return ""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n\n" + "\n".join(f"  {line}" for line in [f"{fence}text", *lines, fence])


@dataclass(slots=True)
class _Page:
    """A text of limited size; it counts the blocks that do not fit."""

    largest: int
    blocks: list[str] = field(default_factory=list)
    headings: set[str] = field(default_factory=set)
    size: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def add(self, block: str, kind: str = "other parts") -> bool:
        """Add a block if it fits; return whether it did."""
        if not block:
            return True
        if not self.fits(block):
            self.refused[kind] = self.refused.get(kind, 0) + 1
            return False
        self.blocks.append(block)
        self.size += _size(block)
        return True

    def fits(self, block: str) -> bool:
        """Return whether a block fits."""
        return self.size + _size(block) <= self.largest - _CLOSING_BYTES

    def item(self, heading: str, short: str, whole: str) -> None:
        """Add a list item below a heading, in its short form if the whole does not fit."""
        head = "" if heading in self.headings else f"{heading}\n\n"
        if (self.fits(head + whole) and self.add(head + whole)) or self.add(head + short, "claims that did not hold"):
            self.headings.add(heading)

    def folded(self, summary: str, items: list[str]) -> None:
        """Add a collapsed list of items."""
        if items and self.add(f"<details>\n<summary>{summary}</summary>", "lists of claims that held"):
            for item in items:
                self.add(item, "claims that held")
            self.blocks.append("</details>")

    def text(self, ending: str) -> str:
        """Return the text, with `ending` as its last paragraph."""
        cut = ", ".join(f"{number} {kind}" for kind, number in self.refused.items())
        missing = f"Truncated to fit into a comment: {cut} are not shown; `poc report --format json` has everything."
        return "\n\n".join([*self.blocks, *([missing] if cut else []), *([ending] if ending else [])]) + "\n"


def _size(block: str) -> int:
    return len(block.encode("utf-8", "replace")) + 2  # plus the empty line after it
