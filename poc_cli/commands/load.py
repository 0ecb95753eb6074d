"""`poc load`: run a load scenario, or one that the options describe, and report the result."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poc_cli.commands.console import Console
from poc_cli.commands.played import point_to, raise_file_limit, report
from poc_cli.commands.selection import with_worker
from poc_cli.commands.signals import until_signal
from poc_cli.errors import UsageError
from poc_cli.run_options import RunOptions
from poc_cli.scenario.catalog import find, shipped_files, shown
from poc_cli.scenario.duration import seconds
from poc_cli.scenario.load_model import LoadFile
from poc_cli.scenario.loader import read
from poc_cli.scenario.scenario import Scenario

if TYPE_CHECKING:
    from poc_cli.load.load_player import Load
    from poc_cli.load.plan import LoadOverrides

FOLDER = "load"
"""The folder of the shipped load scenarios."""

ANY = "many-sockets"
"""The scenario that the options change if none is named."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """The options of a load: those of a run, what replaces numbers of the scenario, and how it is carried out."""

    run: RunOptions
    overrides: "LoadOverrides"
    traced: bool = False
    cluster: str | None = None
    """The address of a Dask scheduler, None if this process carries the load out."""


def seconds_of(flag: str, text: str | None) -> float | None:
    """Return the seconds that the value of an option means, None without one. Raises UsageError."""
    try:
        return None if text is None else seconds(text)
    except ValueError as error:
        raise UsageError(f"{flag} {text}: {error}") from error


def load(options: LoadOptions, console: Console) -> int:
    """Run and report; return the exit code. Raises PocError, and UsageError if the load does not fit this machine."""
    raise_file_limit()
    wanted = wanted_load(options)
    from poc_cli.commands.load_target import raise_if_impossible

    raise_if_impossible(wanted, options)
    if options.cluster is not None:
        from poc_cli.commands.load_target import on_cluster

        wanted = on_cluster(wanted, options.cluster, console, runtime_is_here=options.run.target.is_local)
    folder, whole = _play(wanted, options, console)
    point_to(folder, console)
    return report(folder, options.run, console, interrupted=not whole)


def wanted_load(options: LoadOptions) -> "Load":
    """Return the load to run. Raises UsageError, and ScenarioError for an invalid file."""
    from poc_cli.load.load_player import Load
    from poc_cli.load.plan import NO_OVERRIDES, plan_of

    if not options.run.words and options.overrides == NO_OVERRIDES:
        names = ", ".join(name for name in shipped_files() if name.startswith(f"{FOLDER}/"))
        raise UsageError(
            "no load scenario given", f"name one ({names}) or a file, or give the number of sockets: --sockets 1000"
        )
    scenario = _scenario(options.run.words[0] if options.run.words else f"{FOLDER}/{ANY}", options)
    if not isinstance(scenario.document, LoadFile):
        raise UsageError(
            f"{scenario.document.name} is not a load scenario", f"run it with poc run {options.run.words[0]}"
        )
    return Load(scenario, plan_of(scenario.document.load, options.overrides))


def _scenario(word: str, options: LoadOptions) -> Scenario:
    files = find([word])
    if len(files) > 1:
        raise UsageError(f"{word} matches {len(files)} scenarios", "a load scenario runs alone: name one")
    return with_worker(read(Path(shown(files[0]))), options.run)


def _play(wanted: "Load", options: LoadOptions, console: Console) -> tuple[Path, bool]:
    """Run the load; return the new run folder, and whether it was not interrupted."""
    from poc_cli.commands.load_target import local_target, remote_target
    from poc_cli.commands.load_view import watching
    from poc_cli.load.run_loads import run_load

    with contextlib.ExitStack() as open_:
        prepared = open_.enter_context(
            (local_target if options.run.target.is_local else remote_target)(wanted, options, console)
        )
        watcher = open_.enter_context(watching(console))
        work = run_load(wanted, prepared.site, prepared.records, prepared.target, watcher)
        return prepared.records.folder, _finished(work)


def _finished(work: Coroutine[Any, Any, bool]) -> bool:
    """Run the work in the fastest loop available; a signal ends it early, and it still reports."""
    from poc_cli.load.shard_runner import run_loop

    try:
        return run_loop(until_signal(work, signal.SIGINT, signal.SIGTERM))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return False
