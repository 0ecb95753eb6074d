"""Output: the result to stdout, everything else to stderr, in color only on a terminal.

Control characters, markup and secrets that a worker or a scenario has sent are removed here, whatever printed them.
"""

import errno
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

from poc_cli.inert import inert, inert_lines
from poc_cli.report.styled import Line, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console as RichConsole
    from rich.text import Text

    from poc_cli.commands.tally import Tally
    from poc_cli.history.redact import Redactor
    from poc_cli.scenario.plays import Play

_LIVE_A_SECOND = 8
_LIVE_LINES = 16  # fits a small terminal


@dataclass(frozen=True, slots=True)
class Console:
    """Where a command prints; `quiet` suppresses everything but the result and errors."""

    quiet: bool = False

    def note(self, text: str) -> None:
        """Print a line to stderr, unless quiet."""
        if not self.quiet:
            _write(sys.stderr, _safe(text))

    def result(self, lines: Iterable[Line]) -> None:
        """Print the result."""
        safe = [[(inert(_without_secrets(text)), style) for text, style in line] for line in lines]
        if not colored(sys.stdout):
            _write(sys.stdout, _without_commands("".join(plain(line) + "\n" for line in safe)))
            return
        console = _rich(sys.stdout)
        from rich.text import Text

        with console.capture() as captured:
            for line in safe:
                text = Text.assemble(*line)
                for each in _wrapped(text, console) if sys.stdout.isatty() else [text]:
                    console.print(each, soft_wrap=True)
        _write(sys.stdout, _without_commands(captured.get()))

    def error(self, text: str) -> None:
        """Print an error, even if quiet."""
        _write(sys.stderr, _safe(text))

    def document(self, text: str) -> None:
        """Print a document as it is, in UTF-8 whatever the encoding of the terminal."""
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        # It comes from the record, which has no secrets; masking a number would break the JSON.
        shown = _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
        _write(sys.stdout, shown if shown.endswith("\n") else shown + "\n")

    @property
    def moves(self) -> bool:
        """Whether lines on stderr may be redrawn: on a terminal, and not in CI."""
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")

    @contextmanager
    def live(self, plays: "Sequence[Play] | None" = None) -> Iterator[Callable[[str, str], None]]:
        """Show how far a run is and what each play is doing on a terminal; without one, a line for each scenario.

        `plays` are those of the run; without them, something else goes on than a run.
        """
        if self.quiet:
            yield lambda _label, _phase: None
            return
        tally = None if plays is None else _tally(plays)
        if self.moves:
            with self._table(tally) as progress:
                yield progress
        elif tally is None:
            yield self._ending
        else:
            yield lambda label, phase: self._note_ending(tally, label, phase)

    def _ending(self, label: str, phase: str) -> None:
        if phase in {"done", "stopped", "error", "interrupted"}:
            self.note(f"{label}: {phase}")

    def _note_ending(self, tally: "Tally", label: str, phase: str) -> None:
        line = tally.update(label, phase)
        if line is not None:
            self.note(line)

    @contextmanager
    def _table(self, tally: "Tally | None") -> Iterator[Callable[[str, str], None]]:
        from rich.live import Live
        from rich.table import Table

        phases: dict[str, str] = {}

        def table() -> Table:
            grid = Table.grid(padding=(0, 2))
            if tally is not None:
                grid.add_row(tally.headline(), "")
            # Stories before their controls; a copy, because the display draws in another thread.
            now = sorted(phases.copy().items(), key=lambda item: "~" in item[0])
            for label, phase in now[:_LIVE_LINES]:
                grid.add_row(label, phase)
            if len(now) > _LIVE_LINES:
                grid.add_row(f"and {len(now) - _LIVE_LINES} more", "")
            return grid

        # Drawn at intervals and not at every change: three hundred plays have thousands of changes a second.
        live = Live(console=_rich(sys.stderr), get_renderable=table, refresh_per_second=_LIVE_A_SECOND, transient=True)
        with live:

            def progress(label: str, phase: str) -> None:
                if tally is not None:
                    tally.update(label, phase)
                if phase in {"done", "stopped", "error", "interrupted", "given_up"}:
                    phases.pop(label, None)
                else:
                    phases[label] = phase

            yield progress


def _tally(plays: "Sequence[Play]") -> "Tally":
    from poc_cli.commands.tally import Tally

    return Tally(plays)


_BEFORE_TEXT = re.compile(r"^ *(?:\S{1,24} {2,})?")
"""The indentation of a line, and the word in the column before its text."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters of a terminal; in JSON they occur only in strings, where the escape means the same."""

_hidden: "list[Redactor]" = []


def hide(redactor: "Redactor", console: Console) -> None:
    """Remove the redactor's secrets from everything that is printed from now on.

    Prints the names of the variables whose values are too short to be removed.
    """
    reported = {name for each in _hidden for name in each.too_short}
    _hidden.append(redactor)
    names = [name for name in redactor.too_short if name not in reported]
    if names:
        console.note(
            f"poc: {' and '.join(names)}: shorter than {redactor.shortest} characters, too short to be removed from"
            " the record and the output"
        )


def _without_secrets(text: str) -> str:
    for redactor in _hidden:
        text = redactor.text(text)
    return text


def _safe(text: str) -> str:
    return _without_commands(inert_lines(_without_secrets(text)) + "\n")


def _without_commands(text: str) -> str:
    """Return a text without commands for GitHub's log, which are `::` at the start of a line and `##[` anywhere.

    A carriage return ends a line of the runner too.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return text
    return re.sub(r"(^|[\r\n])([^\S\r\n]*):(?=:)", r"\1\2: ", text).replace("##[", "# #[")


def _write(stream: TextIO, text: str) -> None:
    """Write and flush. A reader that has gone (`poc report | head`) does not change the exit code."""
    # Characters that the encoding lacks are escaped; a worker may also send half of a surrogate pair.
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except OSError as error:
        if error.errno not in {errno.EPIPE, errno.EIO}:  # a pipe without a reader, or a terminal that hung up
            raise
        abandon(stream)


def abandon_if_hung_up() -> None:
    """Redirect the streams whose terminal has gone to nowhere, so that later writes do not fail."""
    for stream in (sys.stdout, sys.stderr):
        try:
            os.write(stream.fileno(), b"")  # writes nothing, but fails if the terminal has gone
        except OSError:
            abandon(stream)


def abandon(stream: TextIO) -> None:
    """Redirect a stream to nowhere: what is still buffered would fail again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def colored(stream: TextIO) -> bool:
    """Return whether to color a stream: by request, or on a terminal that supports it."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def _wrapped(text: "Text", console: "RichConsole") -> "Iterable[Text]":
    """Return the lines of a text on a terminal: broken between words, and below the column where it begins.

    A command stays a line, so that it can be copied.
    """
    from rich.text import Text

    indent = len(_BEFORE_TEXT.findall(text.plain)[0])
    if text.cell_len <= console.width or text.plain.startswith("rerun: ", indent) or indent > console.width // 2:
        return [text]
    before, body = text.divide([indent])
    lines = body.wrap(console, console.width - indent)
    for line in lines:
        line.rstrip()
    return [before + lines[0], *(Text(" " * indent) + line for line in lines[1:])]


def _rich(stream: TextIO) -> "RichConsole":
    from rich.console import Console as RichConsole

    return RichConsole(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)
