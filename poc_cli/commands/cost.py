"""`poc cost`: the monthly bill of a profile, or of what a run used, by the prices that poc ships."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from poc_cli.commands.console import Console
from poc_cli.cost.month import Month, month_of, month_of_run
from poc_cli.cost.prices import shipped
from poc_cli.cost.profile import Profile, near, profile_of, read, sample_text
from poc_cli.cost.usage_line import plain
from poc_cli.errors import PocError, ScenarioError, UsageError
from poc_cli.scenario.catalog import shown

if TYPE_CHECKING:
    from poc_cli.config import Settings
    from poc_cli.cost.measured import Measured

DEFAULT = "chat"


@dataclass(frozen=True, slots=True)
class CostOptions:
    """What the command line asks for."""

    profile: str | None
    run: Path | None
    times: int | None
    json: bool


def cost(options: CostOptions, settings: "Settings", console: Console) -> None:
    """Print the bill. Raises PocError."""
    measured = None if options.run is None else _measured(options.run, settings)
    profile = None if options.profile is None else _named(options.profile)
    if options.times is not None and (measured is None or profile is not None):
        advice = "use it with --from and without a profile"
        raise UsageError("--times multiplies the rooms of a run", advice)
    if measured is not None and profile is not None:
        profile = _with_measured(profile, measured)
    elif measured is not None:
        _print(month_of_run(measured, options.times or 1, shipped()), None, measured, options, console)
        return
    profile = profile or _fallback(settings, console)
    _print(month_of(profile, shipped()), profile, measured, options, console)


def text_of_profile(name: str | None) -> str:
    """Return the text of a shipped profile. Raises UsageError if there is none."""
    text = sample_text(name or DEFAULT)
    if text is None:
        raise UsageError(f'there is no shipped profile "{name}"', near(name or ""))
    return text


def configured(settings: "Settings") -> Month | None:
    """Return the month of the configured profile, None without one. Raises ScenarioError."""
    profile = _configured(settings)
    return None if profile is None else month_of(profile, shipped())


def measured_in(folder: Path) -> "Measured":
    """Return what the run in a folder used. Raises PocError if its history cannot be read."""
    from poc_cli.cost.measured import run_usage
    from poc_cli.history.reader import read as history

    return run_usage(history(folder / "history.ndjson"), traces_of(folder))


def traces_of(folder: Path) -> Mapping[int, Iterator[bytes]]:
    """Return the lines of the trace of each process in a run folder."""
    files = (path for path in (folder / "trace").glob("*.jsonl") if path.stem.isdigit() and path.is_file())
    return {int(path.stem): _lines(path) for path in sorted(files)}


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            yield from stream
    except OSError as error:
        raise PocError(f"cannot read {path}: {error.strerror}", "make the file readable") from error


def _measured(run: Path, settings: "Settings") -> "Measured":
    from poc_cli.commands.run_folder import folder_of

    return measured_in(folder_of(run, settings.results))


def _fallback(settings: "Settings", console: Console) -> Profile:
    """Return the configured profile, else a shipped one."""
    found = _configured(settings)
    if found is None:
        console.note(f"no profile given, using {DEFAULT}; poc cost {DEFAULT} --toml prints it as a start for your own")
        found = _named(DEFAULT)
    return found


def _named(name: str) -> Profile:
    path = Path(name)
    if name.endswith(".toml") or "/" in name:
        return read(path, shown(path))
    text = sample_text(name)
    if text is None:
        raise UsageError(f'there is no profile "{name}"', near(name) or "the name of a profile file ends in .toml")
    return profile_of(text, f"{name}.toml")


def _configured(settings: "Settings") -> Profile | None:
    file = settings.file
    if file is None or file.cost is None:
        return None
    if sample_text(file.cost.profile) is not None:
        return _named(file.cost.profile)
    path = Path(os.path.relpath(settings.folder / Path(file.cost.profile).expanduser()))
    try:
        return read(path, shown(path))
    except ScenarioError as error:
        if error.position is not None:  # the mistake is in the profile; otherwise there is no such file
            raise
        file.refuse(str(error), near(file.cost.profile), "cost", "profile")


def _with_measured(profile: Profile, measured: "Measured") -> Profile:
    """Return the profile with the time that an event took in a run."""
    handler = measured.handler_ms
    if handler is None:
        raise UsageError(
            "the run does not show how long an object is active per message",
            "make a local run, which records the runtime's trace: poc run echo",
        )
    title = f"{profile.title}; {plain(handler)} ms for each event, as measured"
    return profile.model_copy(update={"handler_ms": float(round(handler, 6)), "connect_ms": None, "title": title})


def _print(
    month: Month, profile: Profile | None, measured: "Measured | None", options: CostOptions, console: Console
) -> None:
    if options.json:
        from poc_cli.commands.run_folder import as_json
        from poc_cli.cost.cost_document import document

        inputs = None if profile is None else profile.model_dump()
        console.document(as_json(document(month, inputs, measured)))
        return
    from poc_cli.report.cost_table import lines, run_lines, source

    of_run = [] if measured is None else run_lines(measured, shipped())
    console.result([*of_run, *lines(month), [], source(shipped())])
