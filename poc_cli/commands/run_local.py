"""Play on runtimes of this machine: start the first, and load the rest of the program meanwhile."""

import contextlib
import secrets
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from poc_cli.commands.console import Console, hide
from poc_cli.commands.played import Played, point_to, raise_file_limit
from poc_cli.commands.selection import chosen, files, is_wanted
from poc_cli.commands.signals import finish
from poc_cli.run_options import RunOptions
from poc_cli.scenario.catalog import shown
from poc_cli.targets.api_address import Address
from poc_cli.targets.api_address import environment as runtime_variables
from poc_cli.targets.compatibility import raise_if_unknown
from poc_cli.targets.installation import locate
from poc_cli.targets.process import Process, RuntimeFolder, spawn
from poc_cli.targets.runtime_version import RuntimeVersion
from poc_cli.targets.worker_source import WorkerChoice, WorkerSource, source_or_shipped
from poc_cli.targets.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poc_cli.engine.target_pool import SourceOf
    from poc_cli.scenario.plays import Play

JUDGING = (
    "poc_cli.record.play_record",
    "poc_cli.record.instances",
    "poc_cli.judge.claims",
    "poc_cli.judge.run_document",
    "poc_cli.commands.run_folder",
    "poc_cli.report.text",
)
"""The modules that a run needs when its plays are over, each after those it imports."""


def play(options: RunOptions, console: Console) -> Played:
    """Play into a new run folder. Raises PocError."""
    if options.compat_date is not None:
        raise_if_unknown(locate(console.note, wanted=options.workerd), [options.compat_date])
    found = files(options)
    wanted = source_or_shipped(options.worker) if is_wanted(found, options) else None
    binary = locate(console.note, wanted=options.workerd)
    version = RuntimeVersion(binary)
    raise_file_limit()
    token = secrets.token_urlsafe(32)  # 256 bits, fresh each run
    address = Address()
    with contextlib.ExitStack() as open_:
        open_.callback(address.close)
        workers = open_.enter_context(Workers(binary, options.compat_date, console.note, options.project))
        variables = runtime_variables(token, address)
        ahead = None
        if wanted is not None:
            workers.begin(wanted)
            ahead = None if wanted.configs else _started_ahead(workers, wanted, open_, binary, variables)
        # From here on the runtime, or wrangler, starts while the rest of the program is still loading.
        from poc_cli.commands.environment_values import named, variables_of
        from poc_cli.commands.loads_of_run import loads_of, local_sites
        from poc_cli.commands.start_services import prepared
        from poc_cli.engine import run_plays, target_pool
        from poc_cli.engine.environment import RunEnvironment
        from poc_cli.history.folder import Records, run_folder
        from poc_cli.history.redact import Redactor
        from poc_cli.targets.local_api import Api
        from poc_cli.targets.runtime_context import RuntimeContext

        ready = open_.enter_context(prepared(chosen(found, options), options, console, token))
        source_of = target_pool.source_of if ready.services is None else ready.services.source
        shared, others = _workers_of(ready.plan.plays, source_of, options.worker)
        for each in others:
            workers.begin(each)
        first = ahead if ahead and shared == wanted else _start(workers, shared, open_, binary, variables)
        for each in others:
            workers.get(each)
        folder = run_folder(options.results, [each.document.name for each in ready.plan.scenarios], datetime.now(UTC))
        used = variables_of(ready.plan.played, workers.secrets)
        ours = [("POC_TOKEN", token), ("POC_API_KEY", address.key)]
        redactor = Redactor([*ours, *named(used), *workers.secrets, *ready.secrets.items()])
        hide(redactor, console)
        versions = {"workerd": version.text()} | workers.get(shared).tools
        ground = RuntimeContext(
            binary, workers.get(shared), workers, folder, redactor, token, address, versions, count(1)
        )
        pool = target_pool.LocalTargetPool(ground, first, source_of)
        records = Records(folder, redactor, workers.thrown_text)
        environment = RunEnvironment(Api(address), ready.services, variables=used, thrown=workers.thrown)
        with console.live(ready.plan.stories) as progress:
            loads = loads_of(ready.plan.scenarios, local_sites(ground), progress, forced=options.sleep == "evict")
            work = run_plays.run(ready.plan, options, pool, records, environment, progress, afterwards=loads)
            interrupted = not finish(work, JUDGING)
        _append(redactor.text(workers.thrown_text()), folder / "worker.log")
    point_to(folder, console)
    _warn_if_cut(folder / "worker.log", console)
    return Played(folder, interrupted, len(ready.plan.played))


def _append(text: str, log: Path) -> None:
    if text:
        with log.open("a", encoding="utf-8") as stream:
            stream.write(text)


def _warn_if_cut(log: Path, console: Console) -> None:
    from poc_cli.targets.line_reader import LARGEST_LOG, full

    # Each process that filled it writes a line about that at its end.
    if log.exists() and log.stat().st_size > LARGEST_LOG // 2 and full(log.name, LARGEST_LOG).encode() in _tail(log):
        console.note(f"poc: the worker logged more than {LARGEST_LOG >> 20} MiB: {shown(log)} holds the first part")


def _tail(file: Path) -> bytes:
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - 4096))
        return stream.read()


def _started_ahead(
    workers: Workers, wanted: WorkerSource, open_: contextlib.ExitStack, binary: Path, variables: dict[str, str]
) -> Process:
    """Start the runtime before it is known that plays share it; some modules are loaded while workerd compiles."""
    place = _place(workers, wanted, open_)
    place.worker.begin_compiling(binary, place.folder)
    import poc_cli.scenario.loader  # noqa: F401 - takes as long as compiling

    return _started(place, open_, binary, variables)


def _start(
    workers: Workers, wanted: WorkerSource, open_: contextlib.ExitStack, binary: Path, variables: dict[str, str]
) -> Process:
    """Start the runtime that most plays share; the context ends it and removes its folder."""
    return _started(_place(workers, wanted, open_), open_, binary, variables)


def _place(workers: Workers, wanted: WorkerSource, open_: contextlib.ExitStack) -> RuntimeFolder:
    place = RuntimeFolder(workers.get(wanted))
    open_.callback(place.remove)
    return place


def _started(place: RuntimeFolder, open_: contextlib.ExitStack, binary: Path, variables: dict[str, str]) -> Process:
    first = spawn(binary, place, variables)
    open_.callback(first.end, gently=False)
    return first


def _workers_of(
    plays: "Sequence[Play]", source_of: "SourceOf", chosen_worker: WorkerChoice | None
) -> tuple[WorkerSource, list[WorkerSource]]:
    """Return the worker of the shared runtime, and all that plays bring.

    The chosen worker is found only if a story is played on it; the shipped one does where nothing is played.
    """
    others = list(dict.fromkeys(source_of(play) for play in plays if play.worker is not None))
    stories = [play for play in plays if play.role == "story"]
    if any(play.worker is None for play in stories):
        return source_or_shipped(chosen_worker), others
    return (source_of(stories[0]) if stories else source_or_shipped(None)), others
