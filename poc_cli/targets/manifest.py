"""Extract one package with its dependencies from an npm lock file."""

import json
from typing import Any, Final

from poc_cli.errors import PocError

_FOLDER: Final = "node_modules/"
_NEEDS: Final = ("dependencies", "optionalDependencies", "peerDependencies")


def part(lock: str, package: str) -> tuple[str, str]:
    """Return a package.json and package-lock.json that install only one package of a lock.

    Raises PocError if the lock does not have the package.
    """
    whole: dict[str, Any] = json.loads(lock)
    packages: dict[str, dict[str, Any]] = whole["packages"]
    if _FOLDER + package not in packages:
        raise PocError(f"package-lock.json has no {package}", "reinstall poc-durable-objects")
    needed: dict[str, dict[str, Any]] = {}
    pending = [_FOLDER + package]
    while pending:
        at = pending.pop()
        if at not in needed:
            # `dev` marks a package that the whole lock needs only for development; the extracted part needs it.
            needed[at] = {key: value for key, value in packages[at].items() if key != "dev"}
            names = {name for needs in _NEEDS for name in packages[at].get(needs, {})}
            pending += [found for name in names if (found := _found(packages, at, name)) is not None]
    manifest = {"name": f"poc-{package}", "private": True}
    wants = {"dependencies": {package: packages[_FOLDER + package]["version"]}}
    root = {"name": manifest["name"], **wants}
    kept = {"name": manifest["name"], "lockfileVersion": whole["lockfileVersion"], "requires": True}
    return json.dumps({**manifest, **wants}), json.dumps(
        {**kept, "packages": {"": root, **dict(sorted(needed.items()))}}
    )


def _found(packages: dict[str, dict[str, Any]], at: str, name: str) -> str | None:
    """Return where Node resolves a package from another one: in its own folder or in an enclosing one."""
    while at:
        inside = f"{at}/{_FOLDER}{name}"
        if inside in packages:
            return inside
        at = at.rpartition(f"/{_FOLDER}")[0]
    outside = _FOLDER + name
    return outside if outside in packages else None
