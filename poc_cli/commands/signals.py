"""Runs the work of a command to its end, or to the signal that ends it."""

import asyncio
import signal
from collections.abc import Coroutine, Sequence

from poc_cli.commands.console import abandon_if_hung_up
from poc_cli.commands.idle_imports import importing


def finish(work: Coroutine[None, None, None], needed_next: Sequence[str] = ()) -> bool:
    """Run the work to its end; give False where a signal ended it.

    `needed_next` are modules that are needed after it, which are imported while it waits.
    """

    async def until_told() -> None:
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
            if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
                asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _hang_up, task)
        await work

    try:
        with asyncio.Runner(loop_factory=importing(needed_next)) as runner:
            runner.run(until_told())
    except (KeyboardInterrupt, asyncio.CancelledError):
        return False
    return True


def _hang_up(task: "asyncio.Task[None]") -> None:
    """End the run though its terminal has gone: it is judged all the same."""
    abandon_if_hung_up()
    task.cancel()
