"""Explain why wrangler did not build a project, and what to do."""

import re
from dataclasses import dataclass
from typing import Final

from poc_cli.errors import TargetError
from poc_cli.targets.framework import build_script, not_built
from poc_cli.targets.packages import absent_packages, missing_packages
from poc_cli.targets.worker_source import WorkerSource

BUILDS_WITHIN_SECONDS: Final = 180.0
"""A small project takes a second; one with its own build command may take minutes."""

_LONGEST_EXCERPT: Final = 4000  # characters of a program's output in an error
_NO_ENTRY: Final = "Missing entry-point to Worker script"
_NOT_FOUND: Final = re.compile(
    r"not found|cannot find (?:module|package)|MODULE_NOT_FOUND|not resolve (?!host)", re.IGNORECASE
)
"""What a build prints if a tool or a package is missing."""
_CUSTOM_BUILD: Final = "There are likely more logs from your build command above."


@dataclass(frozen=True, slots=True)
class BuildFailure:
    """What the control script reported: its kind, wrangler's text, and what the project's build command printed."""

    source: WorkerSource
    kind: str
    text: str
    output: str


def shortened(output: str) -> str:
    """Return the end of an output."""
    return output if len(output) <= _LONGEST_EXCERPT else f"...{output[-_LONGEST_EXCERPT:]}"


def explained(failure: BuildFailure) -> TargetError:
    """Return the error for the user."""
    text, folder = failure.text, failure.source.folder
    cause = missing_packages(folder, text) or not_built(folder, text)
    if cause is not None:
        return TargetError(*cause)
    if failure.kind in {"wrangler", "config"} and _CUSTOM_BUILD in text:
        return _command_failed(failure)
    return TargetError(*_by_kind(failure))


def _by_kind(failure: BuildFailure) -> tuple[str, str]:
    """Return the message and the advice for a kind of failure."""
    where, text = failure.source.configs[0], failure.text
    match failure.kind:
        case "late":
            late = f"wrangler did not build {where} within {BUILDS_WITHIN_SECONDS:g} s{_printed(failure)}"
            return late, "try wrangler dev in the project"
        case "ended":
            return f"wrangler exited while building {where}: {text}", "run poc doctor"
        case "data":
            advice = "fix it; of a migration, wrangler d1 migrations apply --local reports the same error"
            return f"the stores of {where} cannot be filled: {text}", advice
        case "build":
            return f"wrangler could not build {where}:\n{text}", "fix the project there"
    if _NO_ENTRY in text:
        script = build_script(failure.source.folder)
        first = (
            "" if script is None else f"run `{script.command}` in {script.folder} ({script.tool}) if it makes one, and "
        )
        return (
            f"{where} names no entry point (main)",
            f"{first}name it: --main FILE, or main in a scenario's worker table",
        )
    advice = "fix the project; wrangler dev reports the same error"
    return f"wrangler rejects {where}:\n{text}{_printed(failure)}", advice


def _command_failed(failure: BuildFailure) -> TargetError:
    """Return the error of the project's own build command, with everything it printed."""
    command = failure.text.partition("`")[2].rpartition("`")[0]
    reason = failure.text.rpartition(_CUSTOM_BUILD)[2].strip(" :")
    missing = absent_packages(failure.source.folder) if _NOT_FOUND.search(failure.output) else None
    return TargetError(
        f"the build command `{command}` of {failure.source.configs[0]} failed: {reason}{_printed(failure)}"
        + (f"\n{missing[0]}" if missing is not None else ""),
        missing[1] if missing is not None else f"run it in {failure.source.folder} to see the same error",
    )


def _printed(failure: BuildFailure) -> str:
    return f"\nit printed:\n{shortened(failure.output)}" if failure.output else ""
