"""What the judge says of the stories of the little world, beside what is true."""

from dataclasses import dataclass
from typing import Final

from poc_cli.judge.document import document
from tests.support.truth.stories import Case
from tests.support.truth.world import Flaw
from tests.unit.judge.histories import claims

OPEN: Final = (
    ("received-in-order", "held", "a lost tail is not seen at a client that a fault cuts off later"),
    ("received-in-order", "refuted", "what is on its way to one client when the play ends is taken for a lost tail"),
    ("delivered-once", "refuted", "what the client itself cut off, or the worker answers later, is taken for lost"),
    ("no-wake", "refuted", "of two sleeps in one step the first, which the story's own message ended, is judged"),
    ("no-wake", "held", "a ping that arrives with the resuming message, and wakes, is not told from it"),
)
"""What the judge is known to get wrong, by check and verdict. A line goes when it is right."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A verdict that is not true."""

    flaw: Flaw
    claim: str
    check: str | None
    verdict: str
    true: frozenset[str]
    reason: str

    @property
    def is_open(self) -> bool:
        """Return whether it is a known one."""
        return any((self.check, self.verdict) == (check, verdict) for check, verdict, _ in OPEN)


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
