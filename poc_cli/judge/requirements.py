"""What a gate may require: claims by name, limits on figures, and how much worse than a baseline a run may be."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from poc_cli.errors import did_you_mean
from poc_cli.scenario.check_names import NO_SECRET_LEAVES

_OFTEN: Final = r"(?:\s+(?P<k>[0-9]{1,4}) of (?P<n>[0-9]{1,4}))?"
_ENTRY: Final = re.compile(r"(?:(?P<scenario>[^/\s]+)/)?(?P<claim>[^/\s]+)" + _OFTEN)
_FACTOR: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)x")

Chosen = Mapping[str, Sequence[str]]
"""The claims of each scenario that should be played."""


class NotUnderstoodError(ValueError):
    """A gate is invalid; `advice` says what to do."""

    def __init__(self, message: str, advice: str | None = None) -> None:
        super().__init__(message)
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Entry:
    """One claim, of one scenario or of all that have it. With `k` and `n`, it must hold `k` of `n` times."""

    claim: str
    scenario: str | None = None
    k: int | None = None
    n: int | None = None

    def means(self, scenario: str, claim: str) -> bool:
        """Return whether it names that claim."""
        return claim == self.claim and self.scenario in {None, scenario}

    @property
    def name(self) -> str:
        """The name of the claim, with its scenario if one is given."""
        return self.claim if self.scenario is None else f"{self.scenario}/{self.claim}"


@dataclass(frozen=True, slots=True)
class Limit:
    """The limit of a figure, in the figure's unit, and as it was written."""

    name: str
    most: float
    written: str


@dataclass(frozen=True, slots=True)
class Regress:
    """By what factor each figure may exceed the baseline's, and whether claims must not get worse."""

    figures: tuple[tuple[str, float], ...] = ()
    claims: bool = False


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates of a run. With `require` None, every claim that may not fail is required."""

    require: tuple[Entry, ...] | None = None
    allow: tuple[Entry, ...] = ()
    limits: tuple[Limit, ...] = ()
    regress: Regress | None = None


def entry(text: str) -> Entry:
    """Parse `claim`, `scenario/claim` or `claim 4 of 5`. Raises NotUnderstoodError."""
    match = _ENTRY.fullmatch(text.strip())
    if match is None:
        raise NotUnderstoodError(
            "is not the name of a claim", 'write "claim" or "scenario/claim", and "claim 4 of 5" for a flaky one'
        )
    if match["k"] is None:
        return Entry(match["claim"], match["scenario"])
    k, n = int(match["k"]), int(match["n"])
    if not 1 <= k <= n:
        raise NotUnderstoodError(f"asks for {k} of {n}", f"ask for 1 to {n} of {n}")
    return Entry(match["claim"], match["scenario"], k, n)


def regress(text: str, figures: Sequence[str]) -> Regress:
    """Parse a text such as `wake_p50 2x, claims none`; `figures` are the valid names. Raises NotUnderstoodError."""
    factors: dict[str, float] = {}
    claims = False
    for item in text.split(","):
        name, _, bound = item.strip().partition(" ")
        if name == "claims":
            if bound.strip() != "none":
                raise NotUnderstoodError('"claims" may only be "claims none"', "it says that no claim may get worse")
            claims = True
        elif name in figures:
            factors[name] = _factor(name, bound.strip())
        else:
            raise NotUnderstoodError(f'"{name}" cannot be compared', did_you_mean(name, [*figures, "claims"]))
    return Regress(tuple(factors.items()), claims)


def _factor(name: str, bound: str) -> float:
    match = _FACTOR.fullmatch(bound)
    if match is None or float(match[1]) < 1:
        raise NotUnderstoodError(f'"{name}" needs the factor by which it may exceed the baseline', f'write "{name} 2x"')
    return float(match[1])


def unknown(entries: Iterable[Entry], chosen: Chosen) -> Iterator[tuple[int, str, str | None]]:
    """Yield the index of each entry that no chosen scenario has, what is wrong with it, and advice."""
    for index, each in enumerate(entries):
        if each.claim == NO_SECRET_LEAVES and each.scenario in {None, *chosen}:
            continue  # it is judged for every scenario and listed in none
        if any(each.means(scenario, claim) for scenario, claims in chosen.items() for claim in claims):
            continue
        if each.scenario is not None and each.scenario not in chosen:
            advice = did_you_mean(each.scenario, chosen)
            yield index, f'no chosen scenario is named "{each.scenario}"', advice
            continue
        mine = chosen if each.scenario is None else {each.scenario: chosen[each.scenario]}
        known = {claim for claims in mine.values() for claim in claims}
        whose = "no chosen scenario has" if each.scenario is None else f"{each.scenario} does not have"
        elsewhere = [scenario for scenario, claims in chosen.items() if each.claim in claims]
        advice = f'"{elsewhere[0]}/{each.claim}" exists' if elsewhere else did_you_mean(each.claim, known)
        yield index, f'{whose} a claim "{each.claim}"', advice


Verdict = Literal["met", "not met", "undecided", "error", "left out"]


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement, what the run shows, the verdict, and the claim that it is about as scenario and id."""

    requirement: str
    found: str
    verdict: Verdict
    claim: tuple[str, str] | None = None
