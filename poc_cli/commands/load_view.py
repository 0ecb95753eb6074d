"""The progress of a load: a live table on a terminal, a line for each stage elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from poc_cli.commands.console import Console
from poc_cli.judge.load.load_figures import stage_of
from poc_cli.load.load_context import Glance
from poc_cli.load.load_player import LoadProgress
from poc_cli.load.process_usage import Usage
from poc_cli.record.load_stage import StageResult
from poc_cli.report.load_text import stage_summary

_MIB: Final = 1024**2
_A_SECOND: Final = 4


class Lines:
    """Prints a line for each stage when it is over."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note

    def sampled(self, glance: Glance, uses: dict[str, Usage], files: int) -> None:
        """Print nothing: a log is no place for what changes every second."""

    def staged(self, result: StageResult) -> None:
        """Print a stage."""
        self._note(f"{result.verb} {result.how}".strip() + f": {stage_summary(stage_of(result))}")


class Moving(Lines):
    """Shows the current figures, and prints a line for each stage above them."""

    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__(note)
        self.now: tuple[Glance, dict[str, Usage], int] | None = None
        self.rate = 0.0
        self._before: tuple[int, str] = (0, "")

    def sampled(self, glance: Glance, uses: dict[str, Usage], files: int) -> None:
        """Keep the sample for the next drawing; the rate is that of the last second."""
        came, stage = self._before
        self.rate = max(0.0, float(glance.came - came)) if glance.stage == stage else float(glance.came)
        self._before = (glance.came, glance.stage)
        self.now = (glance, uses, files)

    def rows(self) -> list[tuple[str, str]]:
        """Return the names and values to show."""
        if self.now is None:
            return [("load", "starting the runtime")]
        glance, uses, files = self.now
        used = {name: f"{use.rss / _MIB:,.0f} MiB, {use.files:,} of {files:,} files" for name, use in uses.items()}
        return [
            ("stage", glance.stage),
            ("sockets", f"{glance.open:,} open, {glance.connecting:,} connecting, {glance.failed:,} failed"),
            ("messages", f"{glance.sent:,} sent, {glance.came:,} received, {glance.lost:,} lost"),
            ("rate", f"{self.rate:,.0f} messages a second"),
            ("latency", f"p50 {glance.p50:.1f} ms, p99 {glance.p99:.1f} ms"),
            *used.items(),
        ]


@contextmanager
def watching(console: Console) -> Iterator[LoadProgress]:
    """Yield the watcher that fits the terminal."""
    if console.quiet:
        yield Lines(lambda _: None)
    elif not console.moves:
        yield Lines(console.note)
    else:
        from rich.console import Console as RichConsole
        from rich.live import Live
        from rich.table import Table

        drawn = RichConsole(file=sys.stderr, highlight=False, markup=False, emoji=False)
        moving = Moving(lambda text: drawn.print(text, soft_wrap=True))

        def table() -> Table:
            grid = Table.grid(padding=(0, 2))
            for name, value in moving.rows():
                grid.add_row(name, value)
            return grid

        with Live(console=drawn, get_renderable=table, refresh_per_second=_A_SECOND, transient=True):
            yield moving
