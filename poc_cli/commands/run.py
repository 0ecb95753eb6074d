"""`poc run`: starts the runtime first and the rest beside it, plays, judges, and shows the outcome.

Never decides a verdict.
"""

import asyncio
import contextlib
import resource
import secrets
import signal
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from poc_cli.commands.console import Console, abandon_if_hung_up
from poc_cli.errors import PocError, UsageError
from poc_cli.scenario.catalog import find, shipped_files, shown
from poc_cli.shipped import shipped
from poc_cli.status import ExitCode
from poc_cli.target.address import Address, environment
from poc_cli.target.compatibility import raise_if_unknown
from poc_cli.target.process import Place, Process, spawn
from poc_cli.target.runtime import WORKERD_VERSION, locate
from poc_cli.target.source import Source, source
from poc_cli.target.workers import Workers

if TYPE_CHECKING:
    from poc_cli.report.spans import Line
    from poc_cli.scenario.story import Scenario


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    words: Sequence[str]
    everything: bool
    tags: Sequence[str]
    worker: Path | None
    sleep: Literal["idle", "evict"] | None
    jobs: int
    results: Path
    json: bool
    verbosity: int
    allow_unknown: bool
    date: str | None = None
    repeat: int = 1
    worker_rules: bool = False
    """Whether `worker` goes before the one that a scenario names."""


@dataclass(frozen=True, slots=True)
class Played:
    """A run that was played, but not judged yet."""

    folder: Path
    interrupted: bool


SLOW = "slow"
"""The tag of scenarios that `--all` leaves to `--tag slow`."""


def run(options: Options, console: Console) -> int:
    """Run and report; give the exit code. Raises PocError."""
    if options.date is not None:
        raise_if_unknown(locate(console.note), [options.date])
    played = play(options, console)
    return _report(played.folder, options, console, interrupted=played.interrupted)


def play(options: Options, console: Console) -> Played:
    """Play what was asked for into a new run folder, to which `latest` points then. Raises PocError."""
    files = _files(options)
    wanted = source(options.worker or shipped("worker"))
    binary = locate(console.note)
    _raise_file_limit()
    token = secrets.token_urlsafe(32)  # 256 bits, fresh each run
    address = Address()
    with contextlib.ExitStack() as open_:
        open_.callback(address.close)
        workers = open_.enter_context(Workers(binary, options.date, console.note))
        workers.begin(wanted)
        variables = environment(token, address)
        ahead = None if wanted.configs else _start(workers, wanted, open_, binary, variables)
        # From here on the runtime, or wrangler, starts while the rest of the program is still loading.
        from poc_cli.engine.run import Request, point_latest, run_folder
        from poc_cli.engine.run import run as perform
        from poc_cli.history.redact import Redactor
        from poc_cli.target.workerd import Ground

        scenarios = _chosen(files, options)
        shared, others = _cast(scenarios, wanted, options)
        for each in others:
            workers.begin(each)
        first = ahead if ahead and shared == wanted else _start(workers, shared, open_, binary, variables)
        for each in others:
            workers.get(each)
        worker = workers.get(shared)
        folder = run_folder(options.results, scenarios, datetime.now(UTC))
        redactor = Redactor([token, address.key, *workers.secrets])
        versions = {"workerd": WORKERD_VERSION} | worker.tools
        ground = Ground(binary, worker, workers, folder, redactor, token, address, versions, count(1))
        request = Request(scenarios, bool(options.words), options.sleep, options.jobs, options.repeat)
        with console.live() as progress:
            interrupted = not _finish(perform(request, first, ground, progress))
        if thrown := workers.thrown:
            with (folder / "worker.log").open("a", encoding="utf-8") as log:
                log.write(redactor.text(thrown))
    try:
        point_latest(folder)
    except PocError as error:  # the run is not lost by that
        console.error(f"poc: {error}")
    return Played(folder, interrupted)


def _start(
    workers: Workers, wanted: Source, open_: contextlib.ExitStack, binary: Path, variables: dict[str, str]
) -> Process:
    """Start the runtime that most plays share; it ends with the context, and its folder goes."""
    place = Place(workers.get(wanted))
    open_.callback(place.remove)
    first = spawn(binary, place, variables)
    open_.callback(first.end, gently=False)
    return first


def _cast(scenarios: "list[Scenario]", wanted: Source, options: Options) -> tuple[Source, list[Source]]:
    """Give the worker that most plays share, and those that scenarios bring.

    Ours is shared by none where all stories are about one other worker.
    """
    from poc_cli.engine.troupe import source_of
    from poc_cli.scenario.plays import plays_of

    plays = [play for scenario in scenarios for play in plays_of(scenario)]
    others = list(dict.fromkeys(source_of(play) for play in plays if play.worker is not None))
    stories = {None if play.worker is None else source_of(play) for play in plays if play.role == "story"}
    only = stories.pop() if len(stories) == 1 else None
    return (wanted if only is None or options.worker is not None else only), others


def _files(options: Options) -> list[Path]:
    if options.words and (options.everything or options.tags):
        raise UsageError("name scenarios, or give --all or --tag, not both")
    if options.words:
        return find(options.words)
    if options.everything or options.tags:
        return list(shipped_files().values())
    names = ", ".join(shipped_files())
    raise UsageError("nothing to run", f"name a scenario ({names}), a file or a folder, or say --all")


def _chosen(files: list[Path], options: Options) -> "list[Scenario]":
    from poc_cli.scenario.loader import read

    scenarios = [read(Path(shown(file))) for file in files]
    _raise_if_named_alike(scenarios)
    if options.tags:
        scenarios = [each for each in scenarios if set(options.tags) & set(each.document.tags)]
        if not scenarios:
            raise UsageError(f"no scenario has the tag {' or '.join(options.tags)}", "see poc list")
    elif options.everything:
        scenarios = [each for each in scenarios if SLOW not in each.document.tags]
    if options.worker_rules:
        scenarios = [_without_worker(each) for each in scenarios]
    return scenarios


def _without_worker(scenario: "Scenario") -> "Scenario":
    return replace(scenario, document=scenario.document.model_copy(update={"worker": None}))


def _raise_if_named_alike(scenarios: "list[Scenario]") -> None:
    by_name: dict[str, str] = {}
    for each in scenarios:
        other = by_name.setdefault(each.document.name, each.file)
        if other != each.file:
            raise UsageError(f'{other} and {each.file} are both named "{each.document.name}"', "rename one of them")


def _raise_file_limit() -> None:
    """Take as many descriptors as we may: workerd uses two for each WebSocket and ends when it runs out."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _finish(work: Coroutine[None, None, None]) -> bool:
    """Run the work to its end; give False where a signal ended it."""

    async def until_told() -> None:
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
            if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
                asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _hang_up, task)
        await work

    try:
        asyncio.run(until_told())
    except (KeyboardInterrupt, asyncio.CancelledError):
        return False
    return True


def _hang_up(task: "asyncio.Task[None]") -> None:
    """End the run though its terminal has gone: it is judged all the same."""
    abandon_if_hung_up()
    task.cancel()


def _transcript(folder: Path, *, messages: bool) -> "list[Line]":
    from poc_cli.history.reader import read
    from poc_cli.report.transcript import transcript

    events = [event for event in read(folder / "history.ndjson") if event is not None]
    return transcript(events, messages=messages)


def _report(folder: Path, options: Options, console: Console, *, interrupted: bool) -> int:
    from poc_cli.commands.evidence import as_json, exit_code, judge_folder
    from poc_cli.report.text import lines, verdict_line

    document = judge_folder(folder)
    if options.json:
        console.document(as_json(document))
    elif console.quiet:
        console.result([verdict_line(document)])
    else:
        if options.verbosity:
            console.result(_transcript(folder, messages=options.verbosity > 1))
        console.result(lines(document, shown(folder)))
    if interrupted:
        return ExitCode.INTERRUPTED
    return exit_code(document, allow_unknown=options.allow_unknown)
