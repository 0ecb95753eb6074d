"""A test hook that blocks the event loop at random moments, as on a suspended or overloaded machine.

`POC_TEST_STALLS=SEED` blocks it once in each minute of a run, the first time within its first twelve seconds, for 0.2
to 15 s (log-uniform). The verdicts must be the same as without stalls, or unknown.
"""

import asyncio
import math
import random
import time
from collections.abc import Iterator, Mapping
from typing import Final

VARIABLE: Final = "POC_TEST_STALLS"

FIRST_WITHIN_SECONDS: Final = 12.0
"""About the length of a story with one natural sleep, so that the stall may fall anywhere in it."""

PERIOD_SECONDS: Final = 60.0
SHORTEST_SECONDS: Final = 0.2
LONGEST_SECONDS: Final = 15.0


def planned(seed: str) -> Iterator[tuple[float, float]]:
    """Yield the wait before each stall and its length in seconds, without end."""
    chance = random.Random(seed)  # noqa: S311 - tests must be repeatable
    wait = chance.uniform(0, FIRST_WITHIN_SECONDS)
    while True:
        yield wait, math.exp(chance.uniform(math.log(SHORTEST_SECONDS), math.log(LONGEST_SECONDS)))
        wait = PERIOD_SECONDS


async def stall(seed: str) -> None:
    """Block the event loop as planned until cancelled."""
    for wait, length in planned(seed):
        await asyncio.sleep(wait)
        time.sleep(length)  # noqa: ASYNC251 - blocking the loop is the purpose


def seed_in(environment: Mapping[str, str]) -> str | None:
    """Return the seed set in the environment."""
    return environment.get(VARIABLE) or None
