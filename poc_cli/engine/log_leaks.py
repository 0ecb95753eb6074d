"""Record that the worker's log contained a secret, by the secret's name."""

from collections import Counter
from typing import Final

from poc_cli.history import play_events
from poc_cli.history.redact import Hit, Redactor, marks
from poc_cli.history.writer import HistoryWriter

_RUN: Final = "run"
_ACTOR: Final = "worker.log"

_LONGEST: Final = 400
"""Characters of a masked line that are recorded, enough to find it in worker.log."""


class LogLeaks:
    """Records the 1st, 10th, 100th and so on log line with the same secret.

    A worker that logs its key with every message would otherwise fill the history.
    """

    def __init__(self, history: HistoryWriter) -> None:
        self._history = history
        self._times: Counter[Hit] = Counter()

    def record_line(self, line: bytes, seen: set[Hit]) -> None:
        """Record a masked line and the secrets that were in it. Raises PocError."""
        self._times.update(seen)
        new = {hit for hit in seen if _is_power_of_ten(self._times[hit])}
        if new:
            text = line.decode("utf-8", "replace")[:_LONGEST]
            times = max(self._times[hit] for hit in new)
            self._history.write(_RUN, _ACTOR, play_events.Leaked(text=text, times=times, **marks(new)))

    def record_text(self, text: str, redactor: Redactor) -> None:
        """Record the lines of a text that contain secrets. Raises PocError."""
        for line in text.encode("utf-8", "replace").split(b"\n"):
            seen: set[Hit] = set()
            clean = redactor.data(line, seen)
            if seen:
                self.record_line(clean, seen)


def _is_power_of_ten(number: int) -> bool:
    return str(number).rstrip("0") == "1"
