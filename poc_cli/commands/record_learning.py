"""Play a recorded session a few times, to find out what comes back every time and what differs by itself."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final

from poc_cli.commands.console import Console
from poc_cli.engine import run_plays
from poc_cli.engine.environment import RunEnvironment
from poc_cli.engine.run_plan import LOCAL, RunPlan, plan_run
from poc_cli.engine.target_pool import LocalTargetPool, source_of
from poc_cli.history import event as kinds
from poc_cli.history.folder import Records
from poc_cli.history.reader import read
from poc_cli.history.redact import Redactor
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.run_record import record
from poc_cli.recorder.learning import Played, differing_paths, forms_of, played
from poc_cli.recorder.scenario_text import Recording, Written, final_text, learning_text
from poc_cli.run_options import RunOptions
from poc_cli.scenario.loader import parse
from poc_cli.scenario.templates import ENVIRONMENT
from poc_cli.targets.api_address import Address
from poc_cli.targets.api_address import environment as runtime_variables
from poc_cli.targets.local_api import Api
from poc_cli.targets.process import RuntimeFolder, spawn
from poc_cli.targets.runtime_context import RuntimeContext

_PLAYS: Final = 4
"""Two elements in a random order come in the same one in all of them, and in the session, once in 16 times."""

_ROUNDS: Final = 8
"""In each round one message more is found that does not come in every play."""


@dataclass(frozen=True, slots=True)
class Learned:
    """The scenario of a recording, whether it plays, and the first problem if it does not."""

    recording: Recording
    written: Written
    plays: bool
    times: int = 0
    problem: str = ""


class Learner:
    """Plays recordings in runtimes of their own."""

    def __init__(self, ground: RuntimeContext, options: RunOptions, console: Console) -> None:
        self._ground = ground
        self._options = options
        self._console = console
        self._numbers = count(1)

    async def learned(self, recording: Recording, *, is_last: bool) -> Learned:
        """Return the scenario of a recording, with what came back in all plays. Raises PocError."""
        self._console.note("poc: playing it, to see what comes back each time")
        unsteady: set[int] = set()
        plays: list[Played] = []
        for _ in range(_ROUNDS):
            written = learning_text(recording, unsteady)
            plays, seen = await self._played(recording, written, _PLAYS)
            failed = [each for each in plays if each.failed is not None]
            if not failed and not seen and any(each.part is not None for each in recording.objects) and not is_last:
                return unplayed(recording, "the object with the new name was not in memory", unsteady)
            more = {number for each in failed for number in each.awaited}
            if not more:
                break
            unsteady |= more
        failed = [each for each in plays if each.failed is not None]
        if failed and failed[0].failed is not None:
            return unplayed(recording, f"{failed[0].failed.verb}: {failed[0].failed.reason}", unsteady, plays)
        return await self._verified(recording, plays, unsteady)

    async def _verified(self, recording: Recording, plays: list[Played], unsteady: set[int]) -> Learned:
        """Return the scenario with its expectations, of which those that do not hold are left out again."""
        ignore = differing_paths(plays)
        forms = forms_of(recording.story, plays, recording.substitution, [*recording.counters, *ignore])
        problem = ""
        for _ in range(_ROUNDS):
            written = final_text(recording, forms, unsteady, ignore, claims=False)
            again, _ = await self._played(recording, written, 1)
            if again[0].failed is None:
                whole = final_text(recording, forms, unsteady, ignore, claims=True)
                return Learned(recording, whole, plays=True, times=_PLAYS + 1)
            problem = f"{again[0].failed.verb}: {again[0].failed.reason}"
            if not again[0].awaited:
                break
            unsteady |= {*again[0].awaited}
        return unplayed(recording, problem, unsteady, plays)

    async def _played(self, recording: Recording, written: Written, times: int) -> tuple[list[Played], bool]:
        """Play a scenario; return what came in each play, and whether all objects were in memory in all of them."""
        folder = self._ground.folder / f"play-{next(self._numbers)}"
        folder.mkdir(mode=0o700)
        file = folder / f"{recording.name}.toml"
        for name, content in written.files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(
                content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
            )
        scenario = parse(_without_worker(written.text), str(file))
        plan = plan_run([scenario], replace(self._options, repeat=times, sleep=None), LOCAL)
        await self._run(recording, plan, folder, replace(self._options, repeat=times, sleep=None))
        records = record(read(folder / "history.ndjson")).plays
        found = [played(each, written.awaited, recording.substitution) for each in records]
        return found, all(_has_all_objects(each) for each in records)

    async def _run(self, recording: Recording, plan: RunPlan, folder: Path, options: RunOptions) -> None:
        address = Address()
        used = recording.substitution.used
        redactor = Redactor(
            [
                ("POC_TOKEN", self._ground.token),
                ("POC_API_KEY", address.key),
                *self._ground.workers.secrets,
                *used.items(),
            ]
        )
        ground = replace(self._ground, folder=folder, address=address, redactor=redactor, log_listeners=[])
        place = RuntimeFolder(ground.worker)
        first = spawn(ground.binary, place, runtime_variables(ground.token, address))
        try:
            pool = LocalTargetPool(ground, first, source_of)
            variables = {f"{ENVIRONMENT}{name}": value for name, value in used.items()}
            environment = RunEnvironment(Api(address), variables=variables, thrown=ground.workers.thrown)
            await run_plays.run(plan, options, pool, Records(folder, redactor), environment, _say_nothing)
        finally:
            first.end(gently=False)
            place.remove()
            address.close()


def unplayed(
    recording: Recording, problem: str, unsteady: Collection[int] = (), plays: Sequence[Played] = ()
) -> Learned:
    """Return the scenario of a recording that does not play, or was not played, with the reason."""
    forms = forms_of(recording.story, plays, recording.substitution, recording.counters)
    written = final_text(recording, forms, unsteady, [], claims=True)
    return Learned(recording, written, plays=False, problem=problem)


def _without_worker(text: str) -> str:
    """Return a scenario for the worker that is running already."""
    return "\n".join("" if line.startswith("worker = ") else line for line in text.split("\n"))


def _has_all_objects(play: PlayRecord) -> bool:
    seen = {event.actor.removeprefix("object:") for event in play.of_kind(kinds.ENTERED)}
    return set(play.scenario.objects) <= seen


def _say_nothing(_label: str, _phase: str) -> None:
    """Ignore the progress of a play."""
