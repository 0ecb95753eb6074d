"""Build a project with wrangler and capture the configuration that it generates for the runtime."""

import contextlib
import json
import os
import select
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from poc_cli.errors import TargetError
from poc_cli.targets.npm import node
from poc_cli.targets.process import ending, guard, passed_on, signal_group
from poc_cli.targets.runtime_folder import base
from poc_cli.targets.scratch_folder import ScratchFolder
from poc_cli.targets.worker_output import Threw, of_stack
from poc_cli.targets.worker_source import WorkerSource

BUILDS_WITHIN_SECONDS: Final = 180.0
"""A small project takes a second; one with its own build command may take minutes."""

_SCRIPTS: Final = Path(__file__).parent / "wrangler"
_KEPT_ARGUMENTS: Final = ("--socket-addr=", "--external-addr=")
_LONGEST_EXCERPT: Final = 2000  # characters of wrangler's log in an error

_SETTINGS: Final = {
    "CI": "1",
    "NO_COLOR": "1",
    "FORCE_COLOR": "0",
    "DO_NOT_TRACK": "1",
    "WRANGLER_HIDE_BANNER": "true",  # also disables the update check
    "WRANGLER_SEND_METRICS": "false",
    "WRANGLER_SEND_ERROR_REPORTS": "false",
    "CLOUDFLARE_CF_FETCH_ENABLED": "false",  # use the simulator's `request.cf`, not one from the network
    "X_LOCAL_EXPLORER": "false",
    "X_LOCAL_OBSERVABILITY": "false",
}


@dataclass(frozen=True, slots=True)
class Made:
    """A built worker: its compatibility date, the name of its bundle and its source map, if any."""

    name: str
    date: str | None
    module: str
    map: str | None


@dataclass(frozen=True, slots=True)
class Built:
    """The result of a build; `folder` is wrangler's temporary folder, `home` its installation."""

    source: WorkerSource
    folder: Path
    home: Path
    workers: tuple[Made, ...]
    secrets: tuple[tuple[str, str], ...]
    message: bytes
    arguments: tuple[str, ...]


class Build:
    """A wrangler process; it runs until the end, because simulated services may call back to it."""

    def __init__(self, source: WorkerSource, home: Path, date: str | None) -> None:
        """Start it without waiting; `home` is its installation. Call this on the main thread.

        Raises TargetError if it cannot be started.
        """
        self.source = source
        self._home = home
        self._scratch = ScratchFolder(base(), "captured", "home", "tmp")
        self._folder = self._scratch.folder
        self._popen: subprocess.Popen[bytes] | None = None
        try:
            self._report = self._start(date)
        except OSError as error:
            self.close()
            raise TargetError(f"cannot start wrangler: {error}", "run poc doctor") from error

    def _start(self, date: str | None) -> int:
        report, report_end = os.pipe()
        wanted = {
            "home": str(self._home),
            "scratch": str(self._folder),
            "configs": [str(each) for each in self.source.configs],
            "env": self.source.env,
            "date": date,
            "report": report_end,
        }
        try:
            with (self._folder / "wrangler.log").open("wb") as log:
                self._popen = subprocess.Popen(
                    [str(node()), str(_SCRIPTS / "control.mjs"), json.dumps(wanted)],
                    cwd=self.source.folder,
                    env=self._environment(),
                    stdin=subprocess.PIPE,  # closes when poc dies
                    stdout=log,
                    stderr=log,
                    pass_fds=[report_end],
                    start_new_session=True,
                    preexec_fn=guard(os.getpid()),  # noqa: PLW1509 - no other thread runs yet, and it only calls libc
                )
        except OSError:
            os.close(report)
            raise
        finally:
            os.close(report_end)
        self._scratch.watch(self._popen.pid)
        return report

    def _environment(self) -> dict[str, str]:
        own = str(self._folder / "home")
        temporary = str(self._folder / "tmp")
        return (
            passed_on()
            | _SETTINGS
            | dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "WRANGLER_CACHE_DIR"), own)
            | {"TMPDIR": temporary, "WRANGLER_LOG_PATH": temporary, "WRANGLER_REGISTRY_PATH": temporary}
            | {"PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
            | {"POC_BINDINGS": json.dumps({"plain": dict(self.source.variables), "secret": dict(self.source.secrets)})}
            | {"MINIFLARE_WORKERD_PATH": str(self._capture()), "POC_CAPTURE": str(self._folder / "captured")}
        )

    def _capture(self) -> Path:
        """Return the script that replaces workerd, or an executable copy of it if it lacks the permission."""
        script = _SCRIPTS / "capture.sh"
        if os.access(script, os.X_OK):
            return script
        copy = self._folder / script.name
        shutil.copyfile(script, copy)
        copy.chmod(0o700)
        return copy

    def finish(self) -> Built:
        """Wait for the build. Raises TargetError with wrangler's error."""
        reply = self._read_reply()
        if reply.get("event") != "ready":
            raise self._failure(reply)
        message, arguments = self._captured()
        return Built(
            self.source,
            self._folder,
            self._home,
            tuple(Made(each["name"], each["date"], each["module"], each["map"]) for each in reply["workers"]),
            tuple((name, value) for name, value in reply["secrets"]),
            message,
            arguments,
        )

    def _read_reply(self) -> dict[str, Any]:
        received = b""
        give_up = time.monotonic() + BUILDS_WITHIN_SECONDS
        while not received.endswith(b"\n"):
            readable, _, _ = select.select([self._report], [], [], max(0.0, give_up - time.monotonic()))
            chunk = os.read(self._report, 1 << 16) if readable else b""
            if not chunk:
                return {"kind": "late" if not readable else "ended"}
            received += chunk
        answer: dict[str, Any] = json.loads(received.splitlines()[0])
        return answer

    def _captured(self) -> tuple[bytes, tuple[str, ...]]:
        """Return the last configuration that wrangler generated and the arguments to keep."""
        try:
            newest = max((self._folder / "captured").glob("*.config"), key=lambda file: file.stat().st_mtime_ns)
            words = newest.with_suffix(".words").read_text(encoding="utf-8").splitlines()
            return newest.read_bytes(), tuple(word for word in words if word.startswith(_KEPT_ARGUMENTS))
        except (OSError, ValueError) as error:
            raise TargetError(f"wrangler did not generate a configuration for {self.source.folder}: {error}") from error

    def thrown(self) -> list[Threw]:
        """Return the exceptions of requests to the project's Worker, which are in no log of the runtime."""
        found: list[Threw] = []
        with contextlib.suppress(OSError, ValueError, LookupError):  # the last line may be half written
            for line in (self._folder / "thrown.jsonl").read_bytes().splitlines():
                told = json.loads(line)
                found.append(of_stack(told["stack"], told["at"], self.source.folder))
        return found

    def _failure(self, reply: dict[str, Any]) -> TargetError:
        where, text = self.source.configs[0], str(reply.get("text", "")).strip()
        match reply.get("kind"):
            case "remote":
                return TargetError(
                    f"{where} has bindings to remote resources on Cloudflare, which poc does not use: {text}",
                    "remove their `remote` setting to simulate them, or choose an environment without them",
                )
            case "late":
                return TargetError(
                    f"wrangler did not build {where} within {BUILDS_WITHIN_SECONDS:g} s",
                    "try wrangler dev in the project",
                )
            case "ended":
                return TargetError(
                    f"wrangler exited while building {where}: {self._exit_description()}", "run poc doctor"
                )
            case "build":
                return TargetError(f"wrangler could not build {where}:\n{text}", "fix the project there")
        return TargetError(f"wrangler rejects {where}:\n{text}", "fix the project; wrangler dev reports the same error")

    def _exit_description(self) -> str:
        code = self._popen.wait() if self._popen is not None else 0
        output = (self._folder / "wrangler.log").read_text(encoding="utf-8", errors="replace").strip()
        return f"it {ending(code)}" + (f" with the output: {output[-_LONGEST_EXCERPT:]}" if output else "")

    def close(self) -> None:
        """End wrangler and everything it started, and remove its folder."""
        if not self._scratch.exists:
            return
        if self._popen is not None:
            signal_group(self._popen.pid)
            self._popen.wait()
            if self._popen.stdin is not None:
                self._popen.stdin.close()
            os.close(self._report)
        self._scratch.remove()
