"""Errors shown to the user: what happened, where, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from poc_cli.exit_codes import ExitCode


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A position in a text; line and column count from 1, the column in characters."""

    line: int
    column: int


class PocError(Exception):
    """An error with a message for the user and an exit code."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, advice: str | None = None) -> None:
        """Take what happened and, if there is a remedy, what to do."""
        super().__init__(message)
        self.message = message
        self.advice = advice

    @property
    def in_a_line(self) -> str:
        """Return message and advice on one line, for use as a reason."""
        return self.message if self.advice is None else f"{self.message} ({self.advice})"

    def __str__(self) -> str:
        """Return the message, with the advice on its own line."""
        return self.message if self.advice is None else f"{self.message}\n  {self.advice}"


class UsageError(PocError):
    """The command line or the configuration is wrong."""

    exit_code = ExitCode.USAGE


class ScenarioError(UsageError):
    """An error in a scenario file; the text shows the line with a caret below the column."""

    def __init__(  # noqa: PLR0913 - the parts of the text
        self,
        file: str,
        message: str,
        *,
        position: Position | None = None,
        source_line: str | None = None,
        caret: int | None = None,
        advice: str | None = None,
    ) -> None:
        """Take the file, the message and the position; without a position the error concerns the whole file.

        `caret` is the column in `source_line`, if that is not the whole line.
        """
        super().__init__(message, advice)
        self.file = file
        self.position = position
        self.source_line = source_line
        self.caret = caret

    def __str__(self) -> str:
        """Return `file:line:column: message`, the line with a caret, and the advice."""
        if self.position is None:
            return f"{self.file}: {super().__str__()}"
        lines = [f"{self.file}:{self.position.line}:{self.position.column}: {self.message}"]
        if self.source_line is not None:
            gutter = f"{self.position.line:>5} | "
            lines.append(gutter + self.source_line)
            lines.append(" " * (len(gutter) + (self.caret or self.position.column) - 1) + "^")
        if self.advice is not None:
            lines.append(f"  {self.advice}")
        return "\n".join(lines)


class TargetError(PocError):
    """The runtime could not be installed, started or reached."""


class NoWorkerError(TargetError):
    """What was named as a worker is none: there is no such folder or configuration."""

    exit_code = ExitCode.USAGE


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return `did you mean "x"?` for the closest known word, or the list of known words if none is close."""
    candidates = sorted(known)
    near = get_close_matches(word, candidates, n=1, cutoff=0.6)
    if near:
        return f'did you mean "{near[0]}"?'
    return f"known here: {', '.join(candidates)}" if candidates else None
