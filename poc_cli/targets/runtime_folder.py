"""Choose the parent of a runtime's folder: writable, fast, and short enough for the path of a unix socket."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from poc_cli.errors import TargetError

LONGEST_SOCKET_PATH: Final = 103 if sys.platform == "darwin" else 107
"""Bytes of a unix socket's path without the null byte: sun_path has 104 on macOS and 108 on Linux (unix(7))."""

FOLDER_NAME: Final = "poc-0123456789abcdef"
"""A name of the same length as that of any runtime's folder."""

_LONGEST_FILE: Final = "fence.sock"


IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the folder in it has a random name and mode 0700
"""A memory file system of Linux (shm_overview(7)). In containers it often has only 64 MB and is mounted noexec."""

ROOM_NEEDED: Final = 512 << 20
"""Bytes that must be free there; the rooms of all shipped scenarios take 84 MB."""


def runtime_base() -> Path:
    """Return the parent for a runtime's folder: in memory if there is room, else the same as `base`.

    Each write of an object waits for the disk, and a slow or busy disk stalled a whole runtime for seconds (measured:
    of 376 plays 187 were late on a disk that ten others wrote to, 33 in memory). A runtime's disk only has to outlive
    its process, which a memory file system does. TMPDIR takes precedence.
    """
    if not os.environ.get("TMPDIR") and _is_writable(IN_MEMORY) and _free(IN_MEMORY) >= ROOM_NEEDED:
        return IN_MEMORY
    return base()


def base() -> Path:
    """Return the parent for temporary folders: TMPDIR, else /tmp, else XDG_RUNTIME_DIR.

    Raises TargetError if none of them is writable and short enough for the path of a socket.
    """
    tried: list[str] = []
    for folder in dict.fromkeys(_candidates()):
        if not _is_writable(folder):
            tried.append(f"{folder} is not writable")
        elif len(os.fsencode(folder / FOLDER_NAME / _LONGEST_FILE)) > LONGEST_SOCKET_PATH:
            tried.append(f"{folder} is too long for the path of a unix socket (at most {LONGEST_SOCKET_PATH} bytes)")
        else:
            return folder
    raise TargetError(
        f"no usable folder for temporary files: {'; '.join(tried)}",
        "set TMPDIR to a writable folder with a short path, such as /tmp",
    )


def _candidates() -> Iterator[Path]:
    try:
        yield Path(tempfile.gettempdir())
    except FileNotFoundError:  # neither TMPDIR nor any of Python's defaults is writable
        yield Path(os.environ.get("TMPDIR") or "/var/tmp")  # noqa: S108 - only for the error message
    yield Path("/tmp")  # noqa: S108 - the folder in it has a random name and mode 0700
    own = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    if own.is_absolute():
        yield own


def _free(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def _is_writable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
