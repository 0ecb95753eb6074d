"""The ways in which a step can fail, as the history names them."""

from typing import Literal

Failure = Literal[
    "mismatch", "silence", "closed", "refused", "noise", "no_sleep", "woken", "probe", "wrong_object", "unbound"
]
"""`mismatch`: messages came, none fitted; `silence`: none came though the runtime answers; `closed`: the connection
was gone; `refused`: it could not be opened; `noise`: a message came where none may."""


class StepFailed(Exception):
    """A step did not come out as the scenario says."""

    def __init__(self, failure: Failure, reason: str) -> None:
        """Take what kind of failure it is and one sentence that tells it."""
        super().__init__(reason)
        self.failure: Failure = failure
        self.reason = reason


class PlayError(Exception):
    """The play itself is wrong at this step, for example by capturing what is not there."""
