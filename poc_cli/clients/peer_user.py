"""Find out which user's process is at the other end of a local connection."""

import asyncio
import os
from collections.abc import Iterable

from poc_cli.targets.tcp_table import entries, table_lines


def is_of_another_user(connection: asyncio.StreamWriter | asyncio.BaseTransport) -> bool:
    """Return whether a connection comes from another user's process on this machine; False if that is not known."""
    peer, own = connection.get_extra_info("peername"), connection.get_extra_info("sockname")
    if not peer or not own:  # already closed
        return False
    user = user_of(table_lines(), peer[1], own[1])
    return user is not None and user != os.getuid()


def user_of(lines: Iterable[str], local: int, remote: int) -> int | None:
    """Return the user whose socket has these two ports, by lines of the kernel's table; None if there is none."""
    found = (each.user for each in entries(lines) if (each.local, each.remote) == (local, remote))
    return next(found, None)
