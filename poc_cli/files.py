"""Files that are written whole or not at all, and read only where they are files.

A run folder may come from somebody else: a link in it must not lead what poc writes elsewhere, and a pipe must not
keep poc waiting.
"""

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

_DEVICES: Final = (Path("/dev"), Path("/proc"))
"""`-o /dev/stdout` means the stream, and not a file in its place."""

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a file system for files, although it stands among the devices


def write_whole(file: Path, text: str) -> None:
    """Write a file beside its place and rename it: it is whole or not there, and a link there is replaced.

    Raises OSError.
    """
    data = text.encode("utf-8", "backslashreplace")
    place = file.absolute()
    if any(map(place.is_relative_to, _DEVICES)) and not place.is_relative_to(_MEMORY):
        file.write_bytes(data)
        return
    part = file.with_name(f".poc-{secrets.token_hex(8)}.part")
    try:
        # exclusively, so that nobody's link stands there
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as stream:
            stream.write(data)
        part.replace(file)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise


def read_whole(file: Path) -> bytes:
    """Return what is in a file; a pipe or a device could be waited for in vain. Raises OSError."""
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a file", str(file))
        return stream.read()
