"""Signals during a deployment: they end the work, but let the removal finish."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interrupting() -> Iterator[None]:
    """Raise KeyboardInterrupt for SIGTERM and SIGHUP, as for Ctrl-C."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handling(dict.fromkeys(_ENDING, interrupt)):
        yield


@contextmanager
def removing(name: str, say: Callable[[str], None]) -> Iterator[None]:
    """Ignore the first signal with a message; raise KeyboardInterrupt at the second."""
    received = 0

    def ignore_first(_number: int, _frame: FrameType | None) -> None:
        nonlocal received
        received += 1
        if received > 1:
            raise KeyboardInterrupt
        with contextlib.suppress(OSError):
            say(f"removing {name} from the account; interrupt again to leave it there")

    with _handling(dict.fromkeys((signal.SIGINT, *_ENDING), ignore_first)):
        yield


@contextmanager
def _handling(handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]]) -> Iterator[None]:
    before: dict[signal.Signals, Any] = {}
    for number, handler in handlers.items():
        if signal.getsignal(number) is not signal.SIG_IGN:  # as for SIGHUP under nohup
            before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
