"""Which scenarios a run is to play: by name, file, folder or tag."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from poc_cli.errors import UsageError
from poc_cli.scenario.catalog import find, shipped_files, shown

if TYPE_CHECKING:
    from poc_cli.scenario.scenario import Scenario

LEFT_TO_TAG = frozenset({"slow", "stack"})
"""The tags of scenarios that `--all` leaves to `--tag`: they take long, or have an app to be built and a browser."""


class Wanted(Protocol):
    """What of the command line says which."""

    @property
    def words(self) -> Sequence[str]:
        """Names, files and folders."""

    @property
    def everything(self) -> bool:
        """Whether all shipped ones are meant."""

    @property
    def tags(self) -> Sequence[str]:
        """Tags of shipped ones."""

    @property
    def worker(self) -> Path | None:
        """The worker of the command line."""

    @property
    def worker_rules(self) -> bool:
        """Whether the worker of the command line goes before the one that a scenario names."""

    @property
    def loads(self) -> bool:
        """Whether loads are meant too."""


def files(wanted: Wanted) -> list[Path]:
    """Return the files that may be meant. Raises UsageError where nothing is."""
    if wanted.words and (wanted.everything or wanted.tags):
        raise UsageError("name scenarios, or give --all or --tag, not both")
    if wanted.words:
        return find(wanted.words)
    if wanted.everything or wanted.tags:
        return list(shipped_files().values())
    names = ", ".join(shipped_files())
    raise UsageError("nothing to run", f"name a scenario ({names}), a file or a folder, or say --all")


def chosen(files: list[Path], wanted: Wanted) -> "list[Scenario]":
    """Read them and give those that are meant. Raises ScenarioError, and UsageError where none is left."""
    from poc_cli.scenario.loader import read

    scenarios = [read(Path(shown(file))) for file in files]
    _raise_if_named_alike(scenarios)
    if not wanted.loads:
        scenarios = _without_loads(scenarios, wanted)
    if wanted.tags:
        scenarios = [each for each in scenarios if set(wanted.tags) & set(each.document.tags)]
        if not scenarios:
            raise UsageError(f"no scenario has the tag {' or '.join(wanted.tags)}", "see poc list")
    elif wanted.everything:
        scenarios = [each for each in scenarios if not LEFT_TO_TAG & set(each.document.tags)]
    if wanted.worker_rules:
        scenarios = [_without_worker(each, wanted.worker) for each in scenarios]
    return scenarios


def _without_loads(scenarios: "list[Scenario]", wanted: Wanted) -> "list[Scenario]":
    """Return what are no loads: loads have a command of their own. Raises UsageError where a word names only loads."""
    from poc_cli.scenario.load_model import LoadFile

    loads = {each.file: each.document.name for each in scenarios if isinstance(each.document, LoadFile)}
    if not loads:
        return scenarios
    for word in wanted.words:
        meant = [shown(file) for file in find([word])]
        if all(file in loads for file in meant):
            names = [loads[file] for file in meant]
            message = f"{names[0]} is a load" if len(names) == 1 else f"{', '.join(names)} are loads"
            raise UsageError(message, f"loads are played alone: poc load {names[0]}")
    return [each for each in scenarios if each.file not in loads]


def _without_worker(scenario: "Scenario", instead: Path | None) -> "Scenario":
    """Return the scenario with the command line's worker, which gets the variables of the scenario's own."""
    named = scenario.document.worker
    gets = named is not None and instead is not None and (named.vars or scenario.document.secrets)
    place = {} if instead is None else dict.fromkeys(("config", "env", "build")) | {"dir": str(instead.absolute())}
    worker = named.model_copy(update=place) if named is not None and gets else None
    return replace(scenario, document=scenario.document.model_copy(update={"worker": worker}))


def _raise_if_named_alike(scenarios: "list[Scenario]") -> None:
    by_name: dict[str, str] = {}
    for each in scenarios:
        other = by_name.setdefault(each.document.name, each.file)
        if other != each.file:
            raise UsageError(f'{other} and {each.file} are both named "{each.document.name}"', "rename one of them")
