"""The live line of a deployment, which is hidden while plays use the terminal."""

from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from poc_cli.commands.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable


class Phases:
    """Shows the current phase; call it with the text."""

    def __init__(self, console: Console) -> None:
        """Take the console; nothing is shown yet."""
        self._console = console
        self._open = ExitStack()
        self._progress: Callable[[str, str], None] | None = None

    def __enter__(self) -> Self:
        """Return itself; nothing is shown yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the line."""
        self.pause()

    def __call__(self, text: str) -> None:
        """Show a phase."""
        if self._progress is None:
            self._progress = self._open.enter_context(self._console.live())
        self._progress("cloudflare", text)

    def pause(self) -> None:
        """Remove the line until the next call."""
        self._progress = None
        self._open.close()
