"""An event loop that imports what will be needed later while it has nothing else to do.

A forced `hibernate` waits for a fifth of its time; what judges it takes as long to import as to judge.
"""

import asyncio
import selectors
from collections import deque
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final

_QUIET_SECONDS: Final = 0.003
"""A loop that has heard nothing for so long is waiting. Answers of a runtime on this machine come within 1 ms, and the
import of one module takes 1 to 5 ms, by which the next answer may be read later."""


class _Selector(selectors.DefaultSelector):
    """Imports one module whenever nothing has happened for a moment and no timer is due, until all are imported."""

    def __init__(self, modules: Sequence[str]) -> None:
        super().__init__()
        self._modules = deque(modules)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if not self._modules or (timeout is not None and timeout <= _QUIET_SECONDS):
            return super().select(timeout)
        ready = super().select(_QUIET_SECONDS)
        if not ready:
            import_module(self._modules.popleft())
        return ready


def importing(modules: Sequence[str]) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return a factory of event loops that import the modules, in this order, while they wait."""
    return lambda: asyncio.SelectorEventLoop(_Selector(modules))
