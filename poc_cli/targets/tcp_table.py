"""The kernel's table of the TCP sockets of this machine; only Linux has one."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LOCAL, _REMOTE, _STATE, _USER, _INODE = 1, 2, 3, 7, 9
_ESTABLISHED: Final = "01"
"""Columns and the state's name: kernel.org/doc/Documentation/networking/proc_net_tcp.txt."""


class Entry(NamedTuple):
    """One socket: its ports, whether the connection is established, its user and the inode of its descriptor."""

    local: int
    remote: int
    is_established: bool
    user: int
    inode: str


def entries(lines: Iterable[str]) -> Iterator[Entry]:
    """Yield the sockets that lines of the kernel's table describe; other lines are skipped."""
    for line in lines:
        columns = line.split()
        with suppress(ValueError, IndexError):
            local, remote = _port(columns[_LOCAL]), _port(columns[_REMOTE])
            yield Entry(local, remote, columns[_STATE] == _ESTABLISHED, int(columns[_USER]), columns[_INODE])


def table_lines() -> Iterator[str]:
    """Yield the lines of the kernel's table, none where there is none."""
    for table in _TABLES:
        with suppress(OSError):
            yield from table.read_text(encoding="ascii").splitlines()


def is_available() -> bool:
    """Return whether this machine has the table."""
    return any(table.exists() for table in _TABLES)


def connects_to(pid: int, port: int) -> bool | None:
    """Return whether a process has an open connection that it made to this port; None where that is not known."""
    if not is_available():
        return None
    inodes = {each.inode for each in entries(table_lines()) if each.remote == port and each.is_established}
    if not inodes:
        return False
    try:
        return not inodes.isdisjoint(_inodes_of(pid))
    except OSError:
        return None


def _inodes_of(pid: int) -> set[str]:
    found = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            found.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
    return found


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
