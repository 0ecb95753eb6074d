"""The live line of a deployment: there while something goes on, gone while plays have the terminal."""

from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from poc_cli.commands.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable


class Phases:
    """Shows what goes on now, by being called with it."""

    def __init__(self, console: Console) -> None:
        """Take the terminal; nothing is shown yet."""
        self._console = console
        self._open = ExitStack()
        self._progress: Callable[[str, str], None] | None = None

    def __enter__(self) -> Self:
        """Show nothing yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line away."""
        self.pause()

    def __call__(self, text: str) -> None:
        """Show what goes on."""
        if self._progress is None:
            self._progress = self._open.enter_context(self._console.live())
        self._progress("cloudflare", text)

    def pause(self) -> None:
        """Take the line away until the next call."""
        self._progress = None
        self._open.close()
