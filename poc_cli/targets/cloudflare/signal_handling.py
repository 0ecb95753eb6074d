"""What a signal does while something of ours is on the account: ends the work, and lets the removal come to its end."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interrupting() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the work as Ctrl-C does: by KeyboardInterrupt."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handling(dict.fromkeys(_ENDING, interrupt)):
        yield


@contextmanager
def removing(name: str, say: Callable[[str], None]) -> Iterator[None]:
    """Let the first signal pass, saying so, and the second end the removal by KeyboardInterrupt."""
    asked = 0

    def patience(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise KeyboardInterrupt
        with contextlib.suppress(OSError):
            say(f"removing {name} from the account; once more leaves it there")

    with _handling(dict.fromkeys((signal.SIGINT, *_ENDING), patience)):
        yield


@contextmanager
def _handling(handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]]) -> Iterator[None]:
    before: dict[signal.Signals, Any] = {}
    for number, handler in handlers.items():
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has SIGHUP
            before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
