"""Waits for the runtime, and tells a runtime that hangs from a harness that is too busy to hear it.

Never waits for long where we have nothing else to do: then silence is the runtime's.
"""

import asyncio
import time
from typing import Any, Final

ANSWERS_WITHIN_SECONDS: Final = 2.0
"""A runtime whose side-car does not answer in this time hangs: an endless loop in one object stops them all."""

OUR_SHARE: Final = 0.25
"""Of that time, what this process may itself have been computing. With more, the answer may lie here unread; one that
only waits computes next to nothing."""

WINDOWS: Final = 5
"""How often a busy harness looks again before it calls the runtime hung all the same."""


async def answered(waiting: "asyncio.Task[Any]") -> bool:
    """Give whether it was done in time, well or badly; where it was not, it is cancelled."""
    try:
        for _ in range(WINDOWS):
            began, computed = time.monotonic(), time.process_time()
            await asyncio.wait([waiting], timeout=ANSWERS_WITHIN_SECONDS)
            if waiting.done():
                return True
            if time.process_time() - computed < OUR_SHARE * (time.monotonic() - began):
                break
        return False
    finally:
        waiting.cancel()
