"""wrangler's folder for one deployment: its home, caches, logs and secrets, and its environment."""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from poc_cli.targets.installation import WRANGLER_VERSION
from poc_cli.targets.node_tools import search_path, write_shims
from poc_cli.targets.process import passed_on
from poc_cli.targets.runtime_folder import base
from poc_cli.targets.scratch_folder import ScratchFolder

RECORDS: Final = "records.ndjson"

_SETTINGS: Final = {
    "CI": "1",  # no prompts
    "NO_COLOR": "1",
    "FORCE_COLOR": "0",
    "DO_NOT_TRACK": "1",
    "WRANGLER_HIDE_BANNER": "true",
    "WRANGLER_SEND_METRICS": "false",
    "WRANGLER_SEND_ERROR_REPORTS": "false",
    "WRANGLER_LOG_SANITIZE": "true",  # the default: no headers and bodies in its log
}


class Scratch(ScratchFolder):
    """A folder (0700) that is removed at the end, even if poc is killed."""

    def __init__(self, source: Path) -> None:
        """Create it for a project in that folder. Raises TargetError if that fails."""
        super().__init__(base(), "home", "tmp", "project", "bin")
        self._source = source
        with self.filling():
            write_shims(self.folder / "bin", managers=True)
            self._skip_update_check()

    @property
    def home(self) -> Path:
        """Return wrangler's home."""
        return self.folder / "home"

    @property
    def temporary(self) -> Path:
        """Return wrangler's folder for temporary files."""
        return self.folder / "tmp"

    @property
    def project(self) -> Path:
        """Return the folder that wrangler uses as the project."""
        return self.folder / "project"

    @property
    def records(self) -> Path:
        """Return the file into which wrangler writes machine-readable records."""
        return self.folder / RECORDS

    def write(self, config: Mapping[str, Any]) -> Path:
        """Write the configuration and return its file."""
        file = self.project / "wrangler.json"
        file.write_text(json.dumps(config, indent=1, default=str), encoding="utf-8")  # str for the dates of TOML
        return file

    @contextmanager
    def secrets(self, values: Mapping[str, str]) -> Iterator[Path]:
        """Write the secrets into a file (0600) for the context; the janitor removes it if poc is killed."""
        file = self.folder / f"secrets-{secrets.token_hex(8)}.json"
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
                json.dump(dict(values), opened)
            yield file
        finally:
            with contextlib.suppress(FileNotFoundError):
                file.unlink()

    def variables(self, api: str, account: str, token: str) -> dict[str, str]:
        """Return wrangler's environment; `token` is only valid for the relay at `api`."""
        own, temporary = str(self.home), str(self.temporary)
        return (
            {name: value for name, value in passed_on().items() if name not in {"HOME", "TMPDIR"}}
            | _SETTINGS
            | dict.fromkeys(
                ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "WRANGLER_CACHE_DIR"),
                own,
            )
            | dict.fromkeys(("TMPDIR", "WRANGLER_LOG_PATH", "WRANGLER_REGISTRY_PATH"), temporary)
            | {"PATH": search_path(self._source, self.folder / "bin")}  # for the project's build command
            | {"WRANGLER_OUTPUT_FILE_PATH": str(self.records)}
            | {"CLOUDFLARE_API_BASE_URL": api, "CLOUDFLARE_ACCOUNT_ID": account, "CLOUDFLARE_API_TOKEN": token}
        )

    def _skip_update_check(self) -> None:
        """Write a recent result of wrangler's update check, which it would otherwise do after some errors."""
        folder = self.temporary / "update-check"
        folder.mkdir(mode=0o700)
        known = {"latest": WRANGLER_VERSION, "lastUpdate": int(time.time() * 1000)}
        (folder / "wrangler-latest.json").write_text(json.dumps(known), encoding="utf-8")
