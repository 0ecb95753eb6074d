"""`poc cost`: the month's bill of a profile, or of what a run used."""

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
class Wanted:
    """What the command line asks for. `run` is None where no run is to be read."""

    profile: str | None
    run: Path | None
    times: int | None
    json: bool


def cost(wanted: Wanted, settings: "Settings", console: Console) -> None:
    """Print the bill. Raises PocError."""
    measured = None if wanted.run is None else _measured(wanted.run, settings)
    profile = None if wanted.profile is None else _named(wanted.profile)
    if wanted.times is not None and (measured is None or profile is not None):
        advice = "give it with --from and no profile"
        raise UsageError("--times says how many rooms like those of a run there are", advice)
    if measured is not None and profile is not None:
        profile = _with_measured(profile, measured)
    elif measured is not None:
        _tell(month_of_run(measured, wanted.times or 1, shipped()), None, measured, wanted, console)
        return
    profile = profile or _fallback(settings, console)
    _tell(month_of(profile, shipped()), profile, measured, wanted, console)


def text_of_profile(name: str | None) -> str:
    """Return the text of a profile, to begin one's own from. Raises UsageError."""
    text = sample_text(name or DEFAULT)
    if text is None:
        raise UsageError(f'there is no shipped profile "{name}"', near(name or ""))
    return text


def configured(settings: "Settings") -> Month | None:
    """Return the month of the profile that the configuration names, None without one. Raises ScenarioError."""
    profile = _configured(settings)
    return None if profile is None else month_of(profile, shipped())


def measured_in(folder: Path) -> "Measured":
    """Return what the run in a folder used. Raises PocError where its history cannot be read."""
    from poc_cli.cost.measured import run_usage
    from poc_cli.history.reader import read as history

    return run_usage(history(folder / "history.ndjson"), traces_of(folder))


def traces_of(folder: Path) -> Mapping[int, Iterator[bytes]]:
    """Return the lines of each process's trace in a run folder, as far as there are any."""
    files = (path for path in (folder / "trace").glob("*.jsonl") if path.stem.isdigit() and path.is_file())
    return {int(path.stem): _lines(path) for path in sorted(files)}


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            yield from stream
    except OSError as error:
        raise PocError(f"cannot read {path}: {error.strerror}", "make the trace of the run readable") from error


def _measured(run: Path, settings: "Settings") -> "Measured":
    from poc_cli.commands.run_folder import folder_of

    return measured_in(folder_of(run, settings.results))


def _fallback(settings: "Settings", console: Console) -> Profile:
    """Return the profile where none is named: that of the configuration, else a shipped one."""
    found = _configured(settings)
    if found is None:
        console.note(f"no profile: the shipped {DEFAULT}; poc cost {DEFAULT} --toml prints it, to make your own of")
        found = _named(DEFAULT)
    return found


def _named(name: str) -> Profile:
    path = Path(name)
    if name.endswith(".toml") or "/" in name:
        return read(path, shown(path))
    text = sample_text(name)
    if text is None:
        raise UsageError(f'there is no profile "{name}"', near(name) or "a file of your own ends in .toml")
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
        if error.position is not None:  # it is in the profile; else there is none to be read
            raise
        file.refuse(str(error), near(file.cost.profile), "cost", "profile")


def _with_measured(profile: Profile, measured: "Measured") -> Profile:
    """Return the profile with the time that an event took in a run."""
    handler = measured.handler_ms
    if handler is None:
        raise UsageError(
            "the run does not say how long an object is active for a message",
            "play one here, with the runtime's trace: poc run echo",
        )
    message = f"{profile.title}; {plain(handler)} ms for each event, as measured"
    return profile.model_copy(update={"handler_ms": float(round(handler, 6)), "connect_ms": None, "title": message})


def _tell(month: Month, profile: Profile | None, measured: "Measured | None", wanted: Wanted, console: Console) -> None:
    if wanted.json:
        from poc_cli.commands.run_folder import as_json
        from poc_cli.cost.cost_document import document

        told = None if profile is None else profile.model_dump()
        console.document(as_json(document(month, told, measured)))
        return
    from poc_cli.report.cost_table import lines, run_lines, source

    of_run = [] if measured is None else run_lines(measured, shipped())
    console.result([*of_run, *lines(month), [], source(shipped())])
