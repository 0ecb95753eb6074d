"""`poc init`: write a configuration, a first scenario and a workflow that installs this poc into a project."""

import json
import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from poc_cli import __version__
from poc_cli.commands.scaffold import Guess, guess
from poc_cli.config import OWN as CONFIGURATION
from poc_cli.config import SHARED, find
from poc_cli.errors import PocError, UsageError
from poc_cli.files import write_whole
from poc_cli.report.styled import Line, span
from poc_cli.run_options import RESULTS
from poc_cli.scenario.catalog import shown
from poc_cli.shipped import shipped
from poc_cli.targets.packages import declares, installation
from poc_cli.targets.worker_source import DECLARATION, WorkerChoice, WorkerSource, configuration_in, source

SCENARIO = "scenarios/first.toml"
STORIES = "scenarios/any-room.toml"
RECORDED = "scenarios/session.toml"
WORKFLOW = ".github/workflows/feasibility.yml"
IGNORED = ".gitignore"

_RESULTS = re.compile(rf"^/?{RESULTS}(/\**)?\s*$", re.MULTILINE)

_BEFORE_INSTALL: Final = dict.fromkeys(("pnpm", "yarn"), "corepack enable && ") | {"bun": "npm install -g bun && "}
"""What brings a package manager to a runner that has npm."""

_NO_SOCKETS: Final = "no class accepts a WebSocket in its code, and poc shows what sockets go through"

_OTHER_NAME = ' Where it makes the name of something else, write that,\n# as in "room:{play}".'
_FIXED_NAME = "\n# Its code gives all of them the name below, so each play has a runtime of its own."
_ONE_ID = """
# Its code takes ids, as newUniqueId() makes them; this one belongs to the class, so its clients can ask for it too.
# Each play has a runtime of its own."""

_OF_OURS = re.compile(r"^(#:schema|mutant ).*\n", re.MULTILINE)
"""The lines of a shipped scenario that mean something in poc's own project only."""

_OBJECT = re.compile(r"^object  = .*$", re.MULTILINE)
_CLIENT = re.compile(r'^(clients\.\w+ *) = ".*?"', re.MULTILINE)
_MESSAGE = re.compile(r"^(vars\.\w+ *) = .*$", re.MULTILINE)

_ACTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*@[A-Za-z0-9._/-]+")
"""OWNER/REPOSITORY@REF, as `uses:` has it, perhaps with a folder; nothing that could end the line of a workflow."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the workflow gets poc: by an action, else by what pip installs, else by a variable of the repository."""

    action: str | None = None
    requirement: str | None = None


def init(
    folder: Path, delivery: Delivery, *, force: bool, worker: WorkerChoice | None = None, stories: bool = False
) -> list[Line]:
    """Write the three files and return what was written; for a wrangler project, the scenario is made for it.

    With `stories`, a fourth has what every room must do, for the messages of the worker to be filled in.
    The project is `worker`, else the folder itself if it has a wrangler configuration.
    Raises UsageError, and writes nothing, if one of them exists and `force` is not set.
    """
    if not folder.is_dir():
        raise UsageError(f"no folder {folder}", "poc init writes into an existing project")
    if worker is None and configuration_in(folder) is not None and not (folder / DECLARATION).is_file():
        worker = WorkerChoice(folder)
    elif worker is None and not force and not (folder / DECLARATION).is_file():
        _raise_if_below(folder)
    guessed = None if worker is None else guess(source(worker))
    values = {} if guessed is None else _values(guessed, folder)
    texts = {
        **_texts(delivery, declared=(folder / DECLARATION).is_file()),
        **({} if guessed is None else _for(guessed.source, values, folder, delivery)),
    }
    texts |= {STORIES: _stories(values)} if stories else {}
    there = [name for name in texts if os.path.lexists(folder / name)]
    if there and not force:
        exist = "exists" if len(there) == 1 else "exist"
        raise UsageError(
            f"{', '.join(there)} already {exist}, so nothing was written",
            "poc init --force overwrites them" if len(there) > 1 else "poc init --force overwrites it",
        )
    configured = find(folder.resolve())
    if configured is not None and configured[0] == folder.resolve() / SHARED and not force:
        raise UsageError(
            f"{SHARED} already has [tool.poc], which a {CONFIGURATION} would override, so nothing was written",
            "poc init --force writes it anyway",
        )
    for name, text in texts.items():
        _write(folder, name, text)
    found = _summary(folder, list(texts), there, worker, ignores=_ignore_results(folder))
    if guessed is not None and not guessed.route.takes_sockets:
        found += [[], [span(f"{', '.join(guessed.classes)}: {_NO_SOCKETS}", "yellow")]]
    found += _beside_the_workflows(folder)
    if delivery == Delivery():
        message = f"poc is not on PyPI: set the variable {VARIABLE} of the repository to what pip installs, such as"
        found += [[], [span(message, "yellow")], [span(f"  git+https://HOST/OWNER/poc@v{__version__}")]]
    return found


def _raise_if_below(folder: Path) -> None:
    """Raise UsageError if packages of the folder are wrangler projects: one of them is meant."""
    below = sorted(each.parent for depth in _DEPTHS for each in folder.glob(f"{depth}wrangler.*"))
    packages = [shown(each) for each in dict.fromkeys(below) if not _PASSED_BY & set(each.relative_to(folder).parts)]
    packages = [each for each in packages if configuration_in(Path(each)) is not None]
    if packages:
        have = "has" if len(packages) == 1 else "have"
        raise UsageError(
            f"no wrangler configuration is here, but {', '.join(packages)} {have} one, so nothing was written",
            f"poc init --worker {shlex.quote(packages[0])} writes a scenario for it; --force goes without one",
        )


_DEPTHS: Final = ("*/", "*/*/")
"""How far below a repository its packages are, as in `packages/rooms`."""

_PASSED_BY: Final = frozenset({"node_modules", ".git", "dist", "build", ".wrangler", ".venv"})


def _beside_the_workflows(folder: Path) -> list[Line]:
    """Return what to say if the folder is below the root of a repository, where GitHub reads no workflows."""
    whole = folder.resolve()
    if (whole / ".git").exists():
        return []
    root = next((each for each in whole.parents if (each / ".git").exists()), None)
    if root is None:
        return []
    where = whole.relative_to(root).as_posix()
    message = "GitHub reads workflows only at the root of a repository; there, this writes one for this folder:"
    return [[], [span(message, "yellow")], [span(f"  poc init --worker {shlex.quote(where)}")]]


def _texts(delivery: Delivery, *, declared: bool) -> Mapping[str, str]:
    """Return the text of each file by its path in a folder; `declared` says whether it declares a worker."""
    configuration, scenario = _starter("poc.toml"), _starter("scenario.toml")
    if not declared:
        configuration = configuration.replace(_DECLARED, _UNDECLARED)
        scenario = scenario.replace(_PLAYED_ON_THIS, _PLAYED)
    return {
        CONFIGURATION: configuration,
        SCENARIO: scenario,
        WORKFLOW: _workflow(delivery),
    }


_DECLARED: Final = '# The folder whose local.capnp defines the worker `main` for raw workerd. CHANGE\nworker = "."'
_UNDECLARED: Final = """\
# The worker of scenarios that name none: a folder with a wrangler configuration. Without one it is the worker that
# comes with poc. CHANGE
# worker = "../my-worker"\
"""
_PLAYED_ON_THIS: Final = "poc run scenarios/first.toml --worker .    plays it"
_PLAYED: Final = "poc run scenarios/first.toml    plays it"


def _workflow(delivery: Delivery, before: str = "") -> str:
    return _starter("workflow.yml").replace("@STEPS@\n", before + _steps(delivery))


def _values(guessed: Guess, folder: Path) -> Mapping[str, str]:
    """Return what the code of a project says in place of the names in a scenario, as TOML."""
    route = guessed.route
    return {
        "@WORKER@": worker_as_toml(guessed.source, (folder / SCENARIO).parent.resolve()),
        "@CLASSES@": ", ".join(guessed.classes),
        "@NAME_NOTE@": _name_note(guessed),
        "@OBJECT@": _object_as_toml(guessed),
        "@GUESS@": "Nothing in the code says where. CHANGE" if route.path is None else "A guess from the code.",
        "@PATH@": _quoted(route.path or "/{play}"),
        "@MESSAGE@": '{ type = "hello" }' if guessed.speaks_json else '"hello"',
    }


def _name_note(guessed: Guess) -> str:
    """Return what the scenario says about the name of its object."""
    if guessed.object_id is not None:
        return _ONE_ID
    return _OTHER_NAME if "{play}" in guessed.route.name else _FIXED_NAME


def _object_as_toml(guessed: Guess) -> str:
    key, value = ("name", guessed.route.name) if guessed.object_id is None else ("id", guessed.object_id)
    return f"{{ class = {_quoted(guessed.route.class_name)}, {key} = {_quoted(value)} }}"


def _stories(values: Mapping[str, str]) -> str:
    """Return the shipped scenario of what every room must do, for a project where `values` are known of it."""
    text = (shipped("scenarios") / Path(STORIES).name).read_text(encoding="utf-8")
    text = _OF_OURS.sub("", text)
    if not values:
        return text
    head = f"worker  = {values['@WORKER@']}\nobject  = {values['@OBJECT@']}"
    text = _OBJECT.sub(lambda _: head, text)
    text = _CLIENT.sub(lambda client: f"{client[1]} = {values['@PATH@']}", text)
    return _MESSAGE.sub(lambda var: f"{var[1]} = {values['@MESSAGE@']}", text)


def _for(found: WorkerSource, values: Mapping[str, str], folder: Path, delivery: Delivery) -> Mapping[str, str]:
    """Return the files that are specific to a project, guessed from its code."""
    scenario = _starter("project.toml")
    for name, value in values.items():
        scenario = scenario.replace(name, value)
    configuration = _starter("poc.toml").replace(
        _DECLARED, f"# The worker of scenarios that name none.\nworker = {worker_as_toml(found, folder.resolve())}"
    )
    workflow = _workflow(delivery, _install_steps(found.folder, folder.resolve()))
    return {SCENARIO: scenario, CONFIGURATION: configuration, WORKFLOW: workflow}


def _install_steps(project: Path, repository: Path) -> str:
    """Return the step of a workflow that installs the packages of a project, empty if it has none there."""
    how = installation(project)
    if not declares(project) or not how.folder.is_relative_to(repository):
        return ""
    where = how.folder.relative_to(repository).as_posix()
    step = f"      - run: {_BEFORE_INSTALL.get(how.manager.name, '')}{how.command}\n"
    return step if where == "." else f"{step}        working-directory: {_quoted(where)}\n"


def worker_as_toml(found: WorkerSource, base: Path) -> str:
    """Return a worker as TOML, relative to a folder: its folder, its configuration file, or a table with both."""
    where = os.path.relpath(found.folder, base)
    is_usual = found.configs in {(), (configuration_in(found.folder),)}
    if found.main is None and not any(found.envs) and (is_usual or len(found.configs) == 1):
        return _quoted(where if is_usual else os.path.relpath(found.configs[0], base))
    table = {"dir": _quoted(where)}
    if not is_usual:
        table["config"] = _one_or_list([os.path.relpath(each, found.folder) for each in found.configs])
    if any(found.envs):
        envs = found.envs if len(set(found.envs)) > 1 else found.envs[:1]
        table["env"] = _one_or_list([each or "" for each in envs])
    if found.main is not None:
        table["main"] = _quoted(os.path.relpath(found.main, found.folder))
    return f"{{ {', '.join(f'{key} = {value}' for key, value in table.items())} }}"


def _one_or_list(values: list[str]) -> str:
    quoted = [_quoted(each) for each in values]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


def _ignore_results(folder: Path) -> bool:
    """Add the folder of the runs to .gitignore, and return whether it was not there. Raises PocError."""
    file = folder / IGNORED
    if file.is_symlink():
        return False
    try:
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        if _RESULTS.search(text):
            return False
        end = "" if not text or text.endswith("\n") else "\n"
        write_whole(file, f"{text}{end}{RESULTS}/\n")
    except (OSError, UnicodeDecodeError) as error:
        raise PocError(f"cannot add {RESULTS}/ to {file}: {error}", "fix the file, or add the line by hand") from error
    return True


def _quoted(text: str) -> str:
    """Return a text as a TOML string, which JSON writes the same."""
    return json.dumps(text, ensure_ascii=False)


def _steps(delivery: Delivery) -> str:
    action = delivery.action
    if action is None:
        steps = _starter("steps-package.yml").replace("@VERSION@", __version__)
        return steps.replace("@INSTALL@", _install_step(delivery.requirement))
    if not _ACTION.fullmatch(action):
        raise UsageError(
            f'"{action}" is not the address of an action', "write OWNER/REPOSITORY@REF, preferably with a commit hash"
        )
    return _starter("steps-action.yml").replace("@ACTION@", action)


def _install_step(wanted: str | None) -> str:
    """Return the step that installs poc. Raises UsageError for a requirement that could end the line of a workflow."""
    if wanted is None:
        return (
            '      - run: python -m pip install "$POC_REQUIREMENT"\n'
            "        env: # a variable of the repository, such as git+https://HOST/OWNER/poc@v"
            f"{__version__}: poc is not on PyPI\n"
            f"          {VARIABLE}: ${{{{ vars.{VARIABLE} }}}}\n"
        )
    if not _REQUIREMENT.fullmatch(wanted):
        message = f'"{wanted}" is not what pip installs'
        raise UsageError(message, "write git+https://HOST/OWNER/REPOSITORY@TAG, or NAME==VERSION")
    return f"      - run: python -m pip install '{wanted}'\n"


VARIABLE: Final = "POC_REQUIREMENT"
"""The variable of a repository that says what pip installs, where the running poc came from a folder."""

_REQUIREMENT = re.compile(r"[A-Za-z0-9@:/._+=~\[\],-]+")


def _starter(name: str) -> str:
    return files("poc_cli.starters").joinpath(name).read_text(encoding="utf-8")


def _write(folder: Path, name: str, text: str) -> None:
    """Write a file of the project; a link out of it is not followed. Raises PocError."""
    file = folder / name
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.parent.resolve().is_relative_to(folder.resolve()):
            raise PocError(f"cannot write {file}: its folder is a link out of the project", "remove the link")
        write_whole(file, text)
    except OSError as error:
        raise PocError(
            f"cannot write {file}: {error.strerror}", "free some disk space or fix the permissions there"
        ) from error


def _summary(
    folder: Path, names: list[str], there: list[str], worker: WorkerChoice | None, *, ignores: bool
) -> list[Line]:
    found: list[Line] = [
        [span("overwrote " if name in there else "wrote ", "bold"), span(shown(folder / name))] for name in names
    ]
    if ignores:
        found.append([span(f"added {RESULTS}/ to ", "bold"), span(shown(folder / IGNORED))])
    first = f"poc run {shown(folder / SCENARIO)}, then edit the lines marked CHANGE"
    if worker is None:
        return [*found, [], [span(f"next: {first}")]]
    recorded = shown(folder / RECORDED)
    return [
        *found,
        [],
        [span(f"next: poc record {_as_options(worker)} -o {recorded}    writes down what your app does")],
        [span(f"      poc run {recorded} --sleep everywhere    says what of it a sleep breaks")],
        [span(f"  or: {first}")],
    ]


def _as_options(worker: WorkerChoice) -> str:
    """Return the options that name a worker."""
    main = [] if worker.main is None else [("main", worker.main)]
    named = [("worker", shown(worker.path)), *(("config", each) for each in worker.configs), *main]
    return " ".join(
        f"--{name} {shlex.quote(value)}" for name, value in [*named, *(("env", each) for each in worker.envs)]
    )


PACKAGE: Final = "poc-durable-objects"


def requirement() -> str | None:
    """Return what pip installs to get this very poc; None for one that was installed from a folder of this machine."""
    try:
        installed = distribution(PACKAGE)
    except PackageNotFoundError:
        return None
    return of_record(installed.read_text("direct_url.json"), installed.version)


def of_record(record: str | None, version: str) -> str | None:
    """Return the requirement for a `direct_url.json` (PEP 610), which an installation from an index does not have."""
    if record is None:
        return f"{PACKAGE}=={version}"
    try:
        found: Any = json.loads(record)
        if str(found["url"]).startswith("file:"):
            return None
        return f"{found['vcs_info']['vcs']}+{found['url']}@{found['vcs_info']['commit_id']}"
    except (ValueError, LookupError, TypeError):
        return None
