"""A user's project, built by wrangler into a runtime configuration, with poc's side-car added."""

import re
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Final

from poc_cli.errors import TargetError
from poc_cli.residency.identity import in_namespace
from poc_cli.residency.trace import Place, own_place
from poc_cli.targets.absent_workers import USER, stand_ins
from poc_cli.targets.bindings import absent
from poc_cli.targets.capnp import Service, joined, services, with_tails
from poc_cli.targets.compatibility import Compilation
from poc_cli.targets.installation import WRANGLER_VERSION
from poc_cli.targets.sourcemap import SourceMap
from poc_cli.targets.worker import LISTENS_WITHIN_SECONDS, MESSAGE, Worker, write_message
from poc_cli.targets.worker_source import WorkerSource
from poc_cli.targets.workerd_config import SIDECAR, Services, addition
from poc_cli.targets.wrangler_build import Built
from poc_cli.targets.wrangler_config import where_declared

_PASSING_NAME = re.compile(rb"poc-[0-9a-f]{16}|(?:bundle|dev)-[A-Za-z0-9]{6}")
"""Temporary folders of a build, which wrangler mentions in comments of the bundle."""


PYTHON_LISTENS_WITHIN_SECONDS: Final = 120.0
"""The first time workerd downloads Pyodide, some ten megabytes, on a slow network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Worker):
    """A project's runtime configuration, complete except for the paths of its disks."""

    entry: ClassVar[str] = "entry"
    tools: ClassVar[dict[str, str]] = {"wrangler": WRANGLER_VERSION}

    source: WorkerSource
    message: bytes
    arguments: tuple[str, ...]
    disks: tuple[tuple[str, Path], ...]
    """The name of each disk, and the folder with what it holds at the beginning, if there is one."""

    hidden: tuple[tuple[str, str], ...]
    maps: dict[str, tuple[str, SourceMap]]
    bundles: dict[str, SourceMap]
    """The source map of each bundle, by its file."""

    made_of: str | None
    """A digest of its bundles and their configuration, or None if it cannot be computed."""

    def digest(self) -> str | None:
        """Return a digest of everything the project is built from, or None if it cannot be computed."""
        return self.made_of

    @property
    def secrets(self) -> tuple[tuple[str, str], ...]:
        """Return the names and values of its secrets."""
        return self.hidden

    def headers(self, token: str) -> dict[str, str]:  # noqa: ARG002 - a project has authentication of its own
        """Return no headers."""
        return {}

    def variables(self, ours: dict[str, str]) -> dict[str, str]:  # noqa: ARG002 - it binds to none of them
        """Return the variables that wrangler also sets for the runtime."""
        return {"TZ": "UTC"}

    def owns(self, object_id: str) -> bool:
        """Return whether an object belongs to a class of the project, not to the simulator."""
        return any(in_namespace(key, object_id) for key in self.namespaces.values())

    def where_declared(self, class_name: str) -> str | None:
        """Return which option shows a class that the chosen configurations do not declare, None if none does."""
        return where_declared(self.source, class_name)

    def own_sources(self) -> list[str]:
        """Return the names of its own source files."""
        return [name for _, each in self.maps.values() for name in each.own_sources]

    def is_isolate(self, service: str) -> bool:
        """Return whether a service runs a worker of the project."""
        return service.startswith(USER)

    def place_of(self, service: str, script: str, line: int, column: int) -> Place | None:
        """Return the location in the project's own source."""
        found = self.maps.get(service)
        return Place(script, line) if found is None else found[1].place(line, column)

    def map_frame(self, script: str, line: int, column: int) -> Place | None:
        """Map a frame of an exception's stack to the project's own source; None for wrangler's own code."""
        found = self.bundles.get(script.removeprefix("file://"))
        return None if found is None else found.place(line, column)

    def locate(self, worker: str, frames: list[Any]) -> Place | None:
        """Return the location in the project's own source."""
        found = self.maps.get(worker)
        return own_place(frames) if found is None else found[1].innermost(frames, found[0])

    def fill(self, folder: Path) -> None:
        """Create a folder for each disk, with what the project's stores hold at the beginning."""
        for index, (_, beginning) in enumerate(self.disks):
            if beginning.is_dir():
                shutil.copytree(beginning, folder / f"disk{index}")
            else:
                (folder / f"disk{index}").mkdir()

    @property
    def listens_within(self) -> float:
        """Return how long it may take to start, in seconds; a Python Worker loads or even downloads its interpreter."""
        python = any(each.startswith("--pyodide") for each in self.arguments)
        return PYTHON_LISTENS_WITHIN_SECONDS if python else LISTENS_WITHIN_SECONDS

    def words(self, binary: Path, folder: Path, *, tailed: bool) -> list[str]:  # noqa: ARG002 - it is compiled
        """Return the command-line arguments for the configuration, wrangler's own options, and the disks."""
        if not (folder / MESSAGE).exists():
            workers = [each.name for each in services(self.message) if self.is_isolate(each.name)]
            message = with_tails(self.message, workers, self.sidecar.evict) if tailed else self.message
            write_message(folder, message)
        disks = [f"--directory-path={name}={folder / f'disk{index}'}" for index, (name, _) in enumerate(self.disks)]
        return [MESSAGE, "--binary", *self.arguments, *disks]


def project(built: Built, binary: Path, date: str | None) -> Project:
    """Return the project for wrangler's build; `binary` compiles the side-car's configuration.

    Raises TargetError if the configuration cannot be read or has no Durable Object class.
    """
    found = services(built.message)
    names = [each.name for each in built.workers]
    objects = _objects(found, names)
    if not objects:
        raise TargetError(
            f"{built.source.folder} declares no Durable Object class",
            where_declared(built.source)
            or "only Durable Objects can hibernate: bind one in durable_objects of the project's configuration",
        )
    ours, maps = Services(secrets.token_hex(8)), dict(_maps(built))
    absent_ones = stand_ins(built.message, [each.name for each in found], absent(built.bindings, names))
    more = "".join(each.service(f"absent{index}.js") for index, each in enumerate(absent_ones))
    text = addition(ours, {name: (class_name, service) for name, (class_name, service, _) in objects.items()}, more)
    file = built.folder / "addition.capnp"
    try:
        (built.folder / "sidecar.js").write_text(SIDECAR, encoding="utf-8")
        for index, each in enumerate(absent_ones):
            (built.folder / f"absent{index}.js").write_text(each.code, encoding="utf-8")
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TargetError(f"cannot write {file}: {error.strerror}", "set TMPDIR to a folder with free space") from error
    return Project(
        folder=built.source.folder,
        source=built.source,
        namespaces={name: key for name, (_, _, key) in objects.items()},
        declared=built.workers[0].date,
        imposed=date,
        message=joined(built.message, Compilation(binary, file, built.source.folder).message()),
        arguments=built.arguments,
        disks=tuple(
            (each.name, Path(each.disk)) for each in found if each.disk and Path(each.disk).is_relative_to(built.folder)
        ),
        sidecar=ours,
        hidden=built.secrets,
        maps=maps,
        bundles={
            (each.map or "").removesuffix(".map"): maps[USER + each.name][1]
            for each in built.workers
            if USER + each.name in maps
        },
        made_of=_made_of(built),
    )


def _objects(found: list[Service], workers: list[str]) -> dict[str, tuple[str, str, str]]:
    """Return the class name, service and unique key of each class, by unique name.

    If two workers have classes with the same name, the later one is `worker:Class`.
    """
    by_name = {each.name: each for each in found}
    objects: dict[str, tuple[str, str, str]] = {}
    for worker in workers:
        service = by_name.get(USER + worker)
        for class_name, key in (service.classes if service is not None else {}).items():
            name = f"{worker}:{class_name}" if class_name in objects else class_name
            objects[name] = (class_name, USER + worker, key)
    return objects


def _made_of(built: Built) -> str | None:
    """Return a digest of the bundles, and of the files that may set variables for them."""
    if any(each.map is None for each in built.workers):
        return None  # without a source map its bundle cannot be found
    source = built.source
    bundles = [file for each in built.workers for file in Path(each.map or "").parent.iterdir() if file.is_file()]
    settings = [*source.configs, *source.folder.glob(".dev.vars*"), *source.folder.glob(".env*")]
    names = [name for name, _ in (*source.variables, *source.secrets)]  # the values differ in each run
    whole = sha256(repr((source.envs, names, source.data.seed)).encode())
    try:
        for file in [*sorted(bundles), *sorted(settings)]:
            if file.suffix != ".map":
                content = _PASSING_NAME.sub(b"", file.read_bytes())
                whole.update(f"{file.name}\n{sha256(content).hexdigest()}\n".encode())
    except OSError:
        return None
    return whole.hexdigest()


def _maps(built: Built) -> Iterable[tuple[str, tuple[str, SourceMap]]]:
    generated = (built.folder, built.home)
    for each in built.workers:
        if each.map is not None:
            yield USER + each.name, (each.module, SourceMap(Path(each.map), built.source.folder, generated))
