"""What is put to the test: a folder whose `local.capnp` defines a worker, and what the runtime is told to run it."""

import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Final

from poc_cli.errors import TargetError
from poc_cli.residency.identity import in_namespace, namespaces
from poc_cli.residency.trace import Place, own_place
from poc_cli.targets.compatibility import compiled, declared
from poc_cli.targets.embedding import named_files, raise_if_outside
from poc_cli.targets.worker_source import DECLARATION
from poc_cli.targets.workerd_config import SIDECAR, SUBJECT, Services, config

MOST_FILES: Final = 10_000
"""Of a worker that is made of more it is not told whether it is still the same."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A folder with a `local.capnp`, and the Durable Object classes that it declares with their unique keys.

    `declared` is the compatibility date that it names, as far as its text can be read; `imposed` the one that it is to
    run on instead.
    """

    entry: ClassVar[str] = "http"
    """The name of the socket that clients connect to."""

    tools: ClassVar[dict[str, str]] = {}
    """The versions of what made it, beside the runtime's."""

    folder: Path
    namespaces: dict[str, str]
    declared: str | None = None
    imposed: str | None = None
    beside: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Variables that it gets beside ours."""

    @property
    def compatibility_date(self) -> str | None:
        """Return the date that it runs on, None where that is not known."""
        return self.imposed or self.declared

    @property
    def secrets(self) -> tuple[tuple[str, str], ...]:
        """Return the names and values of what must not be written down."""
        return ()

    def services(self) -> Services:
        """Return the names of our own services in one runtime."""
        return Services(secrets.token_hex(8))

    def headers(self, token: str) -> dict[str, str]:
        """Return the headers of each request to it."""
        return {"Authorization": f"Bearer {token}"}

    def variables(self, ours: dict[str, str]) -> dict[str, str]:
        """Return the variables of the runtime's environment, of which `ours` are those that a worker may bind to."""
        return ours | dict(self.beside)

    def class_of(self, object_id: str) -> str | None:
        """Return the class that an id proves itself to be of, None for one of no class that it declares."""
        keys = self.namespaces.items()
        return next((class_name for class_name, key in keys if in_namespace(key, object_id)), None)

    def owns(self, object_id: str) -> bool:  # noqa: ARG002 - projects have simulators beside them
        """Return whether an object of the runtime's is one of its own."""
        return True

    def digest(self) -> str | None:
        """Return a digest of all that the worker is made of, None where it cannot be told."""
        files = [*islice(_files_of(self.folder), MOST_FILES + 1)]
        return None if len(files) > MOST_FILES else digest_of(self.folder, files)

    def is_isolate(self, service: str) -> bool:
        """Return whether a service runs code of the worker's."""
        return service == SUBJECT

    def place_of(self, service: str, script: str, line: int, column: int) -> Place | None:  # noqa: ARG002
        """Return the place in the source of a place in a script that a service runs."""
        return Place(script, line)

    def locate(self, worker: str, frames: list[Any]) -> Place | None:  # noqa: ARG002 - what runs is the source
        """Return the place in its source of a stack in the worker of that name."""
        return own_place(frames)

    def fill(self, folder: Path, services: Services) -> None:
        """Put into the folder of a runtime what the runtime reads there. Raises OSError."""
        (folder / "disk").mkdir()
        (folder / "sidecar.js").write_text(SIDECAR, encoding="utf-8")
        (folder / "config.capnp").write_text(config(services, sorted(self.namespaces)), encoding="utf-8")

    def words(self, binary: Path, folder: Path) -> list[str]:
        """Return the words of the command line that name the configuration and the disks.

        The configuration is its text, or its compiled form where a date is imposed. Raises TargetError.
        """
        disk = [f"--import-path={self.folder}", f"--directory-path=disk={folder / 'disk'}"]
        if self.imposed is None:
            return ["config.capnp", *disk]
        file = folder / "config.bin"
        if not file.exists():
            message = compiled(binary, folder, self.folder, SUBJECT, self.imposed)
            try:
                file.write_bytes(message)
            except OSError as error:
                raise TargetError(
                    f"cannot write {file}: {error.strerror}", "set TMPDIR to a folder with room in it"
                ) from error
        return ["config.bin", "--binary", *disk]


def digest_of(folder: Path, files: Iterable[Path]) -> str | None:
    """Return a digest of files by their names in a folder and their contents, None where one cannot be read."""
    whole = sha256()
    try:
        for file in sorted(files):
            whole.update(f"{file.relative_to(folder)}\n{sha256(file.read_bytes()).hexdigest()}\n".encode())
    except (OSError, ValueError):
        return None
    return whole.hexdigest()


def _files_of(folder: Path) -> Iterator[Path]:
    """Yield the files that the declaration takes into itself, and all below the folders that it names."""
    for name in named_files(folder, DECLARATION):
        if not (folder / name).is_dir():
            yield folder / name
        for here, _, files in os.walk(folder / name, followlinks=True):
            yield from (Path(here, each) for each in files)


def subject(folder: Path, date: str | None = None) -> Worker:
    """Read what is to be run, on another compatibility date than its own if one is given.

    Raises TargetError where the folder is none that the local target can run.
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
