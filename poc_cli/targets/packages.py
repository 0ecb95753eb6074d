"""The npm packages of a project: its package manager, what it declares and what is not installed."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_LEVELS_ABOVE: Final = 3
"""How far above a project its workspace is looked for if there is no repository: apps/NAME, packages/A/NAME."""

_DEPENDENCIES: Final = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
_UNRESOLVED: Final = re.compile(r'^(?:([^\n:]+):\d+:\d+: )?.*?Could not resolve "([^"]+)"', re.MULTILINE)
_PACKAGE: Final = re.compile(r"(?:@[a-z0-9][\w.-]*/)?[a-zA-Z0-9][\w.-]*(?=$|/)")


@dataclass(frozen=True, slots=True)
class Manager:
    """A package manager: its lock files, and its commands to install, to run a script and to run a tool."""

    name: str
    locks: tuple[str, ...]
    install: str
    run: str
    tool: str


_NPM: Final = Manager("npm", ("package-lock.json", "npm-shrinkwrap.json"), "npm ci", "npm run", "npx")
_MANAGERS: Final = (
    _NPM,
    Manager("pnpm", ("pnpm-lock.yaml",), "pnpm install --frozen-lockfile", "pnpm run", "pnpm exec"),
    Manager("yarn", ("yarn.lock",), "yarn install --immutable", "yarn run", "yarn exec"),
    Manager("bun", ("bun.lock", "bun.lockb"), "bun install --frozen-lockfile", "bun run", "bunx"),
)
_YARN_1: Final = "# yarn lockfile v1"


@dataclass(frozen=True, slots=True)
class Installation:
    """How the packages of a project are installed: the manager, the command and the folder to run it in."""

    manager: Manager
    command: str
    folder: Path

    @property
    def advice(self) -> str:
        """Return what to do if something is missing."""
        return f"run {self.command} in {self.folder}"


def installation(folder: Path) -> Installation:
    """Return how the packages of a project are installed, by the nearest lock file in its folder or above.

    One above the project's own package.json counts only if that folder is a workspace.
    """
    above = _up_to_root(folder)
    own = next((each for each in above if (each / "package.json").is_file()), above[-1])
    for each in above:
        if not each.is_relative_to(own) and not _is_workspace(each):
            continue
        for manager in _MANAGERS:
            lock = next((each / name for name in manager.locks if (each / name).is_file()), None)
            if lock is not None:
                return Installation(manager, _install_command(manager, lock), each)
    at = own if (own / "package.json").is_file() else folder
    named = str(next((table.get("packageManager") for table in _manifests(above)), None) or "").partition("@")[0]
    manager = next((each for each in _MANAGERS if each.name == named), _NPM)
    return Installation(manager, f"{manager.name} install", at)


def _is_workspace(folder: Path) -> bool:
    """Return whether the packages of folders below are installed from a folder."""
    table = next(_manifests([folder]), {})
    return "workspaces" in table or "packageManager" in table or (folder / "pnpm-workspace.yaml").is_file()


def _install_command(manager: Manager, lock: Path) -> str:
    if manager.name == "yarn" and _YARN_1 in _text(lock)[:200]:
        return "yarn install --frozen-lockfile"  # yarn 1 does not know --immutable
    return manager.install


def missing_packages(folder: Path, text: str) -> tuple[str, str] | None:
    """Return what to say about an error of the bundler if it comes from packages that are not installed, and advice.

    None if it has another cause: an import without a package, or of one that no package.json declares although others
    are installed.
    """
    for at, names in _importers(folder, text).items():
        if "node_modules" in at.parts:
            found = _needed_by_package(folder, at, names)
        else:
            found = absent_packages(at, names) or _unbuilt_package(at, names)
        if found is not None:
            return found
    return None


def _importers(folder: Path, text: str) -> dict[Path, tuple[str, ...]]:
    """Return the packages that an error of the bundler names, by the folder of what imports them."""
    found: dict[Path, tuple[str, ...]] = {}
    for file, specifier in _UNRESOLVED.findall(text):
        name = package_of(specifier)
        if name is not None:
            at = (folder / file).resolve().parent if file else folder
            # what lies below the project, such as its src, has its packages
            at = folder if at.is_relative_to(folder) and "node_modules" not in at.relative_to(folder).parts else at
            found[at] = tuple(dict.fromkeys((*found.get(at, ()), name)))
    return found


def _needed_by_package(folder: Path, at: Path, names: tuple[str, ...]) -> tuple[str, str] | None:
    """Return what to say about packages that an installed package needs and that are not installed, and advice."""
    table = manifest(at)
    wanted = [each for each in names if each in _declared(table)]
    if not wanted:
        return None
    how = installation(folder)
    needs, them = ", ".join(wanted), " ".join(wanted)
    is_peer = set(wanted) <= set(table.get("peerDependencies") or ())
    advice = f"run {how.manager.name} add {them} in {how.folder}" if is_peer else how.advice
    return f"the package {table.get('name')} needs {needs}, not installed in {how.folder}", advice


def _unbuilt_package(folder: Path, names: tuple[str, ...]) -> tuple[str, str] | None:
    """Return what to say about a package of the workspace that is there but was not built, and advice."""
    for name in names:
        linked = (each / "node_modules" / name for each in (folder, *folder.parents))
        package = next((each.resolve() for each in linked if each.is_symlink() and each.is_dir()), None)
        if package is None or "node_modules" in package.parts or "build" not in manifest(package).get("scripts", {}):
            continue
        how = installation(package)
        return (
            f"{name}, a package of the workspace in {package}, is not built",
            f"run {how.manager.run} build there first",
        )
    return None


def absent_packages(folder: Path, names: tuple[str, ...] | None = None) -> tuple[str, str] | None:
    """Return what to say about packages (default: those that it declares) if they are not installed, and advice."""
    declared = set().union(*(_declared(table) for table in _manifests(_up_to_root(folder))))
    wanted = tuple(sorted(declared)) if names is None else names
    gone = [each for each in wanted if not _is_installed(folder, each)]
    if not gone or not declared:
        return None
    how = installation(folder)
    if not any((each / "node_modules").is_dir() for each in (folder, *folder.parents)):
        return f"the packages of {how.folder} are not installed", how.advice
    known = [each for each in gone if each in declared]
    if names is None or not known:
        return None
    verb = "is" if len(known) == 1 else "are"
    return f"{', '.join(known)}, which a package.json of {how.folder} names, {verb} not installed", how.advice


def package_of(specifier: str) -> str | None:
    """Return the package of an import, None for a path, a built-in module or an alias."""
    found = _PACKAGE.match(specifier)
    return None if found is None or ":" in specifier else found[0]


def manifest(folder: Path) -> dict[str, Any]:
    """Return the nearest package.json in a folder or above, empty if there is none that can be read."""
    return next(_manifests(_up_to_root(folder)), {})


def declares(folder: Path, name: str | None = None) -> bool:
    """Return whether the project, or a workspace around it, depends on a package, or on any if None is given."""
    found = [_declared(table) for table in _manifests(_up_to_root(folder))]
    return any(found) if name is None else any(name in each for each in found)


def _declared(table: dict[str, Any]) -> set[str]:
    found = (table.get(key) for key in _DEPENDENCIES)
    return {name for each in found if isinstance(each, dict) for name in each}


def _is_installed(folder: Path, name: str) -> bool:
    # Yarn's Plug'n'Play installs into archives that a .pnp.cjs lists
    return any(
        (each / "node_modules" / name).exists() or (each / ".pnp.cjs").exists() for each in (folder, *folder.parents)
    )


def _up_to_root(folder: Path) -> list[Path]:
    """Return the folder and those above it, up to the root of its repository."""
    above = [folder, *folder.parents]
    root = next((index for index, each in enumerate(above) if (each / ".git").exists()), _LEVELS_ABOVE)
    return above[: root + 1]


def _manifests(folders: list[Path]) -> Iterator[dict[str, Any]]:
    for each in folders:
        try:
            table = json.loads(_text(each / "package.json"))
        except ValueError:
            continue
        if isinstance(table, dict):
            yield table


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
