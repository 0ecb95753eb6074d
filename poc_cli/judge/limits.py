"""The gates on figures: limits, and how much worse than the baseline a run may be."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from poc_cli.judge.claim_diff import ClaimChange, Comparison, Kind
from poc_cli.judge.document_types import RunDocument
from poc_cli.judge.figures import value_at
from poc_cli.judge.requirements import Chosen, Limit, Regress, Row

MayFail = Callable[[str, str], bool]

FIGURES: Final = {
    "wake_p50": ("wake_ms", "median", "p50"),
    "wake_p99": ("wake_ms", "p99", "p99"),
    "asleep_after": ("asleep_after_ms", "max", "max"),
    "storm_p99": ("storm_ms", "p99", "p99"),
    "broadcast_p99": ("broadcast_ms", "p99", "p99"),
    "chat_p99": ("chat_ms", "p99", "p99"),
}
"""By the name of a limit: the figure of run.json, its key there, and its name in a sentence."""

_OF_OBJECTS: Final[Mapping[str, Literal["wakes_a_minute", "in_memory_share"]]] = {
    "wakes_per_minute": "wakes_a_minute",
    "in_memory": "in_memory_share",
}
"""By the name of a limit: the figure of each object in run.json."""

_UNMEASURED: Final = {
    "wakes_per_minute": "no object of this run was seen by a trace",
    "in_memory": "no object of this run was seen by a trace",
    "wake_p50": "no scenario of this run measures wakes; wake-latency does",
    "wake_p99": "no scenario of this run measures wakes; wake-latency does",
    "asleep_after": "no object slept by the idle timer in this run",
    "monthly_cost": "no profile with the expected use is configured; set profile in [cost]",
    "sockets": "no load of this run lets rooms with sockets sleep; many-sockets does",
    "storm_p99": "no load of this run has all clients wake their rooms; storm does",
    "broadcast_p99": "no load of this run has a broadcast; many-sockets does",
    "chat_p99": "no load of this run has clients chat with their rooms",
}


@dataclass(frozen=True, slots=True)
class MonthlyCost:
    """The cost of a month in dollars, and what it was computed from."""

    dollars: Decimal
    of: str


def within(limits: Iterable[Limit], document: RunDocument, cost: MonthlyCost | None = None) -> Iterator[Row]:
    """Yield a row for each limit. It is undecided if the run does not have the figure, or without a `cost`."""
    for limit in limits:
        if limit.name == "monthly_cost" and cost is not None:
            verdict: Literal["met", "not met"] = "met" if cost.dollars <= Decimal(str(limit.most)) else "not met"
            yield Row(f"monthly_cost is at most {limit.written}", f"${cost.dollars:,} a month: {cost.of}", verdict)
            continue
        if limit.name == "sockets" and document.get("load"):
            yield _sockets(limit, document)
            continue
        if limit.name in _OF_OBJECTS and (found := _of_objects(limit, document)) is not None:
            yield found
            continue
        comparing = "at least" if limit.name == "sockets" else "at most"
        wanted = f"{limit.name} is {comparing} {limit.written}"
        figure, key, rank = FIGURES.get(limit.name, ("", "", ""))
        spread = (document.get("figures") or {}).get(figure)
        if spread is None:
            yield Row(wanted, f"not measured: {_UNMEASURED[limit.name]}", "undecided")
        else:
            yield _figure(
                limit,
                wanted,
                value_at(spread, key),
                f"{rank} of {spread['n']}",
                spread.get("lag_ms") or 0.0,
            )


def _figure(limit: Limit, wanted: str, value: float, of: str, lag_ms: float) -> Row:
    """Return the row of a figure, undecided if the client's own lateness may have pushed it over the limit."""
    found = f"{_ms(value)} ({of})"
    if value <= limit.most:
        return Row(wanted, found, "met")
    if value - lag_ms <= limit.most:
        return Row(wanted, f"{found}, of which up to {_ms(lag_ms)} may be this client's own lateness", "undecided")
    return Row(wanted, found, "not met")


def _of_objects(limit: Limit, document: RunDocument) -> Row | None:
    """Return the row for the object with the highest figure, None if the run has no objects."""
    key = _OF_OBJECTS[limit.name]
    uses = [(each[key], each, story["name"]) for story in document["scenarios"] for each in story.get("objects", ())]
    if not uses:
        return None
    value, use, story = max(uses, key=lambda each: each[0])
    by = ", ".join(f"{number} x {kind}" for kind, number in use["woken_by"].items())
    found = (
        f"{value:.0%} of {use['seconds']:.0f} s"
        if limit.name == "in_memory"
        else f"{value}" + (f": {by}" if by else "")
    )
    wanted = f"{limit.name} is at most {limit.written}"
    return Row(wanted, f"{found} ({story}/{use['object']})", "met" if value <= limit.most else "not met")


def _sockets(limit: Limit, document: RunDocument) -> Row:
    """Return the row for the number of sockets that one object holds through a sleep, each used after it."""
    held = max(int(load["sockets_held"]) for load in document["load"])
    found = f"{held:,} on one object slept and were used after it"
    return Row(f"sockets is at least {limit.written}", found, "met" if held >= limit.most else "not met")


def no_worse(regress: Regress, comparison: Comparison, chosen: Chosen, may_fail: MayFail) -> Iterator[Row]:
    """Yield the rows for the baseline; `may_fail` says which claims, by scenario and id, need not hold."""
    flaw = next((error for run, error in comparison.flaws if run == "before"), None)
    if flaw is not None:
        yield Row("the baseline can be compared with", f"its record is incomplete: {flaw}", "undecided")
        return
    for name, factor in regress.figures:
        yield _times(name, factor, comparison)
    if regress.claims:
        yield from _claims(comparison, chosen, may_fail)


def _times(name: str, factor: float, comparison: Comparison) -> Row:
    wanted = f"{name} is at most {factor:g}x the baseline's"
    before, after = _pair(name, comparison)
    if before is None or after is None:
        absent = [run for run, value in (("the baseline", before), ("this run", after)) if value is None]
        return Row(wanted, f"not measured in {' and '.join(absent)}", "undecided")
    if before <= 0:
        return Row(wanted, f"{_ms(before)} in the baseline, which has no multiple", "undecided")
    found = f"{after / before:.2f}x: {_ms(before)} before, {_ms(after)} now"
    return Row(wanted, found, "met" if after <= factor * before else "not met")


def _pair(name: str, comparison: Comparison) -> tuple[float | None, float | None]:
    """Return the figure in the baseline and in this run, from the scenarios that both measured."""
    wanted, _, rank = FIGURES[name]
    figure = next((each for each in comparison.figures if each.name == wanted), None)
    if figure is None:
        return None, None
    if rank == "max":
        ends = [None if spread is None else spread.high for spread in (figure.before, figure.after)]
        return ends[0], ends[1]
    change = next(each for each in figure.changes if each.name == rank)
    return change.before, change.after


def _claims(comparison: Comparison, chosen: Chosen, may_fail: MayFail) -> Iterator[Row]:
    worse = [
        _changed(change)
        for kind in (Kind.worse, Kind.left_out, Kind.gone)
        for change in comparison.of(kind)
        if _concerns(change, chosen) and not may_fail(*_parts(change))
    ]
    yield from worse
    if not worse:
        both = [change for change in comparison.claims if change.kind not in {Kind.appeared, Kind.gone, Kind.left_out}]
        compared = sum(_concerns(change, chosen) for change in both)
        yield Row("no claim is worse than in the baseline", f"{compared} compared", "met" if compared else "undecided")


def _concerns(change: ClaimChange, chosen: Chosen) -> bool:
    """Return whether a change concerns this run; the baseline may have more scenarios."""
    return _parts(change)[0] in chosen and not (change.kind is Kind.gone and change.before.verdict != "held")


def _changed(change: ClaimChange) -> Row:
    by_verdict: dict[str, Literal["not met", "error"]] = {"refuted": "not met", "error": "error"}
    message = f"{change.before.label} before, {change.after.label} now"
    reason = f": {change.after.reason}" if change.after.reason else ""
    scenario, claim = _parts(change)
    return Row(
        f"{change.name} is no worse than in the baseline",
        message + reason,
        by_verdict.get(change.after.verdict, "undecided"),
        (scenario, claim) if claim else None,
    )


def _parts(change: ClaimChange) -> tuple[str, str]:
    scenario, _, claim = change.name.partition("/")
    return scenario, claim


def _ms(value: float) -> str:
    return f"{value:.1f} ms" if value < 1000 else f"{value / 1000:.3f} s"  # noqa: PLR2004 - a second
