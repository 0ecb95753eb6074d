"""Run the work of a command to its end, or until a signal ends it.

While a run waits for the runtime, its event loop imports what comes next: a forced `hibernate` waits for a fifth of
its time, and what judges it takes as long to import as to judge.
"""

import asyncio
import contextlib
import gc
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from importlib import import_module
from typing import Any, Final, TypeVar

from poc_cli.commands.console import abandon_if_hung_up

_Result = TypeVar("_Result")

_QUIET_SECONDS: Final = 0.003
"""How long a loop must hear nothing to count as waiting. A local runtime answers within 1 ms, and importing one module
takes 1 to 5 ms, by which the next answer may be read later."""

_OFTEN: Final = (20_000, 10, 1_000)
"""Thresholds of the garbage collector during a run. 100,000 new objects at a time stop the event loop for 0.1 to 0.3 s,
20,000 for 0.02 s; the oldest generation, which takes as long as a run has had events, is left alone (measured)."""


def finish(work: Coroutine[None, None, None], needed_next: Sequence[str] = ()) -> bool:
    """Run the work; return False if a signal ended it. The modules that are needed next are imported meanwhile."""
    try:
        with _short_collections(), asyncio.Runner(loop_factory=importing(needed_next)) as runner:
            with _uninterrupted():
                runner.get_loop()
            try:
                runner.run(until_signal(_until_interrupted(work), signal.SIGTERM))
            finally:
                # The loop closes this pipe before it gives it up, and a signal would be written to a closed one.
                signal.set_wakeup_fd(-1)
                _interrupt_after(_CLOSES_WITHIN)
    except (KeyboardInterrupt, asyncio.CancelledError):
        work.close()  # it may not have begun
        return False
    finally:
        _interrupt_after(0.0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return True


async def _until_interrupted(work: Coroutine[None, None, None]) -> None:
    """Await the work, which Ctrl-C cancels; while it cleans up, a second one would break that off half-way."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    first: list[float] = []

    def interrupt(_number: int, _frame: object) -> None:
        if not first and task is not None:
            first.append(time.monotonic())
            loop.call_soon_threadsafe(task.cancel)
        elif time.monotonic() - first[0] > _CLOSES_WITHIN:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    await work


_CLOSES_WITHIN: Final = 5.0
"""Seconds in which the loop must have cancelled what is left, and after which a second Ctrl-C ends the cleaning up."""


def _interrupt_after(seconds: float) -> None:
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put Ctrl-C off: an event loop that is half made complains when it is deleted."""
    came: list[int] = []
    # Not by a mask, which is of one thread: another one may get the signal.
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


@contextlib.contextmanager
def _short_collections() -> Iterator[None]:
    """Collect garbage in small steps, so that the event loop never pauses for long; existing objects are exempt."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_OFTEN)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


async def until_signal(work: Coroutine[Any, Any, _Result], *signals: signal.Signals) -> _Result:
    """Await the work; it is cancelled by the signals, and by a hangup of the terminal."""
    task = asyncio.current_task()
    if task is not None:
        loop = asyncio.get_running_loop()
        for each in signals:
            loop.add_signal_handler(each, task.cancel)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup ignores it
            loop.add_signal_handler(signal.SIGHUP, _hang_up, task)
    return await work


def _hang_up(task: "asyncio.Task[Any]") -> None:
    """End the work; what it recorded is judged even without a terminal."""
    abandon_if_hung_up()
    task.cancel()


class _Selector(selectors.DefaultSelector):
    """Imports one module whenever nothing happens for a moment and no timer is due, until all are imported."""

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
