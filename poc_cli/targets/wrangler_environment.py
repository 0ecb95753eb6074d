"""The environment of wrangler, which has a home of its own, and of the commands that it runs for a project."""

import json
import os
import shutil
from pathlib import Path
from typing import Final

from poc_cli.targets.node_tools import command_variables, search_path, write_shims
from poc_cli.targets.process import passed_on
from poc_cli.targets.worker_source import WorkerSource

SCRIPTS: Final = Path(__file__).parent / "wrangler"

FOLDERS: Final = ("captured", "home", "tmp", "bin")
"""The subfolders of wrangler's temporary folder."""

_SETTINGS: Final = {
    "CI": "1",
    "NO_COLOR": "1",
    "FORCE_COLOR": "0",
    "DO_NOT_TRACK": "1",
    "WRANGLER_HIDE_BANNER": "true",  # also disables the update check
    "WRANGLER_SEND_METRICS": "false",
    "WRANGLER_SEND_ERROR_REPORTS": "false",
    "CLOUDFLARE_CF_FETCH_ENABLED": "false",  # use the simulator's `request.cf`, not one from the network
    "X_LOCAL_EXPLORER": "false",
    "X_LOCAL_OBSERVABILITY": "false",
}


def environment(source: WorkerSource, folder: Path) -> dict[str, str]:
    """Return wrangler's whole environment; `folder` is its temporary one. Raises OSError."""
    own, temporary, shims = (str(folder / name) for name in ("home", "tmp", "bin"))
    write_shims(folder / "bin", managers=True)
    bindings = {
        "plain": dict(source.variables),
        "secret": dict(source.secrets),
        "hyperdrive": dict(source.data.hyperdrive),
    }
    commands = command_variables(source.folder, Path(shims), Path(temporary))
    return (
        passed_on()
        | _SETTINGS
        | dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "WRANGLER_CACHE_DIR"), own)
        | {"TMPDIR": temporary, "WRANGLER_LOG_PATH": temporary, "WRANGLER_REGISTRY_PATH": temporary}
        | {"PATH": search_path(source.folder, Path(shims))}
        | {"POC_BINDINGS": json.dumps(bindings), "POC_COMMAND": json.dumps(commands)}
        | {"MINIFLARE_WORKERD_PATH": str(_capture(folder)), "POC_CAPTURE": str(folder / "captured")}
    )


def _capture(folder: Path) -> Path:
    """Return the script that replaces workerd, or an executable copy of it if it lacks the permission."""
    script = SCRIPTS / "capture.sh"
    if os.access(script, os.X_OK):
        return script
    copy = folder / script.name
    shutil.copyfile(script, copy)
    copy.chmod(0o700)
    return copy
