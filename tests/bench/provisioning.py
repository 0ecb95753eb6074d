"""Brings Miniflare, which the benchmarks measure beside poc, into a folder of its own in the user's cache."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from poc_cli.targets import installation

_FOLDER = Path(__file__).parent / "miniflare"
_MANIFEST = (_FOLDER / "package.json").read_text(encoding="utf-8")
_LOCK = (_FOLDER / "package-lock.json").read_text(encoding="utf-8")
_PACKAGES: dict[str, dict[str, Any]] = json.loads(_LOCK)["packages"]

VERSION = str(_PACKAGES["node_modules/miniflare"]["version"])
WORKERD = str(_PACKAGES["node_modules/workerd"]["version"])
"""The runtime that it starts: `overrides` in its package.json makes it the one that poc pins."""


def miniflare(say: Callable[[str], None]) -> Path:
    """Return the folder that Miniflare is installed in; where it is missing, it is installed first and `say` is told.

    Raises TargetError where it cannot be brought.
    """
    home = installation.cache() / f"bench-miniflare-{VERSION}-{sha256(_LOCK.encode()).hexdigest()[:12]}"
    if not installation._is_executable(installation._binary(home)):
        thing = installation.Thing(
            "miniflare", VERSION, "about 60 MB", installation._binary, lambda: (_MANIFEST, _LOCK)
        )
        installation.bring(thing, home, say, None)
    return home
