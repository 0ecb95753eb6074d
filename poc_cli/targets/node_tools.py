"""The programs that a project's own commands may start, and the variables that they get."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from poc_cli.targets.npm import command, corepack
from poc_cli.targets.process import passed_on

_NETWORK: Final = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS", "COREPACK_NPM_REGISTRY"})
_NPM: Final = "npm_config_"

_TOOL_FOLDERS: Final = frozenset(
    {
        "ASDF_DATA_DIR",
        "BUN_INSTALL",
        "CARGO_HOME",
        "COREPACK_HOME",
        "FNM_DIR",
        "GOPATH",
        "GOROOT",
        "MISE_DATA_DIR",
        "NVM_DIR",
        "PNPM_HOME",
        "RUSTUP_HOME",
        "UV_CACHE_DIR",
        "VOLTA_HOME",
    }
)
"""Where version managers and toolchains keep their programs, if not in the default folder below HOME."""


def write_shims(folder: Path, *, managers: bool = False) -> None:
    """Write scripts that run node, npm and npx of the wheel: its own bin/npm does not find the rest of npm.

    With `managers` also pnpm and yarn, which corepack downloads unless they are in its cache. Raises OSError.
    """
    program, npm = command()
    scripts = {"node": [program], "npm": [program, npm], "npx": [program, npm.replace("npm-cli.js", "npx-cli.js")]}
    if managers:
        scripts |= {name: [program, str(corepack(name))] for name in ("pnpm", "yarn")}
    for name, words in scripts.items():
        shim = folder / name
        quoted = " ".join(f"'{word}'" for word in words)
        shim.write_text(f'#!/bin/sh\nexec {quoted} "$@"\n', encoding="utf-8")
        shim.chmod(stat.S_IRWXU)


def search_path(project: Path, shims: Path | None) -> str:
    """Return PATH for a project's commands, as `npm run` sets it, with our own programs last, if any.

    The project's installed tools come first, then the user's programs; the shims serve a machine without Node.
    """
    own = (str(each / "node_modules" / ".bin") for each in (project, *project.parents))
    ours = () if shims is None else (str(shims),)
    return os.pathsep.join((*own, os.environ.get("PATH", os.defpath), *ours))


def network_settings() -> dict[str, str]:
    """Return the user's variables that npm and corepack need to reach a registry."""
    return {
        name: value for name, value in os.environ.items() if name.lower().startswith(_NPM) or name.upper() in _NETWORK
    }


def command_variables(project: Path, shims: Path, temporary: Path) -> Mapping[str, str]:
    """Return the whole environment of a project's own build command.

    It has the user's HOME, as under wrangler: programs of a version manager do not work without.
    """
    tools = {name: os.environ[name] for name in _TOOL_FOLDERS if name in os.environ}
    return (
        passed_on()
        | network_settings()
        | tools
        | {"PATH": search_path(project, shims), "TMPDIR": str(temporary)}
        | {"NO_COLOR": "1", "FORCE_COLOR": "0", "COREPACK_ENABLE_DOWNLOAD_PROMPT": "0"}
        | {"COREPACK_DEFAULT_TO_LATEST": "0"}  # the version that corepack knows, without asking the registry
        # pnpm 11 would first install anew, and remove node_modules for it, where a lock file seems changed (measured)
        | {"pnpm_config_verify_deps_before_run": "false"}
        | {"DO_NOT_TRACK": "1", "WRANGLER_SEND_METRICS": "false", "ASTRO_TELEMETRY_DISABLED": "1"}
        | {"NEXT_TELEMETRY_DISABLED": "1"}
    )
