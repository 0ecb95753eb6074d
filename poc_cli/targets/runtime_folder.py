"""Where a runtime's folder is made: among temporary files, unless the path is too long for a unix socket."""

import os
import shutil
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


IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - our folder in it has a random name and is readable by us alone
"""A memory file system of Linux (shm_overview(7)). In containers it often has only 64 MB, and starts no program."""

ROOM_NEEDED: Final = 512 << 20
"""Bytes that must be free there: the rooms of all shipped scenarios take 84 MB."""


def runtime_base() -> Path:
    """Return the folder to make a runtime's folder in: in memory where there is room, else as `base`.

    Each write of an object waits for its disk, and on a slow or busy one a whole runtime stood still for seconds
    (measured: of 376 plays 187 were late on a disk that ten others wrote to, 33 in memory). What the disk of a runtime
    has to outlive is its process, and a memory file system does. TMPDIR has the first word.
    """
    if not os.environ.get("TMPDIR") and _is_writable(IN_MEMORY) and _free(IN_MEMORY) >= ROOM_NEEDED:
        return IN_MEMORY
    return base()


def base() -> Path:
    """Return the folder to make a runtime's folder in: TMPDIR, else /tmp, else XDG_RUNTIME_DIR.

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


def _free(place: Path) -> int:
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return 0


def _is_writable(place: Path) -> bool:
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)
