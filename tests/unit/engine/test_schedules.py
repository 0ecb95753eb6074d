"""Whatever delays a run meets, no verdict flips: it is the undelayed one, or unknown.

All stories are played at once on fake runtimes in virtual time, and judged from what was recorded.
"""

import asyncio
import math
import random
from functools import partial

import pytest

from tests.support.fake_run import FakeTargetPool, Meddle, Played, impossible, play
from tests.support.fake_stories import STORIES
from tests.support.virtual import SECOND, World

QUICK_SEEDS = range(6)
ALL_SEEDS = range(6, 200)

SHORTEST_SECONDS, LONGEST_SECONDS = 0.001, 5.0

# Between its pulses a runtime may stand still for so long and nobody can tell (PULSE_SECONDS and FENCE_LATE_NS); what
# lies between what no story minds and that is left out.
UNNOTICED_SECONDS = (0.2, 0.8)

NAMED = [text.replace('name = "story"', f'name = "{name}"', 1) for name, (text, _) in STORIES.items()]


def delays(seed: int, *, of_runtimes: bool) -> Meddle:
    """Let the loop, or all runtimes, stand still up to four times, for lengths with a heavy tail."""

    def meddle(world: World, pool: FakeTargetPool) -> None:
        chance = random.Random(seed)  # noqa: S311 - tests must be repeatable
        loop = asyncio.get_running_loop()
        for _ in range(chance.randint(1, 4)):
            # Most stories are over after three seconds, those with a sleep by the timer after fourteen.
            at = chance.uniform(0, chance.choice([3, 14]))
            length = math.exp(chance.uniform(math.log(SHORTEST_SECONDS), math.log(LONGEST_SECONDS)))
            if not of_runtimes:
                loop.call_later(at, world.stand_still, length)
            elif not UNNOTICED_SECONDS[0] < length < UNNOTICED_SECONDS[1]:
                world.at(world.now_ns + round(at * SECOND), partial(pool.stand_still, length))

    return meddle


def verdicts(played: Played) -> dict[str, str]:
    """Return the verdict of each story; what cannot be played in a place is unknown there."""
    stories = played.judged["scenarios"]
    return {each["name"]: next((claim["verdict"] for claim in each["claims"]), "unknown") for each in stories}


def flips(found: dict[str, str]) -> dict[str, str]:
    return {name: found[name] for name, (_, wanted) in STORIES.items() if found[name] not in {wanted, "unknown"}}


@pytest.mark.parametrize("name", STORIES)
def test_a_story_that_nobody_delays_has_its_verdict_at_the_first_attempt(name: str) -> None:
    text, wanted = STORIES[name]
    played = play(text)
    assert played.verdicts == {"it": wanted}
    assert "given_up" not in played.ends().values()
    assert impossible(played.events) == []
    assert played.left == 0


def test_stories_that_are_played_together_have_the_same_verdicts() -> None:
    played = play(*NAMED)
    assert verdicts(played) == {name: wanted for name, (_, wanted) in STORIES.items()}


SEEDS = [*QUICK_SEEDS, *(pytest.param(each, marks=pytest.mark.long) for each in ALL_SEEDS)]


@pytest.mark.parametrize("late", ["poc", "runtimes"])
@pytest.mark.parametrize("seed", SEEDS)
def test_no_delay_flips_a_verdict(seed: int, late: str) -> None:
    played = play(*NAMED, meddle=delays(seed, of_runtimes=late == "runtimes"))
    found = verdicts(played)
    assert flips(found) == {}
    assert impossible(played.events) == []
    # What is late is played again, so that little stays open: or the rules would hide everything.
    assert list(found.values()).count("unknown") <= len(STORIES) / 10


BOX_SEEDS = [*range(2), *(pytest.param(each, marks=pytest.mark.long) for each in range(2, 100))]


@pytest.mark.parametrize("seed", BOX_SEEDS)
def test_nor_does_it_in_a_black_box(seed: int) -> None:
    played = play(*NAMED, meddle=delays(seed, of_runtimes=False), traced=False)
    found = verdicts(played)
    assert flips(found) == {}
    assert impossible(played.events) == []
    assert list(found.values()).count("held") >= 15  # the rest needs a trace, or a longer silence
