"""Build a project with wrangler, in an environment of its own, and capture the configuration for the runtime."""

import contextlib
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from poc_cli.errors import TargetError
from poc_cli.targets.bindings import Binding, bindings_of, notes, raise_if_remote
from poc_cli.targets.framework import layout, left_by_a_build, without_assets
from poc_cli.targets.installation import cache
from poc_cli.targets.node_tools import command_variables, search_path, write_shims
from poc_cli.targets.npm import node
from poc_cli.targets.process import ending, guard, passed_on, signal_group
from poc_cli.targets.project_options import ProjectOptions
from poc_cli.targets.runtime_folder import base
from poc_cli.targets.scratch_folder import ScratchFolder
from poc_cli.targets.worker_output import Threw, of_stack
from poc_cli.targets.worker_source import WorkerSource
from poc_cli.targets.wrangler_config import fallback_name
from poc_cli.targets.wrangler_errors import BUILDS_WITHIN_SECONDS, BuildFailure, explained, shortened

_KEPT_ARGUMENTS: Final = ("--socket-addr=", "--external-addr=")


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
    bindings: tuple[Binding, ...]
    message: bytes
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """A compatibility date to build for instead of the project's, and where messages go."""

    date: str | None
    say: Callable[[str], None]
    options: ProjectOptions


def _python_arguments() -> tuple[str, ...]:
    """Return the options by which workerd keeps the interpreter that it downloads. Raises TargetError."""
    kept = cache() / "pyodide"
    try:
        kept.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TargetError(f"cannot make {kept}: {error.strerror}", "set XDG_CACHE_HOME to a writable folder") from error
    return (f"--pyodide-bundle-disk-cache-dir={kept}", f"--pyodide-package-disk-cache-dir={kept}")


class Build:
    """A wrangler process; it runs until the end, because simulated services may call back to it."""

    def __init__(self, source: WorkerSource, home: Path, settings: BuildSettings) -> None:
        """Start it without waiting; `home` is its installation. Call this on the main thread.

        Raises TargetError if it cannot be started.
        """
        self._layout = layout(source, home)
        self.source = self._layout.source
        self._home = home
        self._settings = settings
        self._scratch = ScratchFolder(base(), *FOLDERS)
        self._folder = self._scratch.folder
        self._popen: subprocess.Popen[bytes] | None = None
        self._output = ""
        try:
            self._report = self._start()
        except OSError as error:
            self.close()
            raise TargetError(f"cannot start wrangler: {error}", "run poc doctor") from error

    def _seed(self) -> str | None:
        """Write what the story seeds into a file for the control script, because it may be large. Raises OSError."""
        if self.source.data.seed is None:
            return None
        file = self._folder / "seed.json"
        file.write_text(self.source.data.seed, encoding="utf-8")
        return str(file)

    def _start(self) -> int:
        seed = self._seed()
        for note in self._layout.notes:
            self._settings.say(note)
        (self._folder / "rewritten.json").write_text(json.dumps(self._layout.rewritten), encoding="utf-8")
        report, report_end = os.pipe()
        wanted = {
            "home": str(self._home),
            "scratch": str(self._folder),
            "configs": [str(each) for each in self.source.configs],
            "redirected": self._layout.redirected,
            "envs": [each or None for each in self.source.envs],
            "names": [fallback_name(each, index) for index, each in enumerate(self.source.configs)],
            "seed": seed,
            "main": None if self.source.main is None else str(self.source.main),
            "date": self._settings.date,
            "report": report_end,
        }
        try:
            with (self._folder / "wrangler.log").open("wb") as log:
                self._popen = subprocess.Popen(
                    [str(node()), str(SCRIPTS / "control.mjs"), json.dumps(wanted)],
                    cwd=self.source.folder,
                    env=environment(self.source, self._folder),
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

    def finish(self) -> Built:
        """Wait for the build. Raises TargetError with wrangler's error."""
        reply = self._read_reply()
        if reply.get("event") != "ready":
            raise self._failure(reply)
        bindings = bindings_of(reply["workers"])
        if self._settings.options.remote_bindings == "refuse":
            raise_if_remote(bindings, str(self.source.configs[0]))
        for note in notes(bindings, [each["name"] for each in reply["workers"]]):
            self._settings.say(note)
        message, arguments = self._captured()
        if any(each["python"] for each in reply["workers"]):
            arguments += _python_arguments()
        return Built(
            self.source,
            self._folder,
            self._home,
            tuple(Made(each["name"], each["date"], each["module"], each["map"]) for each in reply["workers"]),
            tuple((name, value) for name, value in reply["secrets"]),
            bindings,
            message,
            arguments,
        )

    def _read_reply(self) -> dict[str, Any]:
        """Return the event that ends the build; what its command prints is shown as it comes."""
        for event in self._events():
            match event["event"]:
                case "output":
                    self._output += event["text"]
                    if self._settings.options.shows_output:
                        self._settings.say(event["text"].rstrip("\n"))
                case "no-assets":
                    self._settings.say(without_assets(self.source.folder, event["folder"]))
                case "left-build":
                    self._settings.say(left_by_a_build(self.source.folder, event["command"], event["main"]))
                case _:
                    return event
        raise AssertionError("the events of a build have an end")

    def _events(self) -> Iterator[dict[str, Any]]:
        """Yield what the control script reports; the last event is `ready` or `failed`."""
        received = b""
        give_up = time.monotonic() + BUILDS_WITHIN_SECONDS
        while True:
            readable, _, _ = select.select([self._report], [], [], max(0.0, give_up - time.monotonic()))
            chunk = os.read(self._report, 1 << 16) if readable else b""
            if not chunk:
                yield {"event": "failed", "kind": "late" if not readable else "ended"}
                return
            *lines, received = (received + chunk).split(b"\n")
            yield from map(json.loads, lines)

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
                reported = json.loads(line)
                found.append(of_stack(reported["stack"], reported["at"], self.source.folder))
        return found

    def _failure(self, reply: dict[str, Any]) -> TargetError:
        text = str(reply.get("text", "")).strip() or (self._exit_description() if reply["kind"] == "ended" else "")
        return explained(BuildFailure(self.source, reply["kind"], text, self._output.strip()))

    def _exit_description(self) -> str:
        code = self._popen.wait() if self._popen is not None else 0
        output = (self._folder / "wrangler.log").read_text(encoding="utf-8", errors="replace").strip()
        return f"it {ending(code)}" + (f" with the output: {shortened(output)}" if output else "")

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


SCRIPTS: Final = Path(__file__).parent / "wrangler"

FOLDERS: Final = ("captured", "home", "tmp", "bin")
"""The subfolders of wrangler's temporary folder."""

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


def environment(source: WorkerSource, folder: Path) -> dict[str, str]:
    """Return wrangler's whole environment; `folder` is its temporary one. Raises OSError."""
    own, temporary, shims = (str(folder / name) for name in ("home", "tmp", "bin"))
    write_shims(folder / "bin", managers=True)
    bindings = {
        "plain": dict(source.variables),
        "secret": dict(source.secrets),
        "hyperdrive": dict(source.data.hyperdrive),
    }
    commands = command_variables(source.folder, Path(shims), Path(temporary))
    return (
        passed_on()
        | _SETTINGS
        | dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "WRANGLER_CACHE_DIR"), own)
        | {"TMPDIR": temporary, "WRANGLER_LOG_PATH": temporary, "WRANGLER_REGISTRY_PATH": temporary}
        | {"PATH": search_path(source.folder, Path(shims))}
        | {"POC_BINDINGS": json.dumps(bindings), "POC_COMMAND": json.dumps(commands)}
        | {"MINIFLARE_WORKERD_PATH": str(_capture(folder)), "POC_CAPTURE": str(folder / "captured")}
    )


def _capture(folder: Path) -> Path:
    """Return the script that replaces workerd, or an executable copy of it if it lacks the permission."""
    script = SCRIPTS / "capture.sh"
    if os.access(script, os.X_OK):
        return script
    copy = folder / script.name
    shutil.copyfile(script, copy)
    copy.chmod(0o700)
    return copy
