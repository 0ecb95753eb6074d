"""Play the session of each story without sleeps and with sleeps in its gaps, and narrow down every difference."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final

from poc_cli.engine.play_runner import Outcome
from poc_cli.history.reader import read
from poc_cli.record.run_record import record
from poc_cli.record.session_record import SessionRecord
from poc_cli.run_options import EVERYWHERE, RunOptions
from poc_cli.scenario.check_names import entry_of
from poc_cli.scenario.plays import Play
from poc_cli.scenario.sessions import first_sleeps, gaps_of, session

UNDISTURBED_AT_FIRST: Final = 3

SLOWED: Final = 1
"""Which of them pauses in each gap: not the first, which tells when alarms come, and as early as can be, as it is the
one that takes longest without work."""

APART_SECONDS: Final = 1.1
"""How long after each other they start, so that clocks that show seconds differ."""

_ROUNDS: Final = 12
"""More than enough to divide a thousand gaps down to one and confirm it."""

PlayAll = Callable[[list[Play]], Awaitable[Mapping[str, Outcome]]]


def to_play_everywhere(plays: Iterable[Play], options: RunOptions) -> list[Play]:
    """Return the stories whose sessions are played: all with `--sleep everywhere`, else those with a claim about it."""
    stories = (play for play in plays if play.role == "story" and play.round == 1)
    return [replace(each, ignore=options.ignore) for each in stories if options.sleep == EVERYWHERE or _wants(each)]


def _wants(story: Play) -> bool:
    return any(entry_of(claim.check).plays_sessions for claim in story.scenario.document.claim)


async def play_sessions(stories: Sequence[Play], play_all: PlayAll, history: Path) -> dict[str, Outcome]:
    """Play the sessions of stories and return the outcomes by label. Raises PocError."""
    known = {story.scenario.document.name: story for story in stories}
    numbers = {name: count(1) for name in known}
    plays = [play for name, story in known.items() for play in _first(story, numbers[name])]
    outcomes: dict[str, Outcome] = {}
    for _ in range(_ROUNDS):
        outcomes |= await play_all(plays)
        if "interrupted" in outcomes.values():
            break
        plays = [
            session(known[name], next(numbers[name]), sleeps)
            for name, sessions in sessions_in(history).items()
            for sleeps in sessions.next_sleeps()
        ]
        if not plays:
            break
    return outcomes


def sessions_in(history: Path) -> dict[str, SessionRecord]:
    """Return the sessions that a history holds so far, by scenario. Raises PocError."""
    plays = record(read(history)).plays
    names = dict.fromkeys(str(play.start.data["scenario"]) for play in plays)
    return {name: SessionRecord(play for play in plays if play.start.data["scenario"] == name) for name in names}


def _first(story: Play, numbers: "count[int]") -> list[Play]:
    undisturbed = [
        session(story, next(numbers), slowed=place == SLOWED, after_s=APART_SECONDS * place)
        for place in range(UNDISTURBED_AT_FIRST)
    ]
    sleeps = first_sleeps(gaps_of(story), [*story.objects])
    return undisturbed + [session(story, next(numbers), each) for each in sleeps]
