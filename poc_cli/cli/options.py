"""The options that several commands share, and the panels that `--help` groups them in."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from poc_cli.run_options import SleepMode
from poc_cli.targets.project_options import RemoteBindings


class OptionPanel(StrEnum):
    """The groups of the options of a command."""

    SCENARIOS = "What to run"
    TARGET = "Where to run it"
    EXECUTION = "How to run it"
    OUTPUT = "Output"


def scenario_names(incomplete: str) -> list[str]:
    """Return the completions of a word."""
    from poc_cli.commands.selection import completions

    return completions(incomplete)


def load_names(incomplete: str) -> list[str]:
    """Return the completions of a load scenario."""
    from poc_cli.commands.selection import completions_of_loads

    return completions_of_loads(incomplete)


def tag_names(incomplete: str) -> list[str]:
    """Return the completions of a tag."""
    from poc_cli.commands.selection import tags

    return tags(incomplete)


def run_names(incomplete: str) -> list[str]:
    """Return the completions of a run: the folders in the results folder of this directory, the latest first."""
    from poc_cli.commands.run_folder import runs_in
    from poc_cli.run_options import RESULTS

    return [name for name in ("latest", *runs_in(RESULTS)) if name.startswith(incomplete)]


_SCENARIOS, _TARGET, _EXECUTION, _OUTPUT = (panel.value for panel in OptionPanel)

WorkerFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Test this worker instead of the shipped one: a folder with a wrangler configuration or a local.capnp.",
        rich_help_panel=_SCENARIOS,
    ),
]
RunsBuild = Annotated[
    bool,
    typer.Option(
        "--build", help="Run the project's own build script first (npm run build).", rich_help_panel=_EXECUTION
    ),
]
RemoteBinding = Annotated[
    RemoteBindings,
    typer.Option(
        "--remote-bindings",
        help="What becomes of a project's bindings with remote = true; nothing on Cloudflare is ever used.",
        rich_help_panel=_EXECUTION,
    ),
]
Configs = Annotated[
    list[str] | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The worker's wrangler configuration, relative to its folder; repeat it for several workers.",
        rich_help_panel=_SCENARIOS,
    ),
]
Envs = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        metavar="ENV",
        help="The environment of the worker's configuration; repeat it to name one for each.",
        rich_help_panel=_SCENARIOS,
    ),
]
Main = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="The worker's entry point, for a configuration that names none.",
        rich_help_panel=_SCENARIOS,
    ),
]
Sleep = Annotated[
    SleepMode | None,
    typer.Option(
        help="Override how objects are put to sleep; everywhere: between all steps, and compare what clients see.",
        rich_help_panel=_EXECUTION,
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATH",
        help="With --sleep everywhere: a key or path in messages that may differ after a sleep.",
        rich_help_panel=_EXECUTION,
    ),
]
CompatDate = Annotated[
    str | None, typer.Option(metavar="DATE", help="Run with this compatibility date.", rich_help_panel=_EXECUTION)
]
Runtime = Annotated[
    str | None,
    typer.Option(
        "--workerd",
        metavar="VERSION|PATH",
        help="Run on this version of workerd from npm, or on this binary.",
        rich_help_panel=_EXECUTION,
    ),
]
CodeUpdateMode = Annotated[
    str | None,
    typer.Option(
        "--code-update",
        metavar="MODE",
        help="How objects on Cloudflare get new code: immediate, deferred or deferred:SECONDS.",
        rich_help_panel=_TARGET,
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, help="Maximum number of concurrent plays (default: 500).", rich_help_panel=_EXECUTION
    ),
]
Times = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="Run each scenario N times; a claim holds only if it held every time.",
        rich_help_panel=_EXECUTION,
    ),
]
TokenEnv = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Environment variable with the token for the address.", rich_help_panel=_TARGET),
]
HeaderEnv = Annotated[
    list[str] | None,
    typer.Option(
        metavar="HEADER=NAME", help="Send a header with the value of an environment variable.", rich_help_panel=_TARGET
    ),
]
_RESULTS = "The folder that holds the run folders (default: results)."
Results = Annotated[Path | None, typer.Option(metavar="FOLDER", help=_RESULTS)]
ResultsOut = Annotated[Path | None, typer.Option("--results", metavar="FOLDER", help=_RESULTS, rich_help_panel=_OUTPUT)]
Json = Annotated[bool, typer.Option("--json", help="Print run.json and nothing else.", rich_help_panel=_OUTPUT)]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print one line.", rich_help_panel=_OUTPUT)]
AllowUnknown = Annotated[
    bool, typer.Option("--allow-unknown", help="Exit with 0 even if a claim is unknown.", rich_help_panel=_OUTPUT)
]
Run = Annotated[
    Path | None, typer.Argument(metavar="RUN", help="A run folder (default: the latest).", autocompletion=run_names)
]
