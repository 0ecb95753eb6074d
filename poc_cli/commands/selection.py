"""Which scenarios a run plays, by name, file, folder or tag, and how a shell completes their names."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Final

import tomli

from poc_cli.errors import PocError, UsageError, did_you_mean
from poc_cli.run_options import RunOptions
from poc_cli.scenario.catalog import find, shipped_files, shown

if TYPE_CHECKING:
    from poc_cli.scenario.scenario import Scenario

LEFT_TO_TAG = frozenset({"slow", "stack"})
"""The tags that `--all` does not include: these scenarios take long, or build an app and need a browser."""


def files(options: RunOptions) -> list[Path]:
    """Return the files that the options select. Raises UsageError if there are none."""
    if options.last_failed:
        return _last_failed(options)
    if options.words and (options.everything or options.tags):
        raise UsageError("name scenarios or use --all or --tag, not both")
    if options.words:
        return find(options.words)
    if options.everything or options.tags:
        return list(shipped_files().values())
    advice = "name a scenario, a file or a folder, or use --all; poc list says what each scenario is about"
    raise UsageError("nothing to run", "\n".join([advice, "", *_by_theme(shipped_files())]))


def _last_failed(options: RunOptions) -> list[Path]:
    """Return the files of the latest run's scenarios that did not come out as they should. Raises UsageError."""
    from poc_cli.commands.run_folder import document_of, folder_of
    from poc_cli.report.failure_causes import is_remarkable

    if options.words or options.everything or options.tags:
        raise UsageError("--last-failed takes the scenarios of the latest run", "leave out the names, --all and --tag")
    folder = folder_of(None, options.results)
    scenarios = document_of(folder)["scenarios"]
    failed = [each for each in scenarios if each["error"] or each["stopped"] or any(map(is_remarkable, each["claims"]))]
    if not failed:
        raise UsageError(f"no scenario failed in the latest run, {folder.name}", "name what to run")
    return find([each["file"] for each in failed])


def _by_theme(every: Iterable[str]) -> list[str]:
    """Return the names below each other by theme, in lines of 80 columns."""
    themes: dict[str, list[str]] = {}
    for name in every:
        theme, _, short = name.rpartition("/")
        themes.setdefault(theme, []).append(short)
    width = max(map(len, themes))
    found: list[str] = []
    for theme, own in themes.items():
        first, rest = f"  {theme:<{width}}  ", " " * (width + 4)
        found += wrap(" ".join(own), _COLUMNS, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return found


_COLUMNS: Final = 80


def is_wanted(files: list[Path], options: RunOptions) -> bool:
    """Return whether a file may be played on the worker of the run, without reading it in full.

    Only the worker of poc.toml may be left unused; it is then neither built nor looked for.
    """
    if options.overrides_worker or options.worker is None:
        return True
    return any(_names_no_worker(file) for file in files)


def _names_no_worker(file: Path) -> bool:
    try:
        return "worker" not in tomli.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False  # reported where it is read in full


def chosen(files: list[Path], options: RunOptions) -> "list[Scenario]":
    """Read the files and return the selected scenarios. Raises ScenarioError, and UsageError if none is left."""
    scenarios = _read_all(files)
    _raise_if_named_alike(scenarios)
    if not options.loads:
        scenarios = _without_loads(scenarios, options)
    if options.tags:
        scenarios = [each for each in scenarios if set(options.tags) & set(each.document.tags)]
        if not scenarios:
            raise UsageError(f"no scenario has the tag {' or '.join(options.tags)}", "see poc list")
    elif options.everything:
        scenarios = [each for each in scenarios if not LEFT_TO_TAG & set(each.document.tags)]
    if options.only is not None:
        scenarios = _only(options.only, scenarios)
    return [with_worker(each, options) for each in scenarios]


def _only(name: str, scenarios: "list[Scenario]") -> "list[Scenario]":
    """Return the scenario of one story. Raises UsageError if none of the scenarios has that name."""
    named = [each for each in scenarios if each.document.name == name]
    if not named:
        advice = did_you_mean(name, [each.document.name for each in scenarios])
        raise UsageError(f'no chosen scenario has the story "{name}"', advice)
    return named


def _read_all(files: Iterable[Path]) -> "list[Scenario]":
    """Read the files. Raises ScenarioError for one that is invalid, and says how many others are."""
    from poc_cli.scenario.loader import read

    scenarios: list[Scenario] = []
    errors: list[PocError] = []
    for file in files:
        try:
            scenarios.append(read(Path(shown(file))))
        except PocError as error:
            errors.append(error)
    if len(errors) > 1:
        more = len(errors) - 1
        others = "1 more file is invalid" if more == 1 else f"{more} more files are invalid"
        raise UsageError(str(errors[0]), f"{others}; poc lint tells all of them")
    if errors:
        raise errors[0]
    return scenarios


def _without_loads(scenarios: "list[Scenario]", options: RunOptions) -> "list[Scenario]":
    """Leave out the load scenarios, which `poc load` runs. Raises UsageError if a word matches nothing else."""
    from poc_cli.scenario.load_model import LoadFile

    loads = {each.file: each.document.name for each in scenarios if isinstance(each.document, LoadFile)}
    if not loads:
        return scenarios
    for word in options.words:
        meant = [shown(file) for file in find([word])]
        if all(file in loads for file in meant):
            names = [loads[file] for file in meant]
            kind = "is a load scenario" if len(names) == 1 else "are load scenarios"
            raise UsageError(f"{', '.join(names)} {kind}", f"load scenarios run alone: poc load {names[0]}")
    return [each for each in scenarios if each.file not in loads]


def with_worker(scenario: "Scenario", options: RunOptions) -> "Scenario":
    """Replace the worker of a scenario by that of the command line, which gets what the scenario gives to its own.

    Options without a worker change that of the scenario. Raises UsageError if there is none to change.
    """
    named, instead = scenario.document.worker, options.worker if options.overrides_worker else None
    changes: dict[str, object] = {}
    if instead is not None:
        changes = {"dir": str(instead.path.absolute()), "build": None}
        changes |= {"config": list(instead.configs) or None, "env": list(instead.envs) or None, "main": instead.main}
    elif options.worker_option is not None:
        if named is None and options.worker is None:
            message = f"{options.worker_option} is for a worker of your own, and none is named"
            raise UsageError(message, "name it with --worker FOLDER")
        changes = {"env": list(options.envs)} if options.envs else {}
        changes |= {} if options.main is None else {"main": options.main}
    if named is None or not changes:
        return scenario
    gets = instead is None or named.vars or named.seed or named.hyperdrive or scenario.document.secrets
    worker = named.model_copy(update=changes) if gets else None
    return replace(scenario, document=scenario.document.model_copy(update={"worker": worker}))


def _raise_if_named_alike(scenarios: "list[Scenario]") -> None:
    by_name: dict[str, str] = {}
    for each in scenarios:
        other = by_name.setdefault(each.document.name, each.file)
        if other != each.file:
            raise UsageError(f'{other} and {each.file} are both named "{each.document.name}"', "rename one of them")


def completions_of_loads(incomplete: str) -> list[str]:
    """Return the load scenarios that begin with a word, then files as above."""
    try:
        known = [name for name in shipped_files() if name.startswith("load/")]
    except PocError:
        known = []
    own = [name.rpartition("/")[2] for name in known]
    return [name for name in (*own, *known) if name.startswith(incomplete)] + _paths(incomplete)


def tags(incomplete: str) -> list[str]:
    """Return the tags of shipped scenarios that begin with a word."""
    found: set[str] = set()
    try:
        for file in shipped_files().values():
            found.update(map(str, tomli.loads(file.read_text(encoding="utf-8")).get("tags", ())))
    except (PocError, OSError, ValueError):
        return []
    return sorted(tag for tag in found if tag.startswith(incomplete))


def completions(incomplete: str) -> list[str]:
    """Return the names that begin with a word, then the folders and .toml files that do; no file is read."""
    try:
        known = [word for name in shipped_files() for word in (name.rpartition("/")[2], name)]
        names = [name for name in dict.fromkeys(known) if name.startswith(incomplete)]
    except PocError:  # a broken installation, which any command reports
        names = []
    return names + _paths(incomplete)


def _paths(incomplete: str) -> list[str]:
    folder, slash, beginning = incomplete.rpartition("/")
    try:
        found = sorted(Path(folder + slash or ".").iterdir())
    except OSError:
        return []
    shown = [path for path in found if path.name.startswith(beginning) and (beginning or path.name[0] != ".")]
    folders = [f"{folder}{slash}{path.name}/" for path in shown if path.is_dir()]
    return folders + [f"{folder}{slash}{path.name}" for path in shown if path.suffix == ".toml" and path.is_file()]
