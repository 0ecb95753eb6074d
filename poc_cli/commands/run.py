"""`poc run`: starts the runtime first and the rest beside it, plays, judges, and shows the outcome."""

import contextlib
import secrets
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from poc_cli.commands.console import Console, hide
from poc_cli.commands.run_options import Options, Played, point_to, raise_file_limit
from poc_cli.commands.selection import chosen, files
from poc_cli.commands.signals import finish
from poc_cli.exit_codes import ExitCode
from poc_cli.scenario.catalog import shown
from poc_cli.shipped import shipped
from poc_cli.targets.api_address import Address, environment
from poc_cli.targets.compatibility import raise_if_unknown
from poc_cli.targets.destination import CLOUDFLARE
from poc_cli.targets.process import Process, RuntimeFolder, spawn
from poc_cli.targets.runtime_programs import WORKERD_VERSION, locate
from poc_cli.targets.worker_source import WorkerSource, source
from poc_cli.targets.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poc_cli.engine.target_pool import SourceOf
    from poc_cli.report.styled import Line
    from poc_cli.scenario.scenario import Scenario

JUDGING = (
    "poc_cli.record.play_record",
    "poc_cli.record.instances",
    "poc_cli.judge.claims",
    "poc_cli.judge.run_document",
    "poc_cli.commands.run_folder",
    "poc_cli.report.text",
)
"""What a run needs when its plays are over, each after what it imports itself."""


def run(options: Options, console: Console) -> int:
    """Run and report; give the exit code. Raises PocError."""
    if options.date is not None and options.target.is_local:
        raise_if_unknown(locate(console.note), [options.date])
    played = play(options, console)
    return _report(played.folder, options, console, interrupted=played.interrupted)


def play(options: Options, console: Console) -> Played:
    """Play what was asked for into a new run folder, to which `latest` points then. Raises PocError."""
    if not options.target.is_local:
        from poc_cli.commands.run_remote import play_away

        return play_away(options, console)
    found = files(options)
    wanted = source(options.worker or shipped("worker"))
    binary = locate(console.note)
    raise_file_limit()
    token = secrets.token_urlsafe(32)  # 256 bits, fresh each run
    address = Address()
    with contextlib.ExitStack() as open_:
        open_.callback(address.close)
        workers = open_.enter_context(Workers(binary, options.date, console.note))
        workers.begin(wanted)
        variables = environment(token, address)
        ahead = None if wanted.configs else _start(workers, wanted, open_, binary, variables)
        # From here on the runtime, or wrangler, starts while the rest of the program is still loading.
        from poc_cli.commands.loads_of_run import loads_of, local_sites
        from poc_cli.commands.start_services import HERE, surroundings
        from poc_cli.engine import run_plays, target_pool
        from poc_cli.engine.environment import RunEnvironment
        from poc_cli.history.folder import Records, run_folder
        from poc_cli.history.redact import Redactor
        from poc_cli.targets.local_api import Api
        from poc_cli.targets.runtime_context import RuntimeContext

        scenarios = chosen(found, options)
        around = open_.enter_context(surroundings(scenarios, options, console, token, HERE))
        source_of = target_pool.source_of if around.services is None else around.services.source
        shared, others = _cast(around.played, source_of)
        if options.worker is not None or shared is None:
            shared = wanted
        for each in others:
            workers.begin(each)
        first = ahead if ahead and shared == wanted else _start(workers, shared, open_, binary, variables)
        for each in others:
            workers.get(each)
        worker = workers.get(shared)
        folder = run_folder(options.results, [each.document.name for each in scenarios], datetime.now(UTC))
        ours = [("POC_TOKEN", token), ("POC_API_KEY", address.key)]
        redactor = Redactor([*ours, *workers.secrets, *around.secrets])
        hide(redactor, console)
        versions = {"workerd": WORKERD_VERSION} | worker.tools
        ground = RuntimeContext(binary, worker, workers, folder, redactor, token, address, versions, count(1))
        request = run_plays.Request(
            scenarios, bool(options.words), options.sleep, options.jobs, options.repeat, around.without
        )
        with console.live() as progress:
            pool, records = (
                target_pool.LocalTargetPool(ground, first, source_of),
                Records(folder, redactor, lambda: workers.thrown),
            )
            beside = RunEnvironment(Api(address), around.services)
            loads = loads_of(scenarios, local_sites(ground), progress, forced=options.sleep == "evict")
            interrupted = not finish(run_plays.run(request, pool, records, beside, progress, afterwards=loads), JUDGING)
        if thrown := workers.thrown:
            with (folder / "worker.log").open("a", encoding="utf-8") as log:
                log.write(redactor.text(thrown))
    point_to(folder, console)
    _tell_if_cut(folder / "worker.log", console)
    return Played(folder, interrupted)


def _tell_if_cut(log: Path, console: Console) -> None:
    from poc_cli.targets.line_reader import LARGEST_LOG, full

    # Each process that found it full says so in a line at its end.
    if log.exists() and log.stat().st_size > LARGEST_LOG // 2 and full(log.name, LARGEST_LOG).encode() in _tail(log):
        console.note(f"poc: the worker logged more than {LARGEST_LOG >> 20} MiB: {shown(log)} has the beginning")


def _tail(file: Path) -> bytes:
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - 4096))
        return stream.read()


def _start(
    workers: Workers, wanted: WorkerSource, open_: contextlib.ExitStack, binary: Path, variables: dict[str, str]
) -> Process:
    """Start the runtime that most plays share; it ends with the context, and its folder goes."""
    place = RuntimeFolder(workers.get(wanted))
    open_.callback(place.remove)
    first = spawn(binary, place, variables)
    open_.callback(first.end, gently=False)
    return first


def _cast(scenarios: "Sequence[Scenario]", source_of: "SourceOf") -> tuple[WorkerSource | None, list[WorkerSource]]:
    """Return the worker that all stories are about if it is one other than ours, and those that plays bring."""
    from poc_cli.scenario.plays import plays_of

    plays = [play for scenario in scenarios for play in plays_of(scenario)]
    others = list(dict.fromkeys(source_of(play) for play in plays if play.worker is not None))
    stories = {None if play.worker is None else source_of(play) for play in plays if play.role == "story"}
    return (stories.pop() if len(stories) == 1 else None), others


def _transcript(folder: Path, *, messages: bool) -> "list[Line]":
    from poc_cli.commands.run_folder import history_of
    from poc_cli.report.transcript import transcript

    events = [event for event in history_of(folder) if event is not None]
    return transcript(events, messages=messages)


def _used(folder: Path) -> "list[Line]":
    """Return what the run took of an account's free day."""
    from poc_cli.commands.cost import measured_in
    from poc_cli.cost.prices import shipped as prices
    from poc_cli.cost.usage_line import told_from_outside
    from poc_cli.report.styled import span

    return [[span(line)] for line in told_from_outside(measured_in(folder), prices())]


def _report(folder: Path, options: Options, console: Console, *, interrupted: bool) -> int:
    from poc_cli.commands.run_folder import as_json, exit_code, judge_folder
    from poc_cli.report.text import lines, verdict_line

    document = judge_folder(folder)
    if options.json:
        console.document(as_json(document))
    elif console.quiet:
        console.result([verdict_line(document)])
    else:
        if options.verbosity:
            console.result(_transcript(folder, messages=options.verbosity > 1))
        console.result([*lines(document, shown(folder)), *(_used(folder) if options.target.word == CLOUDFLARE else [])])
    if interrupted:
        return ExitCode.INTERRUPTED
    return exit_code(document, allow_unknown=options.allow_unknown)
