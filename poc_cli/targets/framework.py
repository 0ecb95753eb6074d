"""Projects whose worker is made by a tool such as Vite: which tool it is, how it builds, and what it has built."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from poc_cli.errors import TargetError
from poc_cli.targets.installation import WRANGLER_VERSION
from poc_cli.targets.packages import declares, installation, manifest
from poc_cli.targets.worker_source import REDIRECT, WorkerSource, configuration_in
from poc_cli.targets.wrangler_config import read

_TOOLS: Final = {
    "@opennextjs/cloudflare": "OpenNext",
    "@react-router/dev": "React Router",
    "@tanstack/react-start": "TanStack Start",
    "@tanstack/solid-start": "TanStack Start",
    "@sveltejs/kit": "SvelteKit",
    "astro": "Astro",
    "nuxt": "Nuxt",
    "@remix-run/dev": "Remix",
    "vike": "Vike",
    "vite": "vite",
    "next": "Next.js",
}
"""Build tools by the package that a project depends on; one that is built upon another comes first."""

_OWN_COMMAND: Final = {"OpenNext": "opennextjs-cloudflare build"}
"""Where the script `build` is that of another tool, which runs first."""

_METADATA: Final = frozenset(
    {"$schema", "configPath", "userConfigPath", "topLevelName", "definedEnvironments", "targetEnvironment"}
)
"""Keys that only a generated configuration has."""

_NO_EFFECT: Final = "legacy_env"
"""A key that wrangler rejects in a project's own configuration; `true` was its default, and is now the only way."""

_OUTPUT: Final = r"\.[^\"]*(?:dist|build|\.svelte-kit|\.open-next|\.output)/[^\"]*"
_VIRTUAL: Final = r"#[^\"]+|\\0[^\"]*|(?!node:|cloudflare:|workerd:|https?:|data:)[^\":]+:[^\"]*"
_NOT_BUILT: Final = re.compile(
    rf"""The entry-point file at "([^"]+)" was not found|Could not resolve "({_VIRTUAL}|{_OUTPUT})\""""
)
"""What wrangler says if a file is missing that only a build makes, or a module that only Vite knows."""

_SOURCES: Final = frozenset(
    {".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs", ".svelte", ".vue", ".astro", ".css", ".html"}
)
_MOST_FILES: Final = 5000


@dataclass(frozen=True, slots=True)
class BuildScript:
    """The command that builds a project, and the tool that it runs."""

    command: str
    tool: str
    folder: Path

    @property
    def advice(self) -> str:
        """Return what to do if its result is missing."""
        return f"run `{self.command}` in {self.folder} first ({self.tool}), or give --build"


def build_script(folder: Path) -> BuildScript | None:
    """Return how a project is built, None if no tool of its own builds it."""
    tool = next((name for package, name in _TOOLS.items() if declares(folder, package)), None)
    manager = installation(folder).manager
    if tool in _OWN_COMMAND:
        return BuildScript(f"{manager.tool} {_OWN_COMMAND[tool]}", tool, folder)
    scripts = manifest(folder).get("scripts")
    if not isinstance(scripts, dict) or "build" not in scripts:
        return None
    return BuildScript(f"{manager.run} build", tool or str(scripts["build"]), folder)


def not_built(folder: Path, text: str) -> tuple[str, str] | None:
    """Return what to say about an error of wrangler if it comes from a missing build, and advice."""
    found = _NOT_BUILT.search(text)
    script = build_script(folder)
    if found is None or script is None:
        return None
    return f"{folder} is not built: there is no {found[1] or found[2]}", script.advice


def without_assets(project: Path, folder: str | None) -> str:
    """Return the note on a project whose assets are not there; `folder` is the one that it names, if any."""
    script = build_script(project)
    which = "it names no folder for them" if folder is None else f"there is no {os.path.relpath(folder, project)}"
    return f"poc: started without assets: {which}" + (f"; {script.advice}" if script is not None else "")


def left_by_a_build(project: Path, command: str, main: str) -> str:
    """Return the note on a project that is run as an earlier build in Rust has left it."""
    left = os.path.relpath(main, project)
    return f"poc: `{command}` cannot run here, so {left} is run as an earlier build has left it"


@dataclass(frozen=True, slots=True)
class Layout:
    """What wrangler is called with: None for the first configuration lets it follow the project's redirect.

    `rewritten` has the text of configurations by path, without keys that this wrangler does not know.
    """

    source: WorkerSource
    redirected: bool = False
    rewritten: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def layout(source: WorkerSource, home: Path) -> Layout:
    """Return how a project is built: by its own configuration, or by the one that a build tool has generated.

    `home` is wrangler's installation. Raises TargetError if that one is missing or belongs to another environment.
    """
    found = _redirect(source)
    if found is None:
        return _without_unknown_keys(Layout(source), frozenset())
    project, file = found
    generated = [_named(file, each) for each in _paths(file)]
    for each in generated:
        if not each.is_file():
            script = build_script(project)
            raise TargetError(
                f"{file} names the built worker {each}, which is not there",
                script.advice if script is not None else f"build the project, or remove {file}",
            )
    _raise_for_environment(source, generated[0], project)
    built = os.path.relpath(generated[0], project)
    made = datetime.fromtimestamp(generated[0].stat().st_mtime, UTC).astimezone()
    newer = _newer(project, generated[0])
    stale = f"; {newer.relative_to(project)} is newer, so build it again (--build)" if newer is not None else ""
    chosen = replace(source, folder=project, configs=tuple(generated), envs=(None,) * len(generated))
    note = f"poc: using the built worker {built} of {made:%Y-%m-%d %H:%M}{stale}"
    return _without_unknown_keys(Layout(chosen, redirected=True, notes=(note,)), known_keys(home))


def _redirect(source: WorkerSource) -> tuple[Path, Path] | None:
    """Return the folder of a project and its redirect, if wrangler would follow it or its target is what was named."""
    if len(source.configs) != 1 or source.main is not None:
        return None
    named = source.configs[0]
    own = source.folder / REDIRECT
    if own.is_file() and named in {configuration_in(source.folder), *(_named(own, each) for each in _paths(own))}:
        return source.folder, own
    for folder in named.parents[:5]:
        file = folder / REDIRECT
        if file.is_file() and _paths(file) and named == _named(file, _paths(file)[0]):
            return folder, file
    return None


def _named(file: Path, path: str) -> Path:
    return (file.parent / path).resolve()


def _paths(file: Path) -> list[str]:
    """Return the configurations that a redirect names: the project's, and those of the workers beside it."""
    table = read(file)
    main = table.get("configPath")
    if not isinstance(main, str):
        raise TargetError(f"{file} names no configPath", "build the project again, or remove that file")
    beside = table.get("auxiliaryWorkers")
    more = [each.get("configPath") for each in beside if isinstance(each, dict)] if isinstance(beside, list) else []
    return [main, *(each for each in more if isinstance(each, str))]


def _raise_for_environment(source: WorkerSource, generated: Path, home: Path) -> None:
    built = read(generated).get("targetEnvironment")
    wanted = next((each for each in source.envs if each), None)
    if wanted is not None and wanted != built:
        script = build_script(home)
        raise TargetError(
            f"{home} is built for {f'the environment {built}' if built else 'no environment'}, not for {wanted}",
            f"build it with CLOUDFLARE_ENV={wanted} {script.command if script is not None else 'npm run build'}",
        )


def _newer(home: Path, built: Path) -> Path | None:
    """Return a source file that was changed after the build, None if there is none."""
    made = built.stat().st_mtime
    output = built.relative_to(home).parts[0] if built.is_relative_to(home) else ""
    return next((each for each in _sources(home, output) if each.stat().st_mtime > made), None)


def _sources(home: Path, output: str) -> Iterator[Path]:
    count = 0
    for folder, folders, files in os.walk(home):
        folders[:] = sorted(
            each for each in folders if each not in {"node_modules", output} and not each.startswith(".")
        )
        for each in sorted(files):
            count += 1
            if count > _MOST_FILES:
                return
            if Path(each).suffix in _SOURCES:
                yield Path(folder, each)


def _without_unknown_keys(made: Layout, known: frozenset[str]) -> Layout:
    """Drop the keys that this wrangler does not know from the configurations, with a note for each that says something.

    In a project's own configuration only those that wrangler rejects and that have no effect are dropped.
    """
    rewritten: dict[str, str] = {}
    notes = list(made.notes)
    for file in made.source.configs:
        table = read(file)
        unknown = set(table) - known - _METADATA if made.redirected else set(table) & {_NO_EFFECT}
        if unknown:
            rewritten[str(file)] = _without(file, table, unknown)
        notes += [
            f"poc: {file.name}: left out {key}, which wrangler {WRANGLER_VERSION} does not know"
            for key in sorted(unknown)
            if table[key] not in (None, [], {})
        ]
    return replace(made, rewritten=rewritten, notes=tuple(notes))


def _without(file: Path, table: dict[str, Any], keys: set[str]) -> str:
    if file.suffix != ".toml":
        return json.dumps({name: value for name, value in table.items() if name not in keys})
    lines = file.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if line.partition("=")[0].strip() not in keys)


def known_keys(home: Path) -> frozenset[str]:
    """Return the keys that the wrangler installed there knows. Raises TargetError if its schema cannot be read."""
    schema = read(home / "node_modules" / "wrangler" / "config-schema.json")
    return frozenset(schema["definitions"]["RawConfig"]["properties"])
