"""Where words go: the result to stdout, everything else to stderr, in color only on a terminal."""

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
    from rich.console import Console as RichConsole

    from poc_cli.history.redact import Redactor

_LIVE_A_SECOND = 8
_LIVE_LINES = 16  # fits a small terminal; whoever plays more wants to see that it goes on


@dataclass(frozen=True, slots=True)
class Console:
    """The terminal as the user set it; `quiet` keeps the progress to itself."""

    quiet: bool = False

    def note(self, text: str) -> None:
        """Tell something beside the result."""
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
                console.print(Text.assemble(*line), soft_wrap=True)
        _write(sys.stdout, _without_commands(captured.get()))

    def error(self, text: str) -> None:
        """Tell what has gone wrong, however quiet."""
        _write(sys.stderr, _safe(text))

    def document(self, text: str) -> None:
        """Print one document and nothing else, in UTF-8 whatever the terminal has."""
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        # It was made from what is on disk, where no secret is; a mask over a number would break its JSON.
        shown = _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
        _write(sys.stdout, shown if shown.endswith("\n") else shown + "\n")

    @property
    def moves(self) -> bool:
        """Whether what is told beside the result may be drawn over: on a terminal that somebody looks at."""
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")

    @contextmanager
    def live(self) -> Iterator[Callable[[str, str], None]]:
        """Show what each play is doing while it goes on; plain lines at its end where there is no terminal."""
        if self.quiet:
            yield lambda _label, _phase: None
        elif self.moves:
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
            # Stories before their controls; a copy, because the display draws from a thread of its own.
            now = sorted(phases.copy().items(), key=lambda item: "~" in item[0])
            for label, phase in now[:_LIVE_LINES]:
                grid.add_row(label, phase)
            if len(now) > _LIVE_LINES:
                grid.add_row(f"and {len(now) - _LIVE_LINES} more", "")
            return grid

        # Drawn when it is due and not at every change: three hundred plays have thousands of them a second.
        live = Live(console=_rich(sys.stderr), get_renderable=table, refresh_per_second=_LIVE_A_SECOND, transient=True)
        with live:

            def progress(label: str, phase: str) -> None:
                if phase in {"done", "stopped", "error", "interrupted", "given_up"}:
                    phases.pop(label, None)
                else:
                    phases[label] = phase

            yield progress


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a terminal obeys; in JSON it stands inside of texts only, where its escape means the same."""

_hidden: "list[Redactor]" = []


def hide(redactor: "Redactor", console: Console) -> None:
    """Let nothing that is printed from now on hold one of the redactor's secrets, whoever prints it.

    The console is told which are too short for that, by the names of their variables.
    """
    told = {name for each in _hidden for name in each.too_short}
    _hidden.append(redactor)
    names = [name for name in redactor.too_short if name not in told]
    if names:
        console.note(
            f"poc: {' and '.join(names)}: under {redactor.shortest} characters, which is too short to be taken out of"
            " what is written down and printed"
        )


def _without_secrets(text: str) -> str:
    for redactor in _hidden:
        text = redactor.text(text)
    return text


def _safe(text: str) -> str:
    return _without_commands(inert_lines(_without_secrets(text)) + "\n")


def _without_commands(text: str) -> str:
    """Return a text in which GitHub's log finds none: it looks for `::` at the start of lines and `##[` anywhere.

    The runner's lines end at a carriage return too.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return text
    return re.sub(r"(^|[\r\n])([^\S\r\n]*):(?=:)", r"\1\2: ", text).replace("##[", "# #[")


def _write(stream: TextIO, text: str) -> None:
    """Write at once. Where the reader has gone (`poc report | head`), nobody is left to tell; the exit code stays."""
    # What the terminal has no letter for is written as an escape; a worker may also send half a pair of surrogates.
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except OSError as error:
        if error.errno not in {errno.EPIPE, errno.EIO}:  # a pipe without a reader, a terminal that was hung up
            raise
        abandon(stream)


def abandon_if_hung_up() -> None:
    """Let the streams lead nowhere whose terminal has gone, so that nothing stumbles over it any more."""
    for stream in (sys.stdout, sys.stderr):
        try:
            os.write(stream.fileno(), b"")  # nothing is written, but a terminal that has gone refuses even that
        except OSError:
            abandon(stream)


def abandon(stream: TextIO) -> None:
    """Let a stream lead nowhere: what is still buffered would fail once more when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def colored(stream: TextIO) -> bool:
    """Return whether a stream is to have colors: by request, or on a terminal that can show them."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def _rich(stream: TextIO) -> "RichConsole":
    from rich.console import Console as RichConsole

    return RichConsole(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)
