"""What the judge says of the stories of the little world, beside what is true."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.run_document import document
from tests.support.truth.recording import Stall
from tests.support.truth.stories import Case, Chance, case
from tests.support.truth.world import Flaw
from tests.unit.judge.histories import claims


@dataclass(frozen=True, slots=True)
class Wrong:
    """A verdict that is not true."""

    flaw: Flaw
    claim: str
    check: str | None
    verdict: str
    true: frozenset[str]
    reason: str


Verdicts = list[tuple[str | None, str]]
"""The check and the verdict of each claim."""


def measured(case: Case) -> tuple[Verdicts, list[Wrong]]:
    """Return all verdicts on a story, and those that are neither the truth nor `unknown`; an error is never right."""
    found = claims(document(list(case.events)))
    assert found.keys() == case.truths.keys(), "each claim is judged"
    wrong = [
        Wrong(case.flaw, name, claim["check"], claim["verdict"], case.truths[name], claim["reason"])
        for name, claim in found.items()
        if claim["verdict"] not in case.truths[name] | {"unknown"}
    ]
    return [(claim["check"], claim["verdict"]) for claim in found.values()], wrong


SHORTEST_S: Final = 0.2
LONGEST_S: Final = 15.0
"""How long poc or the runtime stands still: as long as machines have been seen to."""


def seconds_of_stall(random: Random) -> float:
    """Return the length of a stall; short ones are as likely as long ones, on a scale of ratios."""
    return math.exp(random.uniform(math.log(SHORTEST_S), math.log(LONGEST_S)))


def held_up(seed: int) -> tuple[Case, Case]:
    """Return a story as it goes, and the same story with a stall somewhere in it."""
    random = Random(seed)  # noqa: S311 - no secret
    undisturbed = case(Chance(seed), seed)
    steps = sum(event.kind == kinds.STEP for event in undisturbed.events)
    after_ns = random.choice([0, 0, random.randrange(3_000_000), random.randrange(9_000_000_000)])
    length_ns = round(seconds_of_stall(random) * 1e9)
    stall = Stall(random.randrange(steps), after_ns, length_ns, random.choice(["poc", "poc", "runtime"]))
    return undisturbed, case(Chance(seed), seed, stall)


_OF_WHAT_CAME: Final = frozenset({"delivered-once", "delivered-in-order", "received-in-order"})


def judged(events: Sequence[Event]) -> dict[str, Any]:
    """Return the claims of a record, by name."""
    return claims(document(list(events)))


def turned_round(
    one: Mapping[str, Any], after: Sequence[Event], truths: Mapping[str, frozenset[str]] | None = None
) -> list[str]:
    """Return the claims of which a second record says the opposite of a first, which was judged, or only an error.

    With the truths of the second, what came to the clients in it speaks for itself: of a worker that answers twice at
    times, one play shows it and another does not.
    """
    other = judged(after)
    assert one.keys() == other.keys(), "each claim is judged"
    found = []
    for name, claim in one.items():
        first, then = claim["verdict"], other[name]["verdict"]
        is_true = truths is not None and claim["check"] in _OF_WHAT_CAME and then in truths[name]
        is_opposite = {first, then} == {"held", "refuted"} and not is_true
        if is_opposite or (then == "error" and first != "error"):
            found.append(f"{name}: {first}, then {then} ({other[name]['reason']})")
    return found
