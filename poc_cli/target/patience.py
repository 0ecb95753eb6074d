"""Waits for the runtime, and tells one that hangs from a harness or a machine that is too busy.

Never waits for long where we have nothing else to do: then silence is the runtime's.
"""

import asyncio
import time
from typing import Any, Final

from poc_cli.target.busyness import Busyness

ANSWERS_WITHIN_SECONDS: Final = 2.0
"""A runtime whose side-car does not answer in this time hangs: an endless loop in one object stops them all."""

OUR_SHARE: Final = 0.25
"""Of that time, what this process may itself have been computing. With more, the answer may lie here unread; one that
only waits computes next to nothing. The same share either may have waited for a processor."""

WINDOWS: Final = 5
"""How often a busy harness looks again before it calls the runtime hung all the same."""


async def answered(waiting: "asyncio.Task[Any]", busyness: Busyness) -> bool:
    """Give whether it was done in time, well or badly; where it was not, it is cancelled."""
    try:
        for _ in range(WINDOWS):
            mark, began, computed = busyness.mark(), time.monotonic(), time.process_time()
            await asyncio.wait([waiting], timeout=ANSWERS_WITHIN_SECONDS)
            if waiting.done():
                return True
            ours = (time.process_time() - computed) / (time.monotonic() - began)
            if max(ours, busyness.starved_since(mark)) < OUR_SHARE:
                break
        return False
    finally:
        waiting.cancel()
