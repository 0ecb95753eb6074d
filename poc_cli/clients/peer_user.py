"""Find out which user's process is at the other end of a local connection."""

import asyncio
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
"""The tables of Linux; on other systems every local user is let in."""

_LOCAL_COLUMN, _REMOTE_COLUMN, _USER_COLUMN = 1, 2, 7


def is_of_another_user(connection: asyncio.StreamWriter | asyncio.BaseTransport) -> bool:
    """Return whether a connection comes from another user's process on this machine; False if that is not known."""
    peer, own = connection.get_extra_info("peername"), connection.get_extra_info("sockname")
    if not peer or not own:  # already closed
        return False
    user = user_of(_lines(), peer[1], own[1])
    return user is not None and user != os.getuid()


def user_of(lines: Iterable[str], local: int, remote: int) -> int | None:
    """Return the user id of the socket with these two ports in the kernel's table; None if there is none."""
    for line in lines:
        columns = line.split()
        if len(columns) > _USER_COLUMN and (_port(columns[_LOCAL_COLUMN]), _port(columns[_REMOTE_COLUMN])) == (
            local,
            remote,
        ):
            return int(columns[_USER_COLUMN])
    return None


def _port(address: str) -> int | None:
    with suppress(ValueError):
        return int(address.rpartition(":")[2], 16)
    return None


def _lines() -> Iterable[str]:
    for table in _TABLES:
        with suppress(OSError):
            yield from table.read_text(encoding="ascii").splitlines()
