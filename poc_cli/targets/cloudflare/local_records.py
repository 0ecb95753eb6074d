"""What this machine knows of poc's deployments: address and token of each, readable by the user alone."""

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
    """One deployment; the token is kept only where it is to stay."""

    name: str
    account: str
    run: str
    kept: bool
    url: str | None = None
    token: str | None = None


def checked(name: str) -> str:
    """Return the name of a Worker. Raises UsageError if it is none."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f'"{name}" is no name for a Worker', "give up to 63 small letters, digits and dashes, no dash at the ends"
        )
    return name


def folder() -> Path:
    """Return the folder of the records, whether or not it is there."""
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    if given.is_absolute():  # the XDG specification: a relative one is to be ignored
        return given / "poc" / "deployments"
    return (
        Path.home()
        / ("Library/Application Support" if sys.platform == "darwin" else ".local/state")
        / "poc"
        / "deployments"
    )


def write(record: Record) -> None:
    """Put a record down (0600). Raises TargetError."""
    file = _file(record.name)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # written over in place: whoever holds it holds this very file
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
    """Return all records by the Worker's name; those that cannot be read are passed over."""
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
    """Show to other runs that this one still lives; the lock ends with us, however we end."""
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
    """Return whether a run on this machine that lives still has it."""
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
    """Return the token of a deployment of `poc deploy` on this machine with this host and port; None without one."""
    asked = _place(url)
    for each in records().values():
        if each.url is not None and each.token is not None and _place(each.url) == asked:
            return each.token
    return None


_PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}


def _place(url: str) -> tuple[bool, str | None, int | None]:
    """Return what says where a token may go: never in the open where it was made for TLS."""
    parts = urlsplit(url)
    return parts.scheme in {"https", "wss"}, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _file(name: str) -> Path:
    return folder() / f"{checked(name)}.json"
