"""The worker under test: a folder with a `local.capnp`, what that may embed, and how the runtime runs it."""

import os
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from os.path import normpath
from pathlib import Path
from typing import Any, ClassVar, Final

from poc_cli.errors import TargetError
from poc_cli.residency.identity import in_namespace, namespaces
from poc_cli.residency.trace import Place, is_built_in, own_place
from poc_cli.targets.capnp import with_date, with_tails
from poc_cli.targets.compatibility import Compilation, declared
from poc_cli.targets.worker_source import DECLARATION
from poc_cli.targets.workerd_config import SIDECAR, SUBJECT, Services, config

LISTENS_WITHIN_SECONDS: Final = 10.0
"""workerd reports its ports after 31 ms (median); a busy machine takes longer."""

MOST_FILES: Final = 10_000
"""Workers with more files get no digest."""

MESSAGE: Final = "config.bin"
"""The compiled configuration in a runtime's folder."""

_COMPILED: Final[dict[Services, bytes | Compilation]] = {}
"""The configuration of each worker, compiled once, or its compilation."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A folder with a `local.capnp`, and the Durable Object classes it declares with their unique keys.

    `declared` is the compatibility date in its text, if it can be read; `imposed` is the date to run it with instead.
    """

    entry: ClassVar[str] = "http"
    """The name of the socket that clients connect to."""

    tools: ClassVar[dict[str, str]] = {}
    """The versions of the tools that built it, in addition to the runtime's."""

    folder: Path
    namespaces: dict[str, str]
    declared: str | None = None
    imposed: str | None = None
    beside: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Environment variables in addition to poc's own."""

    sidecar: Services = field(default_factory=lambda: Services(secrets.token_hex(8)), compare=False)
    """The names of poc's services in its runtimes."""

    @property
    def compatibility_date(self) -> str | None:
        """Return the compatibility date that it runs with, or None if unknown."""
        return self.imposed or self.declared

    @property
    def listens_within(self) -> float:
        """Return how long its runtime may take to start, in seconds."""
        return LISTENS_WITHIN_SECONDS

    @property
    def secrets(self) -> tuple[tuple[str, str], ...]:
        """Return the names and values of its secrets, which must not be recorded."""
        return ()

    def headers(self, token: str) -> dict[str, str]:
        """Return the headers for requests to it."""
        return {"Authorization": f"Bearer {token}"}

    def variables(self, ours: dict[str, str]) -> dict[str, str]:
        """Return the runtime's environment variables; `ours` are poc's own, which a worker may bind."""
        return ours | dict(self.beside)

    def class_of(self, object_id: str) -> str | None:
        """Return the declared class whose namespace an id belongs to, or None."""
        keys = self.namespaces.items()
        return next((class_name for class_name, key in keys if in_namespace(key, object_id)), None)

    def where_declared(self, class_name: str) -> str | None:  # noqa: ARG002 - a project has more configurations
        """Return which option shows a class that it does not declare, None if none does."""
        return None

    def owns(self, object_id: str) -> bool:  # noqa: ARG002 - only projects share a runtime with simulators
        """Return whether an object of the runtime belongs to this worker."""
        return True

    def digest(self) -> str | None:
        """Return a digest of the worker's files, or None if it cannot be computed."""
        files = [*islice(_files_of(self.folder), MOST_FILES + 1)]
        return None if len(files) > MOST_FILES else digest_of(self.folder, files)

    def own_sources(self) -> list[str]:
        """Return the names of its own source files."""
        return [str(each) for each in named_files(self.folder, DECLARATION)]

    def is_isolate(self, service: str) -> bool:
        """Return whether a service runs the worker's code."""
        return service == SUBJECT

    def place_of(self, service: str, script: str, line: int, column: int) -> Place | None:  # noqa: ARG002
        """Map a location in a script of a service to a location in the source."""
        return Place(script, line)

    def map_frame(self, script: str, line: int, column: int) -> Place | None:  # noqa: ARG002 - it runs unbundled
        """Map a frame of an exception's stack to the source; None for one of the runtime's own."""
        return None if is_built_in(script) else Place(script, line)

    def locate(self, worker: str, frames: list[Any]) -> Place | None:  # noqa: ARG002 - the source runs unbundled
        """Return the source location of a stack in the named worker."""
        return own_place(frames)

    def fill(self, folder: Path) -> None:
        """Write what the runtime's configuration is made of into its folder. Raises OSError."""
        (folder / "disk").mkdir()
        (folder / "sidecar.js").write_text(SIDECAR, encoding="utf-8")
        (folder / "config.capnp").write_text(config(self.sidecar, sorted(self.namespaces)), encoding="utf-8")

    def begin_compiling(self, binary: Path, folder: Path) -> None:
        """Start to compile the configuration in a runtime's folder, which `words` waits for. Raises TargetError."""
        if self.sidecar not in _COMPILED:
            _COMPILED[self.sidecar] = Compilation(binary, folder / "config.capnp", self.folder)

    def words(self, binary: Path, folder: Path, *, tailed: bool) -> list[str]:
        """Return the command-line arguments for the configuration and the disks.

        The configuration is a text, or a compiled message if a date is imposed or its output is reported (`tailed`).
        Raises TargetError.
        """
        disk = [f"--import-path={self.folder}", f"--directory-path=disk={folder / 'disk'}"]
        if self.imposed is None and not tailed:
            return ["config.capnp", *disk]
        if not (folder / MESSAGE).exists():
            message = _compiled(binary, folder, self)
            if self.imposed is not None:
                message = with_date(message, SUBJECT, self.imposed)
            if tailed:
                message = with_tails(message, [SUBJECT], self.sidecar.evict)
            write_message(folder, message)
        return [MESSAGE, "--binary", *disk]


def _compiled(binary: Path, folder: Path, worker: Worker) -> bytes:
    """Return the configuration in a runtime's folder as a message. Raises TargetError."""
    worker.begin_compiling(binary, folder)
    found = _COMPILED[worker.sidecar]
    if isinstance(found, Compilation):
        del _COMPILED[worker.sidecar]  # one that fails is not asked again
        found = _COMPILED[worker.sidecar] = found.message()
    return found


def write_message(folder: Path, message: bytes) -> None:
    """Write a compiled configuration into a runtime's folder. Raises TargetError."""
    file = folder / MESSAGE
    try:
        file.write_bytes(message)
    except OSError as error:
        raise TargetError(f"cannot write {file}: {error.strerror}", "set TMPDIR to a folder with free space") from error


def digest_of(folder: Path, files: Iterable[Path]) -> str | None:
    """Return a digest of files by relative name and content, or None if one cannot be read."""
    whole = sha256()
    try:
        for file in sorted(files):
            whole.update(f"{file.relative_to(folder)}\n{sha256(file.read_bytes()).hexdigest()}\n".encode())
    except (OSError, ValueError):
        return None
    return whole.hexdigest()


def _files_of(folder: Path) -> Iterator[Path]:
    """Yield the files that the declaration embeds, and all files below the folders that it names."""
    for name in named_files(folder, DECLARATION):
        if not (folder / name).is_dir():
            yield folder / name
        for parent, _, files in os.walk(folder / name, followlinks=True):
            yield from (Path(parent, each) for each in files)


def subject(folder: Path, date: str | None = None) -> Worker:
    """Read a worker from its folder, to run with another compatibility date if one is given.

    Raises TargetError if the local target cannot run the folder.
    """
    declaration = folder / "local.capnp"
    try:
        text = declaration.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise TargetError(
            f"{folder} has no local.capnp", "the local target runs a folder whose local.capnp defines `main`"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise TargetError(f"cannot read {declaration}: {error}") from error
    found = namespaces(text)
    if not found:
        raise TargetError(
            f"{declaration} declares no Durable Object class",
            "add durableObjectNamespaces with className and uniqueKey",
        )
    raise_if_outside(folder, DECLARATION)
    return Worker(folder.resolve(), found, declared(text), date)


_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_OWN_DISK = re.compile(r'\bservice\s*=\s*(?:\(\s*name\s*=\s*)?"disk"')


def raise_if_outside(folder: Path, name: str) -> None:
    """Raise TargetError if a declaration, or one that it imports, names a link that leads out of the folder.

    workerd itself rejects `..` and absolute paths, but follows links. An untrusted folder could expose any file that
    poc may read to the worker, and so to every client. Every string of the declaration is treated as a path; a string
    that is not one does not exist as a file.
    """
    root = folder.resolve()
    for file in named_files(folder, name):
        if not (folder / file).resolve().is_relative_to(root):
            raise TargetError(
                f"{folder / file} is a link that leads out of the worker's folder", "replace the link by the file"
            )
        _raise_if_it_binds_the_disk(folder / file)


def named_files(folder: Path, name: str) -> Iterator[Path]:
    """Yield a declaration and the files and folders that it, or one that it imports, names."""
    waiting, seen = [Path(name)], set[Path]()
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            yield file
            waiting += _named(folder, file)


def _text(declaration: Path) -> str:
    if declaration.suffix != ".capnp":
        return ""
    try:
        return declaration.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _raise_if_it_binds_the_disk(declaration: Path) -> None:
    if _OWN_DISK.search(_text(declaration)):
        raise TargetError(
            f"{declaration} binds the service `disk`, on which the runtime keeps the objects' storage",
            "use the storage of the worker's Durable Objects instead",
        )


def _named(folder: Path, declaration: Path) -> Iterator[Path]:
    """Yield the paths in a declaration, relative to its folder or, with a leading slash, to the worker's."""
    for match in _STRING.finditer(_text(folder / declaration)):
        literal = match[1].encode().decode("unicode_escape")
        base = Path() if literal.startswith("/") else declaration.parent
        name = Path(normpath(base / literal.lstrip("/")))
        if literal and name != Path() and ".." not in name.parts and _is_there(folder / name):
            yield name


def _is_there(path: Path) -> bool:
    try:
        return path.is_symlink() or path.exists()
    except (OSError, ValueError):  # too long for a path, or with a null byte
        return False
