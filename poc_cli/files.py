"""Write files atomically, and read only regular files.

A run folder may come from somebody else: a link in it must not redirect what poc writes, and a pipe must not block poc.
"""

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

_DEVICES: Final = (Path("/dev"), Path("/proc"))
"""`-o /dev/stdout` means the stream; it must not be replaced by a file."""

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a file system for ordinary files, although it is below /dev


def write_whole(file: Path, text: str) -> None:
    """Write a file under a temporary name and rename it, so that it is never partial; a link there is replaced.

    Raises OSError.
    """
    data = text.encode("utf-8", "backslashreplace")
    path = file.absolute()
    if any(map(path.is_relative_to, _DEVICES)) and not path.is_relative_to(_MEMORY):
        file.write_bytes(data)
        return
    part = file.with_name(f".poc-{secrets.token_hex(8)}.part")
    try:
        # O_EXCL, so that an existing link is not followed
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as stream:
            stream.write(data)
        part.replace(file)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise


def read_whole(file: Path) -> bytes:
    """Return the content of a regular file; reading a pipe or a device could block forever. Raises OSError."""
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(file))
        return stream.read()
