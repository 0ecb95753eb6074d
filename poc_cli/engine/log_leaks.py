"""Writes into the history that the worker's log has held a secret: by its name, and never its value."""

from collections import Counter
from typing import Final

from poc_cli.history import events
from poc_cli.history.redact import Hit, Redactor, marks
from poc_cli.history.writer import HistoryWriter

_RUN: Final = "run"
_ACTOR: Final = "worker.log"

_LONGEST: Final = 400
"""Characters of a line that are kept, once the secrets are out of it: it is to be found again in worker.log."""


class LogLeaks:
    """Hears of each line of the log that had secrets, and writes down the first, the tenth, the hundredth and so on.

    A worker that logs its key with every message would fill the history with it.
    """

    def __init__(self, history: HistoryWriter) -> None:
        """Take where it is written down."""
        self._history = history
        self._times: Counter[Hit] = Counter()

    def heard(self, line: bytes, seen: set[Hit]) -> None:
        """Take a line, from which the secrets have been taken out, and which they were. Raises PocError."""
        self._times.update(seen)
        new = {hit for hit in seen if _is_power_of_ten(self._times[hit])}
        if new:
            text = line.decode("utf-8", "replace")[:_LONGEST]
            times = max(self._times[hit] for hit in new)
            self._history.write(_RUN, _ACTOR, events.Leaked(text=text, times=times, **marks(new)))

    def look_through(self, text: str, redactor: Redactor) -> None:
        """Do the same with each line of a text. Raises PocError."""
        for line in text.encode("utf-8", "replace").split(b"\n"):
            seen: set[Hit] = set()
            clean = redactor.data(line, seen)
            if seen:
                self.heard(clean, seen)


def _is_power_of_ten(number: int) -> bool:
    return str(number).rstrip("0") == "1"
