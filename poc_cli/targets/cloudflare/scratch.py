"""wrangler's own folder for one deployment: home, caches, logs, secrets, and the variables that point there."""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from poc_cli.targets.node_tools import search_path, write_shims
from poc_cli.targets.process import passed_on
from poc_cli.targets.runtime_folder import base
from poc_cli.targets.runtime_programs import WRANGLER_VERSION
from poc_cli.targets.scratch_folder import ScratchFolder

RECORDS: Final = "records.ndjson"

_SETTINGS: Final = {
    "CI": "1",  # it asks nobody
    "NO_COLOR": "1",
    "FORCE_COLOR": "0",
    "DO_NOT_TRACK": "1",
    "WRANGLER_HIDE_BANNER": "true",
    "WRANGLER_SEND_METRICS": "false",
    "WRANGLER_SEND_ERROR_REPORTS": "false",
    "WRANGLER_LOG_SANITIZE": "true",  # its default, which leaves headers and bodies out of its log
}


class Scratch(ScratchFolder):
    """A folder (0700) that is gone at the end, whatever happens to us."""

    def __init__(self, source: Path) -> None:
        """Make it for a project in that folder. Raises TargetError if there is no room for it."""
        super().__init__(base(), "home", "tmp", "project", "bin")
        self._source = source
        with self.filling():
            write_shims(self.folder / "bin", managers=True)
            self._forget_updates()

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
        """Return the folder that wrangler takes for the project."""
        return self.folder / "project"

    @property
    def records(self) -> Path:
        """Return the file into which wrangler writes what it did, for programs."""
        return self.folder / RECORDS

    def write(self, config: Mapping[str, Any]) -> Path:
        """Put down the configuration and give its file."""
        file = self.project / "wrangler.json"
        file.write_text(json.dumps(config, indent=1, default=str), encoding="utf-8")  # TOML has dates
        return file

    @contextmanager
    def secrets(self, values: Mapping[str, str]) -> Iterator[Path]:
        """Have the secrets in a file (0600) as long as the context lasts; the janitor removes it should we die."""
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
        """Return the whole environment of wrangler; `token` is good for `api` alone, which is on this machine."""
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

    def _forget_updates(self) -> None:
        """Let wrangler believe that it has just asked for a newer version of itself, as it does on some errors."""
        folder = self.temporary / "update-check"
        folder.mkdir(mode=0o700)
        known = {"latest": WRANGLER_VERSION, "lastUpdate": int(time.time() * 1000)}
        (folder / "wrangler-latest.json").write_text(json.dumps(known), encoding="utf-8")
