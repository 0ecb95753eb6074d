"""Where words go: the result to stdout, everything else to stderr, in colour only on a terminal.

Never prints markup or control characters that a worker or a scenario has sent.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from poc_cli.report.spans import Line, plain

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

_LIVE_A_SECOND = 8


@dataclass(frozen=True, slots=True)
class Console:
    """The terminal as the user set it; `quiet` keeps the progress to itself."""

    quiet: bool = False

    def note(self, text: str) -> None:
        """Tell something beside the result."""
        if not self.quiet:
            _write(sys.stderr, text + "\n")

    def result(self, lines: Iterable[Line]) -> None:
        """Print the result."""
        if not _coloured(sys.stdout):
            _write(sys.stdout, "".join(plain(line) + "\n" for line in lines))
            return
        console = _rich(sys.stdout)
        from rich.text import Text

        with console.capture() as captured:
            for line in lines:
                console.print(Text.assemble(*line), soft_wrap=True)
        _write(sys.stdout, captured.get())

    def document(self, text: str) -> None:
        """Print one document and nothing else."""
        _write(sys.stdout, text if text.endswith("\n") else text + "\n")

    @contextmanager
    def live(self) -> Iterator[Callable[[str, str], None]]:
        """Show what each play is doing while it goes on; plain lines at its end where there is no terminal."""
        if self.quiet:
            yield lambda _label, _phase: None
        elif sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI"):
            with self._table() as progress:
                yield progress
        else:
            yield self._ending

    def _ending(self, label: str, phase: str) -> None:
        if phase in {"done", "stopped", "error", "interrupted"}:
            self.note(f"{label}: {phase}")

    @contextmanager
    def _table(self) -> Iterator[Callable[[str, str], None]]:
        from rich.live import Live
        from rich.table import Table

        phases: dict[str, str] = {}

        def table() -> Table:
            grid = Table.grid(padding=(0, 2))
            for label, phase in phases.items():
                grid.add_row(label, phase)
            return grid

        with Live(table(), console=_rich(sys.stderr), refresh_per_second=_LIVE_A_SECOND, transient=True) as live:

            def progress(label: str, phase: str) -> None:
                if phase in {"done", "stopped", "error", "interrupted"}:
                    phases.pop(label, None)
                else:
                    phases[label] = phase
                live.update(table())

            yield progress


def _write(stream: TextIO, text: str) -> None:
    """Write at once. Where the reader has gone (`poc report | head`), nobody is left to tell; the exit code stays."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        # What is still buffered would fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _coloured(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def _rich(stream: TextIO) -> "RichConsole":
    from rich.console import Console as RichConsole

    return RichConsole(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)
