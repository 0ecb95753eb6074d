"""A part of an npm lock: one package with all that it needs, exactly as the whole lock pins it."""

import json
from typing import Any, Final

from poc_cli.errors import PocError

_FOLDER: Final = "node_modules/"
_NEEDS: Final = ("dependencies", "optionalDependencies", "peerDependencies")


def part(lock: str, package: str) -> tuple[str, str]:
    """Return the package.json and package-lock.json that install one package of a lock and nothing else.

    Raises PocError for a lock that does not have it.
    """
    whole: dict[str, Any] = json.loads(lock)
    packages: dict[str, dict[str, Any]] = whole["packages"]
    if _FOLDER + package not in packages:
        raise PocError(f"the lock has no {package}", "reinstall poc-durable-objects")
    needed: dict[str, dict[str, Any]] = {}
    waiting = [_FOLDER + package]
    while waiting:
        at = waiting.pop()
        if at not in needed:
            # `dev` says that the whole lock needs it for development alone, which is not so in this part.
            needed[at] = {key: value for key, value in packages[at].items() if key != "dev"}
            names = {name for needs in _NEEDS for name in packages[at].get(needs, {})}
            waiting += [found for name in names if (found := _found(packages, at, name)) is not None]
    manifest = {"name": f"poc-{package}", "private": True}
    wants = {"dependencies": {package: packages[_FOLDER + package]["version"]}}
    root = {"name": manifest["name"], **wants}
    kept = {"name": manifest["name"], "lockfileVersion": whole["lockfileVersion"], "requires": True}
    return json.dumps({**manifest, **wants}), json.dumps(
        {**kept, "packages": {"": root, **dict(sorted(needed.items()))}}
    )


def _found(packages: dict[str, dict[str, Any]], at: str, name: str) -> str | None:
    """Return where Node finds a package from another one: in its own folder, or in one of those around it."""
    while at:
        inside = f"{at}/{_FOLDER}{name}"
        if inside in packages:
            return inside
        at = at.rpartition(f"/{_FOLDER}")[0]
    outside = _FOLDER + name
    return outside if outside in packages else None
