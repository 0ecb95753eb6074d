"""A hook for tests: the event loop stands still at random moments, as on a machine that is suspended or overloaded.

`POC_TEST_STALLS=SEED` lets it happen once in each minute of a run, the first time within its first twelve seconds, for
0.2 to 15 s (log-uniform). The verdicts must be the same as without, or unknown.
"""

import asyncio
import math
import random
import time
from collections.abc import Iterator, Mapping
from typing import Final

VARIABLE: Final = "POC_TEST_STALLS"

FIRST_WITHIN_SECONDS: Final = 12.0
"""About as long as a story with one natural sleep, so that the stall falls anywhere into it."""

PERIOD_SECONDS: Final = 60.0
SHORTEST_SECONDS: Final = 0.2
LONGEST_SECONDS: Final = 15.0


def planned(seed: str) -> Iterator[tuple[float, float]]:
    """Return pairs of waits before a stall and lengths of it, in seconds, without end."""
    chance = random.Random(seed)  # noqa: S311 - tests must be repeatable
    wait = chance.uniform(0, FIRST_WITHIN_SECONDS)
    while True:
        yield wait, math.exp(chance.uniform(math.log(SHORTEST_SECONDS), math.log(LONGEST_SECONDS)))
        wait = PERIOD_SECONDS


async def stall(seed: str) -> None:
    """Stand still as planned until this is cancelled."""
    for wait, length in planned(seed):
        await asyncio.sleep(wait)
        time.sleep(length)  # noqa: ASYNC251 - that nothing else runs meanwhile is the point


def seed_in(environment: Mapping[str, str]) -> str | None:
    """Return the seed that the environment asks for."""
    return environment.get(VARIABLE) or None
