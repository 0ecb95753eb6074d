"""`poc record`: start a worker, write down what clients do with it, and make a scenario of that."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import threading
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from poc_cli.commands.console import Console, abandon_if_hung_up, hide
from poc_cli.commands.init import worker_as_toml
from poc_cli.commands.played import raise_file_limit
from poc_cli.commands.record_learning import Learned, Learner, unplayed
from poc_cli.commands.scaffold import texts_in
from poc_cli.commands.signals import finish
from poc_cli.errors import PocError, TargetError, UsageError
from poc_cli.exit_codes import ExitCode
from poc_cli.files import write_whole
from poc_cli.history.redact import Redactor
from poc_cli.recorder.recording import recording_of
from poc_cli.recorder.scenario_text import Recording, Written
from poc_cli.recorder.session import Ended, Session
from poc_cli.report.styled import Line, span
from poc_cli.run_options import RunOptions
from poc_cli.scenario.catalog import shown
from poc_cli.services.front_door import BROKEN, LARGEST_SESSION, FrontDoor
from poc_cli.shipped import shipped
from poc_cli.targets.api_address import Address
from poc_cli.targets.installation import WORKERD_VERSION, locate
from poc_cli.targets.local_api import Api
from poc_cli.targets.process import RuntimeFolder
from poc_cli.targets.runtime_context import RuntimeContext
from poc_cli.targets.runtime_folder import runtime_base
from poc_cli.targets.scratch_folder import ScratchFolder
from poc_cli.targets.worker_source import WorkerSource, source_or_shipped
from poc_cli.targets.workerd import Workerd
from poc_cli.targets.workers import Workers

_ENDS_WITHIN_SECONDS: Final = 2.0
"""How long the command may take to end once the recording has ended."""

_MOST_FENCES: Final = 100
"""After how many of them a recording ends although the worker still sends something; each takes milliseconds."""

_COUNTERS: Final = ("boots",)
"""What the shipped worker tells in each reply: how often its object was constructed."""

_NAME: Final = "abcdefghijklmnopqrstuvwxyz0123456789_-"


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """What is recorded: the file to write, the port to listen on (0: any), and who speaks to the worker.

    That is a command, or the person to whom the page at a path of the worker is opened.
    """

    output: Path
    force: bool = False
    port: int = 0
    command: Sequence[str] = ()
    page: str | None = None


def record(options: RunOptions, wanted: RecordOptions, console: Console) -> int:
    """Record a session and write a scenario; return the exit code. Raises PocError."""
    name = _checked_name(wanted)
    source = source_or_shipped(options.worker)
    binary = locate(console.note)
    raise_file_limit()
    with contextlib.ExitStack() as open_:
        workers = open_.enter_context(Workers(binary, options.compat_date, console.note, options.project))
        worker = workers.get(source)
        scratch = ScratchFolder(runtime_base())
        open_.callback(scratch.remove)
        address = Address()
        open_.callback(address.close)
        token = secrets.token_urlsafe(32)
        redactor = Redactor([("POC_TOKEN", token), ("POC_API_KEY", address.key), *workers.secrets])
        hide(redactor, console)
        versions = {"workerd": WORKERD_VERSION} | worker.tools
        ground = RuntimeContext(binary, worker, workers, scratch.folder, redactor, token, address, versions, count(1))
        work = _Work(ground, source, name, options, wanted, console)
        if not finish(work.done()) and work.code is None:
            console.error("poc: interrupted before anything was written")
            return ExitCode.INTERRUPTED
        return ExitCode.INTERRUPTED if work.code is None else work.code


def _checked_name(wanted: RecordOptions) -> str:
    """Return the scenario's name, which is that of the file. Raises UsageError if the file cannot be written."""
    output = wanted.output
    name = output.stem
    if output.suffix != ".toml" or not name[:1].isalpha() or set(name) - set(_NAME):
        raise UsageError(
            f"{shown(output)} cannot be the file of a scenario",
            "choose a name of lower-case letters, digits, - and _ that ends in .toml, such as session.toml",
        )
    if os.path.lexists(output) and not wanted.force:
        raise UsageError(f"{shown(output)} already exists", "choose another file with -o, or overwrite it with --force")
    if not output.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {shown(output.absolute().parent)}", "create it, or choose another -o")
    if wanted.command and shutil.which(wanted.command[0]) is None:
        raise UsageError(f"there is no program {wanted.command[0]}", "name a program of your PATH, or its file")
    if wanted.page is not None and wanted.command:
        raise UsageError(
            "--page and a command do not go together", "let the command open the page: POC_URL has the address"
        )
    if wanted.page is not None and not wanted.page.startswith("/"):
        raise UsageError(f"--page {wanted.page} is no path of the worker", "begin it with /, such as --page /")
    return name


class _Work:
    """Records, then learns from plays, then writes."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a recording is made of
        self,
        ground: RuntimeContext,
        source: WorkerSource,
        name: str,
        options: RunOptions,
        wanted: RecordOptions,
        console: Console,
    ) -> None:
        self._ground = ground
        self._source = source
        self._name = name
        self._options = options
        self._wanted = wanted
        self._console = console
        self._ended = asyncio.Event()
        self._died: PocError | None = None
        self._is_cut = False
        self._learning: asyncio.Task[Learned] | None = None
        self.code: int | None = None

    async def done(self) -> None:
        """Do all of it. The first Ctrl-C ends the recording, the second one everything.

        After SIGTERM, and a hangup of the terminal, there may be little time: what was recorded is written at once.
        """
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def interrupted() -> None:
            if self._ended.is_set() and task is not None:
                task.cancel()
            self._ended.set()

        loop.add_signal_handler(signal.SIGINT, interrupted)
        loop.add_signal_handler(signal.SIGTERM, self._cut)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup ignores it
            loop.add_signal_handler(signal.SIGHUP, self._cut)
        session = await self._session()
        if session.is_empty:
            raise UsageError(
                "nothing was recorded: no client connected and none sent a request",
                "let clients use the address that poc record prints, or give the command that starts one after --",
            )
        learned = await self._learned_in_time(session)
        self._write(learned)
        if self._is_cut:
            self.code = ExitCode.INTERRUPTED
        else:
            self.code = ExitCode.FAILED if self._died else ExitCode.HELD if learned.plays else ExitCode.INCONCLUSIVE

    def _cut(self) -> None:
        abandon_if_hung_up()
        self._is_cut = True
        if self._learning is not None:
            self._learning.cancel()
        self._ended.set()

    async def _learned_in_time(self, session: Session) -> Learned:
        """Return the scenario as it was learned from plays, or as it was recorded if a signal ends everything."""
        self._learning = asyncio.create_task(self._learned(session))
        if self._is_cut:
            self._learning.cancel()
        try:
            return await self._learning
        except asyncio.CancelledError:
            if not self._is_cut:
                raise
            return unplayed(self._recording(session, fresh=True), "it was not played, because a signal ended poc")

    async def _session(self) -> Session:
        target = Workerd(RuntimeFolder(self._ground.worker), self._ground)
        try:
            async with Api(self._ground.address).served():
                await target.start()
                door = FrontDoor(target.endpoint, target.headers if self._is_ours else {}, self._wanted.port)
                await door.start()
                try:
                    await self._until_ended(target, door)
                finally:
                    await door.stop()
                if door.is_full:
                    self._console.error(
                        f"poc: more than {LARGEST_SESSION >> 20} MiB passed; what came after that was not recorded"
                    )
            happenings = door.happenings
            if self._died:  # the sockets ended with it, which is no part of the session
                happenings = tuple(each for each in happenings if not (isinstance(each, Ended) and each.code == BROKEN))
            objects = [(target.class_of(each), each) for each in target.seen()]
            return Session(happenings, tuple((name, each) for name, each in objects if name is not None))
        finally:
            await target.stop()

    @property
    def _is_ours(self) -> bool:
        return self._source.folder == shipped("worker")

    async def _until_ended(self, target: Workerd, door: FrontDoor) -> None:
        """Wait for Ctrl-C, for the end of the command, or for that of the runtime."""
        ended = asyncio.create_task(self._ended.wait())
        died = asyncio.create_task(_until_dead(target))
        watched = {ended, died}
        process: asyncio.subprocess.Process | None = None
        self._console.note(f"poc: recording; clients reach the worker at {door.address} (ws://127.0.0.1:{door.port})")
        if self._wanted.command:
            environment = os.environ | {"POC_URL": f"ws://127.0.0.1:{door.port}"}
            process = await asyncio.create_subprocess_exec(*self._wanted.command, env=environment)
            watched.add(asyncio.create_task(_exit(process)))
        else:
            self._console.note("poc: Ctrl-C ends the recording")
            if self._wanted.page is not None:
                _open_page(f"{door.address}{self._wanted.page}", self._console)
        try:
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            if died.done():
                self._died = died.result()
                self._console.error(f"poc: the recording ends here: {self._died.message}")
            elif process is not None and process.returncode:
                self._console.error(f"poc: {self._wanted.command[0]} ended with code {process.returncode}")
            if not died.done():
                with contextlib.suppress(TargetError):
                    await _until_silent(target, door)
        finally:
            for task in watched:
                task.cancel()
            self._ended.set()
            if process is not None and process.returncode is None:
                await _end(process)

    async def _learned(self, session: Session) -> Learned:
        learner = Learner(self._ground, self._options, self._console)
        try:
            learned = await learner.learned(self._recording(session, fresh=True), is_last=False)
            if learned.plays:
                return learned
            return await learner.learned(self._recording(session, fresh=False), is_last=True)
        except PocError as error:
            if self._died is None:
                raise
            raise PocError(
                f"{error.message}; the project had died before: {self._died.message}", error.advice
            ) from error

    def _recording(self, session: Session, *, fresh: bool) -> Recording:
        folder = self._wanted.output.absolute().parent
        return recording_of(
            session,
            name=self._name,
            worker=None if self._is_ours else worker_as_toml(self._source, folder),
            unique_keys=self._ground.worker.namespaces,
            sources=texts_in(self._source.folder),
            secrets=self._ground.workers.secrets,
            counters=_COUNTERS if self._is_ours else (),
            fresh=fresh,
        )

    def _write(self, learned: Learned) -> None:
        """Write the file and those beside it, or none of them. Raises PocError."""
        output = self._wanted.output
        write_recording(output, learned.written)
        written = learned.written
        steps, people = len(written.awaited), len(learned.recording.story.clients)
        self._console.result(_summary(output, steps, people, [*written.files], learned))


def write_recording(output: Path, written: Written) -> None:
    """Write a scenario and the files beside it; after a failure none of them is left. Raises PocError."""
    folder = output.absolute().parent
    made: list[Path] = []
    try:
        for name, content in written.files.items():
            file = folder / name
            file.parent.mkdir(exist_ok=True)
            made.append(file)
            file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        write_whole(output, written.text)
    except OSError as error:
        for each in made:
            with contextlib.suppress(OSError):
                each.unlink()
        with contextlib.suppress(OSError):
            if made:
                made[0].parent.rmdir()
        raise PocError(f"cannot write {shown(output)}: {error.strerror}", "nothing was written") from error


def _summary(output: Path, steps: int, people: int, files: Sequence[str], learned: Learned) -> list[Line]:
    beside = f" and {len(files)} file{'s' * (len(files) > 1)} beside it" if files else ""
    lines: list[Line] = [
        [
            span("wrote "),
            span(shown(output), "bold"),
            span(f"{beside}: {steps} steps of {people} client{'s' * (people != 1)}"),
        ]
    ]
    if learned.plays:
        lines.append([span(f"  it was played {learned.times} times and comes out the same")])
    else:
        lines.append([span(f"  it does not play yet: {learned.problem}", "yellow")])
    named = [each for each in learned.recording.objects if each.name is not None]
    if not named:
        lines.append(
            [
                span(
                    "  no object was found by its name, so nothing can be put to sleep: add an object to the file",
                    "yellow",
                )
            ]
        )
    lines.append([span("  next: "), span(f"poc run {shown(output)} --sleep everywhere", "bold")])
    return lines


async def _until_silent(target: Workerd, door: FrontDoor) -> None:
    """Wait until nothing passes while the runtime does all that it was asked before. Raises TargetError."""
    for _ in range(_MOST_FENCES):
        before = door.progress
        await target.settled()
        if door.progress == before:
            return


def _open_page(url: str, console: Console) -> None:
    """Open a page in the person's own browser, in a thread: the browser's command may last as long as the browser."""

    def opened() -> None:
        if not webbrowser.open(url):
            console.error(f"poc: no browser was found on this machine; open {url} in one")

    threading.Thread(target=opened, daemon=True).start()


async def _until_dead(target: Workerd) -> PocError:
    while True:
        try:
            await target.pulse()
        except PocError as error:
            return error


async def _exit(process: asyncio.subprocess.Process) -> bool:
    return await process.wait() == 0


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_ENDS_WITHIN_SECONDS):
            await process.wait()
            return
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
