"""Records of poc's deployments on this machine, with URL and token, readable only by the user."""

import contextlib
import fcntl
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from poc_cli.errors import TargetError, UsageError

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""A label of a host name (RFC 1123), which a Worker's name becomes on workers.dev."""


@dataclass(frozen=True, slots=True)
class Record:
    """One deployment; the token is only recorded if it is kept."""

    name: str
    account: str
    run: str
    kept: bool
    url: str | None = None
    token: str | None = None


def checked(name: str) -> str:
    """Return the name of a Worker. Raises UsageError if it is invalid."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f'"{name}" is not a valid name for a Worker',
            "use up to 63 lower-case letters, digits and dashes, no dash at the ends",
        )
    return name


def folder() -> Path:
    """Return the folder of the records; it may not exist."""
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    if given.is_absolute():  # the XDG specification says to ignore relative paths
        return given / "poc" / "deployments"
    return (
        Path.home()
        / ("Library/Application Support" if sys.platform == "darwin" else ".local/state")
        / "poc"
        / "deployments"
    )


def write(record: Record) -> None:
    """Write a record (0600). Raises TargetError if that fails."""
    file = _file(record.name)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # overwritten in place, because a lock is on this file
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+", encoding="utf-8") as opened:
            text = json.dumps(asdict(record))
            opened.write(text)
            opened.truncate(len(text.encode()))
    except OSError as error:
        raise TargetError(
            f"cannot write {file}: {error.strerror}", "set XDG_STATE_HOME to a folder that can be written to"
        ) from error


def records() -> dict[str, Record]:
    """Return all records by the Worker's name, without those that cannot be read."""
    found = {}
    for file in sorted(folder().glob("*.json")):
        try:
            found[file.stem] = Record(**json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            continue
    return found


def forget(name: str) -> None:
    """Remove a record, if there is one."""
    with contextlib.suppress(OSError):
        _file(name).unlink(missing_ok=True)


@contextmanager
def held(name: str) -> Iterator[None]:
    """Lock the record while the context lasts, so that other runs see that this one is alive; the lock ends with it."""
    try:
        descriptor = os.open(_file(name), os.O_RDWR)
    except OSError:
        yield
        return
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def is_held(name: str) -> bool:
    """Return whether a live run on this machine has locked it."""
    try:
        descriptor = os.open(_file(name), os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def token_for(url: str) -> str | None:
    """Return the token that `poc deploy` recorded for the host and port of a URL, None if there is none."""
    asked = _place(url)
    for each in records().values():
        if each.url is not None and each.token is not None and _place(each.url) == asked:
            return each.token
    return None


_PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}


def _place(url: str) -> tuple[bool, str | None, int | None]:
    """Return what must match for a token to be sent: TLS or not, host and port."""
    parts = urlsplit(url)
    return parts.scheme in {"https", "wss"}, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _file(name: str) -> Path:
    return folder() / f"{checked(name)}.json"
