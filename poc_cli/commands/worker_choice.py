"""Which worker is deployed for a run: the one that all its scenarios bring, else ours or the user's."""

from collections.abc import Sequence
from pathlib import Path

from poc_cli.engine.play_runner import SleepMode
from poc_cli.engine.run_plays import reason_to_leave_out
from poc_cli.scenario.capabilities import Place
from poc_cli.scenario.plays import Play, plays_of
from poc_cli.scenario.scenario import Scenario


def brought(scenarios: Sequence[Scenario], sleep: SleepMode | None, place: Place) -> Play | None:
    """Return a play with the worker that every scenario brings which can be played in a place; None where they differ.

    The place is to be one that runs such a worker.
    """
    possible = [each for each in scenarios if reason_to_leave_out(each, sleep, place) is None]
    stories = [plays_of(each)[0] for each in possible]
    named = {_named(play) for play in stories}
    return stories[0] if len(named) == 1 and None not in named else None


def _named(play: Play) -> str | None:
    """Return what tells one worker from another, its variables and secrets too."""
    if play.worker is None:
        return None
    folder = (Path(play.scenario.file).absolute().parent / play.worker.dir).resolve()
    return repr((str(folder), play.worker.model_dump(exclude={"dir"}), sorted(play.scenario.document.secrets)))
