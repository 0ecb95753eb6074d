"""Where a runtime's folder is made: in the folder for temporary files, unless its path is too long for a unix socket.

Never makes it. Imports only the standard library, so that the runtime starts while the rest is still loading.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from poc_cli.errors import TargetError

LONGEST_SOCKET_PATH: Final = 103 if sys.platform == "darwin" else 107
"""Bytes of a unix socket's path without the zero at its end: sun_path has 104 on macOS and 108 on Linux (unix(7))."""

FOLDER_NAME: Final = "poc-0123456789abcdef"
"""A name as long as that of any runtime's folder."""

_LONGEST_FILE: Final = "fence.sock"


def base() -> Path:
    """Give the folder to make a runtime's folder in: TMPDIR, else /tmp, else XDG_RUNTIME_DIR.

    Raises TargetError where none of them can be written to and leaves room for the path of a socket.
    """
    tried: list[str] = []
    for place in dict.fromkeys(_places()):
        if not _is_writable(place):
            tried.append(f"{place} cannot be written to")
        elif len(os.fsencode(place / FOLDER_NAME / _LONGEST_FILE)) > LONGEST_SOCKET_PATH:
            tried.append(f"{place} is too long for the path of a unix socket, which has {LONGEST_SOCKET_PATH} bytes")
        else:
            return place
    raise TargetError(
        f"no folder for temporary files: {'; '.join(tried)}", "set TMPDIR to a folder with a short path, such as /tmp"
    )


def _places() -> Iterator[Path]:
    try:
        yield Path(tempfile.gettempdir())
    except FileNotFoundError:  # neither TMPDIR nor what Python knows beside it can be written to
        yield Path(os.environ.get("TMPDIR") or "/var/tmp")  # noqa: S108 - only told, as it cannot be written to
    yield Path("/tmp")  # noqa: S108 - our folder in it has a random name and is readable by us alone
    own = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    if own.is_absolute():
        yield own


def _is_writable(place: Path) -> bool:
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)
