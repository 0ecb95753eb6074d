"""What the judge says of the stories of the little world, beside what is true."""

from dataclasses import dataclass
from typing import Final

from poc_cli.judge.document import document
from tests.support.truth.stories import Case
from tests.support.truth.world import Flaw
from tests.unit.judge.histories import claims

OPEN: Final = (
    ("gateway", None, "held", "the sockets are another object's, which the judge does not ask yet"),
    ("gateway", "no-wake", "refuted", "the same"),
    ("gateway", "connections-survive", "refuted", "the same"),
    (None, "no-wake", "refuted", "a sleep that the story ended by a message of its own is held against the claim"),
    (None, "no-wake", "held", "a ping that arrives with the resuming message is not told from it"),
    (None, "stays-awake", "refuted", "a sleep in another step than the claim's is held against it"),
    (None, "stays-awake", "held", "what is seen in another step than the claim's speaks for it"),
    (None, "sleeps", "refuted", "a step that is to show that the object stays awake is held against it"),
    (None, "sleeps", "held", "a sleep that no step asked for speaks for it"),
    (None, "delivered-once", "refuted", "what is still on its way at the end is taken for lost"),
    (None, "received-in-order", "held", "a lost tail is not seen"),
    (None, "received-in-order", "refuted", "what is still on its way at the end is taken for lost"),
    (None, "connections-survive", "refuted", "a close that a later step expects is taken for a loss"),
)
"""What the judge is known to get wrong, by flaw (None: any), check and verdict. A line goes when it is right."""


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
        return any(
            flaw in {None, self.flaw} and (check is None or check == self.check) and verdict == self.verdict
            for flaw, check, verdict, _ in OPEN
        )


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
