"""A comparison of two runs for the terminal: what got worse, the other claims, the figures, the result."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from poc_cli.exit_codes import ExitCode
from poc_cli.judge.claim_diff import AFTER, BEFORE, ClaimChange, Comparison, Kind
from poc_cli.judge.document_types import RunDocument
from poc_cli.judge.figure_diff import Change, FigureDiff, Spread
from poc_cli.report.styled import Line, Span, span
from poc_cli.report.text import STYLES

_NAMES: Final = {
    "wake_ms": "a wake",
    "warm_ms": "a warm reply",
    "asleep_after_ms": "idle sleep began after",
    "storm_ms": "a reply in a wake storm",
    "broadcast_ms": "a broadcast",
}
_IN_SECONDS: Final = frozenset({"asleep_after_ms"})
_WORDS: Final = {"asleep_after_ms": ("later", "earlier")}
_SLOWER: Final = ("slower", "faster")

_HEADINGS: Final = {Kind.worse: "bold red", Kind.left_out: "bold yellow", Kind.gone: "bold yellow"}

_NAME, _CELL, _RATIO, _INTERVAL = 28, 12, 6, 14
"""Widths of the columns of figures; with the word at the end they fit into 80 columns."""


def lines(comparison: Comparison, before: tuple[str, RunDocument], after: tuple[str, RunDocument]) -> list[Line]:
    """Return the comparison; each run comes with the name that the user gave it."""
    found: list[Line] = [_run(BEFORE, *before), _run(AFTER, *after)]
    for each in comparison.differences:
        message = f"{each.before} → {each.after}"
        found.append([span("        "), span(f"{each.what}: ", "yellow"), span(message)])
    for run, why in comparison.flaws:
        message = f"the record of the run {run} is incomplete, so it proves nothing: "
        found.append([span(message, STYLES["error"]), span(why)])
    found.append([])
    for kind in Kind:
        if kind is not Kind.same and comparison.of(kind):
            found += [[span(kind.value, _HEADINGS.get(kind, "bold"))], *_kind(comparison, kind), []]
    same = comparison.of(Kind.same)
    found += [*_same(same), []]
    if comparison.figures:
        found += [*_figures(comparison.figures), []]
    return [*found, answer(comparison)]


def answer(comparison: Comparison) -> Line:
    """Return the result of the comparison in one line."""
    worse = len(comparison.of(Kind.worse))
    changed = sum(change.changed is True for figure in comparison.figures for change in figure.changes)
    if comparison.exit_code is ExitCode.FAILED:
        return [span("no result: the record of a run is incomplete", STYLES["error"])]
    claims = "no claim got worse" if not worse else f"{worse} claim{'s' * (worse > 1)} got worse"
    counted = Counter(claim.kind.value for claim in comparison.claims)
    others = [f"{counted[kind.value]} {kind.value}" for kind in Kind if counted[kind.value] and kind is not Kind.worse]
    figures = "no figure changed" if not changed else f"{changed} figure{'s' * (changed > 1)} changed"
    style = STYLES["refuted"] if worse else STYLES["held"]
    return [span(claims, style), span(f" ({', '.join(others)}); {figures}" if others else f"; {figures}")]


def _run(side: str, name: str, document: RunDocument) -> Line:
    target = document["target"]
    versions = ", ".join(f"{each} {version}" for each, version in (target.get("versions") or {}).items())
    where = f"{target.get('kind') or 'no target'}" + (f", {versions}" if versions else "")
    started = str(document.get("started") or "")[: len("2026-11-22")]
    return [span(f"{side:<8}", "bold"), span(name), span(f"  ({where}{', ' if started else ''}{started})", "dim")]


def _kind(comparison: Comparison, kind: Kind) -> list[Line]:
    """List the claims of a kind; a scenario of which no claim is judged any more gets one line."""
    if kind not in {Kind.gone, Kind.left_out}:
        return [line for claim in comparison.of(kind) for line in _claim(claim)]
    by_scenario: dict[str, list[ClaimChange]] = {}
    for claim in comparison.claims:
        by_scenario.setdefault(_scenario(claim), []).append(claim)
    found: list[Line] = []
    for name in dict.fromkeys(_scenario(claim) for claim in comparison.of(kind)):
        claims = [claim for claim in by_scenario[name] if claim.kind is kind]
        if len(claims) == len(by_scenario[name]):
            why = claims[0].after.reason
            found.append([span(f"  {name}  "), span(_counted(claims)), span(f": {why}" if why else "")])
        else:
            found += [line for claim in claims for line in _claim(claim)]
    return found


def _scenario(claim: ClaimChange) -> str:
    return claim.name.partition("/")[0]


def _claim(claim: ClaimChange) -> list[Line]:
    found: list[Line] = [
        [span(f"  {claim.name}  "), _describe(claim.before.label), span(" → "), _describe(claim.after.label)]
    ]
    for side, cell in ((BEFORE, claim.before), (AFTER, claim.after)):
        if cell.reason:
            found.append([span(f"      {side:<8}", "dim"), span(cell.reason, "dim" if side == BEFORE else "")])
    return found


def _counted(claims: Sequence[ClaimChange]) -> str:
    """Return the number of claims and their verdicts before."""
    counted = Counter(claim.before.label for claim in claims)
    listed = ", ".join(f"{number} {verdict}" for verdict, number in counted.items())
    return f"{len(claims)} claim{'s' * (len(claims) != 1)}" + (f" ({listed})" if listed else "")


def _describe(verdict: str) -> Span:
    return span(verdict, STYLES.get(verdict, "yellow"))


def _same(claims: Sequence[ClaimChange]) -> list[Line]:
    """Count the unchanged claims and name those that did not hold."""
    found: list[Line] = [[span("the same", "bold"), span(f": {_counted(claims)}")]]
    failing = (claim for claim in claims if claim.after.verdict != "held" and not claim.after.known)
    return [*found, *([span(f"  {claim.name}  "), _describe(claim.after.label)] for claim in failing)]


def _figures(figures: Sequence[FigureDiff]) -> list[Line]:
    sides = f"{BEFORE:>{_CELL}}{AFTER:>{_CELL}}"
    head = f"{'figures':<{_NAME}}{sides}{'ratio':>{_RATIO + 2}}{'99 % interval':>{_INTERVAL + 2}}"
    found: list[Line] = [[span(head, "bold")]]
    for figure in figures:
        shown = _seconds if figure.name in _IN_SECONDS else _milliseconds
        found += [_change(figure, change, shown) for change in figure.changes]
        found.append([span(f"  {_values(figure, shown)}", "dim")])
    return found


def _change(figure: FigureDiff, change: Change, shown: Callable[[float], str]) -> Line:
    name = f"  {_NAMES[figure.name]}, {change.name}"
    sides = "".join(f"{'-' if side is None else shown(side):>{_CELL}}" for side in (change.before, change.after))
    ratio = "-" if change.ratio is None else f"{change.ratio:.2f}"
    interval = "-" if change.interval is None else f"{change.interval[0]:.2f} to {change.interval[1]:.2f}"
    numbers = f"{name:<{_NAME}}{sides}{ratio:>{_RATIO + 2}}{interval:>{_INTERVAL + 2}}  "
    return [span(numbers), _outcome(figure, change)]


def _outcome(figure: FigureDiff, change: Change) -> Span:
    if change.changed is None:
        return span(f"not compared: {change.why}", "dim")
    if not change.changed:
        return span("no change")
    more, less = _WORDS.get(figure.name, _SLOWER)
    return span(f"changed: {more if change.ratio is not None and change.ratio > 1 else less}", "bold yellow")


def _values(figure: FigureDiff, shown: Callable[[float], str]) -> str:
    sides = [f"{side} {_spread(spread, shown)}" for side, spread in ((BEFORE, figure.before), (AFTER, figure.after))]
    message = ", ".join(sides) + f"; a change is beyond {round(figure.factor, 2):g} times"
    if figure.apart:
        message += f"; not compared, as only one run measured it: {', '.join(figure.apart)}"
    return message


def _spread(spread: Spread | None, shown: Callable[[float], str]) -> str:
    if spread is None:
        return "no value"
    return f"{spread.n} value{'s' * (spread.n != 1)} of {shown(spread.low)} to {shown(spread.high)}"


def _milliseconds(value: float) -> str:
    return f"{value:.2f} ms"


def _seconds(value: float) -> str:
    return f"{value / 1000:.3f} s"
