"""Compatibility dates: the one a worker declares, those the runtime knows, and a worker on another date."""

import datetime as dt
import re
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from poc_cli.errors import TargetError, UsageError
from poc_cli.targets.capnp import with_date
from poc_cli.targets.runtime_folder import base

_Answer = subprocess.CompletedProcess[bytes]

ANSWERS_WITHIN_SECONDS: Final = 10.0
"""How long workerd may take to read a configuration; it takes 0.02 s."""

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DECLARED: Final = re.compile(r'\bcompatibilityDate\s*=\s*"(?P<date>[^"\\\n]*)"|"(?:[^"\\\n]|\\.)*"|#[^\n]*')
_NEWEST: Final = re.compile(r'newest date supported by this server binary is "([0-9-]+)"')
_ABOUT_DATES: Final = "compatibility date"
_SERVICE: Final = re.compile(r"^service [^:]*: ", re.MULTILINE)

# Without a socket workerd ends at once, and its exit code says whether it would have run the worker.
_QUESTION: Final = """\
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "question", worker = (
  modules = [(name = "question.js", esModule = "export default {};")], compatibilityDate = "%s",
))]);
"""


def checked(dates: Iterable[str]) -> list[str]:
    """Give the dates as they are. Raises UsageError for one that is not a calendar date, or is given twice."""
    found: list[str] = []
    for date in dates:
        if not _is_day(date):
            raise UsageError(f'--compat-date "{date}" is not a calendar date', "write it as 2026-10-01")
        if date in found:
            raise UsageError(f"--compat-date {date} is given twice", "each date is one run")
        found.append(date)
    return found


def _is_day(text: str) -> bool:
    if _DATE.fullmatch(text) is None:
        return False
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def raise_if_unknown(binary: Path, dates: Iterable[str]) -> None:
    """Ask the runtime about each date. Raises UsageError for one that it does not run, with the newest that it does.

    Raises TargetError where it cannot be asked.
    """
    with tempfile.TemporaryDirectory(prefix="poc-", dir=base()) as folder:
        file = Path(folder) / "question.capnp"
        for date in dates:
            file.write_text(_QUESTION % date, encoding="utf-8")
            answer = _ask(binary, ["serve", str(file)])
            if answer.returncode != 0:
                said = _said(answer)
                raise refusal(date, said) or _failure(binary, file.parent, answer)


def refusal(date: str, said: str) -> UsageError | None:
    """Return the error for a date that the runtime refused in these words, None where they mean something else."""
    newest = _NEWEST.search(said)
    if newest is not None:
        return UsageError(
            f"--compat-date {date} is newer than this runtime knows: its newest is {newest[1]}",
            f"give {newest[1]} or an older one, or set POC_WORKERD to a newer workerd",
        )
    words = _SERVICE.sub("", said).partition("\n")[0]
    return UsageError(f"the runtime refuses --compat-date {date}: {words}") if _ABOUT_DATES in words.lower() else None


def declared(capnp_text: str) -> str | None:
    """Return the compatibility date that a local.capnp names, None where it names none or more than one."""
    found = {match["date"] for match in _DECLARED.finditer(capnp_text) if match["date"] is not None}
    return found.pop() if len(found) == 1 else None


def compiled(binary: Path, folder: Path, worker: Path, service: str, date: str) -> bytes:
    """Return the configuration in `folder` as `workerd serve --binary` takes it, one service moved to another date.

    Files that it embeds are in it. Raises TargetError with what workerd said where it cannot read the worker's part.
    """
    return with_date(encoded(binary, folder / "config.capnp", worker), service, date)


def encoded(binary: Path, file: Path, worker: Path) -> bytes:
    """Return a configuration's text as the message that it stands for, with the files that it embeds in it.

    It may import from the worker's folder. Raises TargetError with what workerd said where it cannot be read.
    """
    answer = _ask(binary, ["compile", "--config-only", f"--import-path={worker}", str(file)])
    if answer.returncode != 0:
        raise _failure(binary, worker, answer)
    return answer.stdout


def _ask(binary: Path, words: list[str]) -> _Answer:
    try:
        return subprocess.run(
            [binary, *words],
            env={},  # it reads a configuration; it needs nothing of ours
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ANSWERS_WITHIN_SECONDS,
            check=False,
        )
    except OSError as error:
        raise TargetError(
            f"cannot start {binary}: {error.strerror}", "set POC_WORKERD to a workerd that runs here"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise TargetError(
            f"{binary} {words[0]} did not end within {ANSWERS_WITHIN_SECONDS:g} s", "see poc doctor"
        ) from error


def _said(answer: _Answer) -> str:
    return answer.stderr.decode("utf-8", "replace").strip()


def _failure(binary: Path, worker: Path, answer: _Answer) -> TargetError:
    from poc_cli.targets.start_errors import Failure, not_started  # it imports `process`, which imports this module

    return not_started(Failure(binary, worker, _said(answer), answer.returncode))
