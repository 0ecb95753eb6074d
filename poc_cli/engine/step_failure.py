"""The kinds of step failure, as named in the history."""

from typing import Final, Literal

Failure = Literal[
    "mismatch",
    "silence",
    "closed",
    "refused",
    "noise",
    "no_sleep",
    "woken",
    "probe",
    "wrong_object",
    "unbound",
    "overtaken",
]
"""`mismatch`: messages arrived, but none matched; `silence`: none arrived though the runtime responds; `closed`: the
connection was closed; `refused`: it could not be opened; `noise`: an unexpected message arrived; `overtaken`: the
message had arrived before another one that the step before waited for."""


class StepFailed(Exception):
    """A step did not have the outcome that the scenario expects."""

    def __init__(self, failure: Failure, reason: str, unexplained: str = "") -> None:
        """Initialize with the kind of failure and a sentence that describes it.

        `unexplained` is added to the sentence unless an exception of the worker's explains the failure.
        """
        super().__init__(reason + unexplained)
        self.failure: Failure = failure
        self.reason = reason + unexplained
        self.bare_reason = reason


class PlayError(Exception):
    """The play cannot go on, for example because a step captures a missing field."""


STEP_FAILED: Final = "a step failed"
"""The phase of a play in which a step of its story failed, unless the step's claim is known to be refuted."""
