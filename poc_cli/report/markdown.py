"""A judged run as Markdown for a pull request: the answer, the matrix, what did not hold, and the rest folded away."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlsplit

from poc_cli.history.event import Event
from poc_cli.inert import inert
from poc_cli.report.excerpt import Excerpts
from poc_cli.report.matrix_table import Table, table
from poc_cli.report.question import answered
from poc_cli.report.styled import plain
from poc_cli.report.target_summary import repeats, sleep_onset
from poc_cli.report.text import NOT_WHOLE, verdict_line

LARGEST_BYTES: Final = 60_000
"""A comment on GitHub takes 65,536 characters; the rest is for whoever puts this into a larger text."""

LONGEST_TEXT: Final = 1_500
"""Characters of one reason or sentence; what a worker sent must not push the other claims out."""

LONGEST_NAME: Final = 200
"""Characters of a name; ours have some twenty."""

EVENTS_LISTED: Final = 12
"""Ids of evidence that a claim lists; all are in run.json."""

LONGEST_URL: Final = 500
"""Characters; a source is the address of a page."""

_CLOSING_BYTES: Final = 400
"""Left for the sentence that says what was cut, and for the end of the folded part."""

_ENTITIES: Final = {character: f"&#{ord(character)};" for character in "&<>|`$"}
"""Characters that mean something in Markdown even where a backslash stands before them, or inside a table."""

_ESCAPED: Final = re.compile(r"[\\*_\[\]~#]")
_ACTIVE: Final = re.compile(r"@(?=[\w-])|(?<=\w)://|(?<=\bwww)\.|(?<=\bGH)-(?=\d)|#(?=\d)|:(?=[\w+-]+:)", re.IGNORECASE)
_BREAK: Final = "\u200b"
"""A space of no width: it parts what GitHub would make a mention, a link, a reference or an emoji of."""

_FAILING: Final = {"error": "Could not be carried out", "refuted": "Refuted", "unknown": "Unknown"}


def markdown(
    document: dict[str, Any], events: Iterable[Event | None] = (), *, above: str = "", largest: int = LARGEST_BYTES
) -> str:
    """Return the whole report, below `largest` bytes; what had to be left out is counted at its end.

    `events` is the history, to quote from what did not hold; `above` is Markdown that stands over it all.
    """
    page = _Page(largest)
    excerpts = Excerpts(events)
    page.add(above, "tables of gates")
    for each in answered(document):
        page.add(f"**{text(each.question)}** {text(each.answer)}: {text(each.because)}")
    answer, *rest = verdict_line(document)
    page.add(f"**poc: {text(answer[0])}** {text(plain(rest).strip())}")
    mark = f" {NOT_WHOLE}" if document["error"] else ""
    if mark:
        page.add(f"The record of this run is not whole: {text(document['error'])}.")
    again = repeats(document)
    page.add("" if again is None else f"Played again: {text(again)}.")
    page.add("\n".join(_matrix(table(document["matrix"]))))
    page.add(text(sleep_onset(document) or "") if document.get("sleep_onset") else "")
    for section in document.get("load") or []:
        page.add("\n".join(_load(section)))
    claims = [(scenario, claim) for scenario in document["scenarios"] for claim in scenario["claims"]]
    for scenario in document["scenarios"]:
        page.add(_mishap(scenario))
    for verdict, heading in _FAILING.items():
        for scenario, claim in claims:
            if claim["verdict"] == verdict:
                told = _claim(scenario, claim, mark)
                page.item(f"### {heading}", told, told + _quoted(excerpts.around(claim["evidence"])))
    held = [_claim(*each, mark) for each in claims if each[1]["verdict"] == "held"]
    page.folded(f"{len(held)} held{mark}", held)
    return page.text("The record of this run is not whole, so nothing here counts as a pass." if mark else "")


def text(value: object, longest: int = LONGEST_TEXT) -> str:
    """Return a text that Markdown and GitHub show as it is, on one line; beyond `longest` characters it is cut."""
    # Blanks at its ends would undo the stars around it.
    whole = inert(str(value)).strip() or "(empty)"
    cut = f" … ({len(whole) - longest:,} characters more)" if len(whole) > longest else ""
    parted = _ACTIVE.sub(lambda match: _parted(match[0]), whole[:longest])
    escaped = _ESCAPED.sub(lambda match: "\\" + match[0], parted)
    return "".join(_ENTITIES.get(character, character) for character in escaped) + cut


def _parted(active: str) -> str:
    return ":" + _BREAK + active[1:] if active.startswith(":") else active + _BREAK


def link(url: object) -> str:
    """Return a link for an http or https address, and anything else as text."""
    whole = str(url)
    try:
        parts = urlsplit(whole)
        address = parts.scheme in {"http", "https"} and bool(parts.hostname) and len(whole) <= LONGEST_URL
    except ValueError:
        address = False
    if not address or whole != inert(whole) or re.search(r"\s", whole):
        return text(whole)
    # Nothing stays that could end the address, the link, or a cell of a table.
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


def _load(section: dict[str, Any]) -> list[str]:
    from poc_cli.report.load_text import heading, rows

    head = [f"**{text(section['scenario'], LONGEST_NAME)}**: {text(heading(section))}", "", "| | |", "|---|---|"]
    return [*head, *(f"| {text(name)} | {text(told)} |" for name, told in rows(section))]


def _cell(cell: dict[str, Any] | None) -> str:
    if cell is None:
        return "not tested"
    if cell["as_documented"]:
        return text(cell["value"])
    return f"⚠️ **{text(cell['value'])}**, not as documented: {text(', '.join(cell['claims']), LONGEST_NAME)}"


def _mishap(scenario: dict[str, Any]) -> str:
    told = {"error": "could not be played", "stopped": "ended early", "left_out": "was left out"}
    name = text(scenario["name"], LONGEST_NAME)
    mishaps = [f"- **{name}** {words}: {text(scenario[key])}" for key, words in told.items() if scenario[key]]
    mishaps += [
        f"- **{name}/{text(each['id'], LONGEST_NAME)}** was left out: {text(each['reason'])}"
        for each in scenario.get("left_out_claims", ())
    ]
    for replay in scenario["replayed"]:
        which = "" if replay["play"] == scenario["name"] else f" ({text(replay['play'], LONGEST_NAME)})"
        mishaps.append(f"- **{name}** played again{which}: {text(replay['reason'])}")
    return "\n".join(mishaps)


def _claim(scenario: dict[str, Any], claim: dict[str, Any], mark: str) -> str:
    held_of = claim["held_of"]
    known = _known(claim) + (f" (held {held_of['k']} of {held_of['n']})" if held_of["n"] > 1 else "")
    name = f"{text(scenario['name'], LONGEST_NAME)}/{text(claim['id'], LONGEST_NAME)}"
    lines = [
        f"- **{name}**{known}{mark}: {text(claim['says'])}",
        f"  {claim['verdict'].capitalize()}: {text(claim['reason'])}",
    ]
    control = claim["control"]
    if control is not None and control["verdict"] == "not run":
        lines.append(f"  Its control was not run: {text(control['reason'])}")
    proof = [f"source: {link(claim['source'])}"] if claim["source"] else []
    proof += [_evidence(claim["evidence"])] if claim["evidence"] else []
    if proof:
        lines.append("  " + "; ".join(proof))
    # Two spaces at the end of a line would be cut by editors; a backslash breaks it as well.
    return "\\\n".join(lines)


def _quoted(lines: list[str]) -> str:
    """Return lines of a transcript as a block of code in a list, which nothing inside can end."""
    if not lines:
        return ""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n\n" + "\n".join(f"  {line}" for line in [f"{fence}text", *lines, fence])


def _known(claim: dict[str, Any]) -> str:
    if claim["known"] is None:
        return ""
    return " (known here)" if claim["known"] == claim["verdict"] else f" (known here as {text(claim['known'])})"


def _evidence(ids: list[int]) -> str:
    listed = ", ".join(str(each) for each in sorted(ids)[:EVENTS_LISTED])
    more = f" and {len(ids) - EVENTS_LISTED} more" if len(ids) > EVENTS_LISTED else ""
    return f"evidence: event{'s' if len(ids) > 1 else ''} {listed}{more}"


@dataclass(slots=True)
class _Page:
    """A text that grows block by block until it is full, and counts what it could not take."""

    largest: int
    blocks: list[str] = field(default_factory=list)
    headings: set[str] = field(default_factory=set)
    size: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def add(self, block: str, kind: str = "other parts") -> bool:
        """Take a block unless it is too much; give whether it was taken."""
        if not block:
            return True
        if not self.fits(block):
            self.refused[kind] = self.refused.get(kind, 0) + 1
            return False
        self.blocks.append(block)
        self.size += _size(block)
        return True

    def fits(self, block: str) -> bool:
        """Return whether there is room for a block."""
        return self.size + _size(block) <= self.largest - _CLOSING_BYTES

    def item(self, heading: str, short: str, whole: str) -> None:
        """Take an item of a list below a heading, in short where there is no room for the whole."""
        head = "" if heading in self.headings else f"{heading}\n\n"
        if (self.fits(head + whole) and self.add(head + whole)) or self.add(head + short, "claims that did not hold"):
            self.headings.add(heading)

    def folded(self, summary: str, items: list[str]) -> None:
        """Take the items of a list that is folded away."""
        if items and self.add(f"<details>\n<summary>{summary}</summary>", "lists of claims that held"):
            for item in items:
                self.add(item, "claims that held")
            self.blocks.append("</details>")

    def text(self, ending: str) -> str:
        """Return the whole text, below it that sentence of ours."""
        cut = ", ".join(f"{number} {kind}" for kind, number in self.refused.items())
        missing = f"Cut to fit into a comment: {cut} are not shown here; `poc report --format json` has all."
        return "\n\n".join([*self.blocks, *([missing] if cut else []), *([ending] if ending else [])]) + "\n"


def _size(block: str) -> int:
    return len(block.encode("utf-8", "replace")) + 2  # the empty line after it
