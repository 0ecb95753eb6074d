"""Run the build script of a project, as its own tools do."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from typing import Final

from poc_cli.errors import TargetError
from poc_cli.targets.framework import BuildScript, build_script
from poc_cli.targets.node_tools import command_variables, search_path, write_shims
from poc_cli.targets.packages import absent_packages
from poc_cli.targets.process import ending, guard, signal_group
from poc_cli.targets.runtime_folder import base
from poc_cli.targets.scratch_folder import ScratchFolder
from poc_cli.targets.worker_source import WorkerSource
from poc_cli.targets.wrangler_errors import shortened

_BUILDS_WITHIN_SECONDS: Final = 900.0
"""A production build of a large app on a busy machine."""

_COREPACK: Final = "/corepack/dist/"
"""A folder that is in each stack of corepack's errors, and in none of a package manager that it started."""

_FETCH_FAILED: Final = re.compile(r"Error: ")


def run_build_script(source: WorkerSource, say: Callable[[str], None], *, shows_output: bool) -> None:
    """Build a project by its own script, which writes into its folder; nothing of what it starts outlives it.

    Raises TargetError if it has none, if its packages are not installed, or with what the script printed if it fails.
    """
    script = build_script(source.folder)
    if script is None:
        raise TargetError(
            f"{source.folder} has no build script to run for --build",
            "leave --build out, or add one to its package.json",
        )
    missing = absent_packages(source.folder)
    if missing is not None:
        raise TargetError(*missing)
    say(f"poc: building {source.folder} ({script.command})")
    scratch = ScratchFolder(base(), "tmp", "bin")
    try:
        code, output = _run(script, scratch, say if shows_output else None)
    except OSError as error:
        raise TargetError(f"cannot run `{script.command}`: {error}", "run poc doctor") from error
    finally:
        scratch.remove()
    if code != 0:
        name = script.command.partition(" ")[0]
        if not shutil.which(name, path=search_path(script.folder, None)):
            raise_without(name, script.command, output)
        did = ending(code) if code is not None else f"was not done within {_BUILDS_WITHIN_SECONDS:g} s"
        raise TargetError(
            f"`{script.command}` in {script.folder} {did}; it printed:\n{shortened(output.strip())}",
            "run it there to see the same error",
        )


def raise_without(manager: str, command: str, output: str) -> None:
    """Raise TargetError if a command failed because its package manager is not there; corepack fetches only some."""
    advice = f"install {manager}, for example by `npm install -g {manager}`"
    needs = f"`{command}` needs {manager}, which is not on this machine"
    if f"{manager}: not found" in output:
        raise TargetError(needs, advice)
    if _COREPACK in output:
        said = next((line.strip() for line in output.splitlines() if _FETCH_FAILED.search(line)), "")
        raise TargetError(f"{needs}, and corepack could not fetch it" + (f" ({said})" if said else ""), advice)


def _run(script: BuildScript, scratch: ScratchFolder, show: Callable[[str], None] | None) -> tuple[int | None, str]:
    """Return the exit code, None if it took too long, and what it printed."""
    write_shims(scratch.folder / "bin", managers=True)
    environment = command_variables(script.folder, scratch.folder / "bin", scratch.folder / "tmp")
    log = scratch.folder / "output"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", script.command],
            cwd=script.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if show is not None else output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=guard(os.getpid()),  # noqa: PLW1509 - no other thread runs yet, and it only calls libc
        )
    scratch.watch(process.pid)
    try:
        if show is not None and process.stdout is not None:
            with process.stdout as stream, log.open("wb") as copy:
                for line in stream:
                    copy.write(line)
                    show(line.decode("utf-8", "replace").rstrip("\n"))
        code: int | None = process.wait(_BUILDS_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        code = None
    finally:
        signal_group(process.pid)
        process.wait()
    return code, log.read_text(encoding="utf-8", errors="replace")
