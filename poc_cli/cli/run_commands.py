"""The commands `run` and `check`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from poc_cli.cli.app import app
from poc_cli.cli.options import (
    AllowUnknown,
    CodeUpdateMode,
    CompatDate,
    Configs,
    Envs,
    HeaderEnv,
    Ignore,
    Jobs,
    Json,
    Main,
    OptionPanel,
    Quiet,
    RemoteBinding,
    ResultsOut,
    RunsBuild,
    Runtime,
    Sleep,
    Times,
    TokenEnv,
    WorkerFolder,
    scenario_names,
    tag_names,
)
from poc_cli.commands.console import Console
from poc_cli.commands.help import GroupedCommand, Panel, examples
from poc_cli.errors import UsageError
from poc_cli.run_options import RunOptions
from poc_cli.targets.destination import Destination, destination
from poc_cli.targets.project_options import ProjectOptions
from poc_cli.targets.target_registry import CHOICES

_RUN_EXAMPLES = examples(
    ("poc run hibernate", "one shipped scenario; poc list shows them all"),
    ("poc run hibernate --sleep evict", "the same in one second, by eviction"),
    ("poc run my-room.toml --worker ../my-worker", "your scenario, your worker"),
    ("poc run my-room.toml --config wrangler.prod.jsonc --env staging", "one configuration of it"),
    ("poc run ./scenarios/ -v", "every file of a folder, step by step"),
    ("poc run my-room.toml --sleep evict --watch", "again after each save, while you write"),
    ("poc run stack", "a tRPC chat: Next.js, a browser, sleeping sockets"),
    ("poc run --all --compat-date 2025-06-01", "everything, with an older compatibility date"),
    ("poc run --all --workerd 1.20261023.1 --workerd 1.20261117.1", "on two versions of workerd, and what differs"),
    ("poc run --all --target cloudflare", "on Cloudflare: deploy, run, remove"),
    ("poc run --all --target local --target cloudflare", "on both, and what differs"),
    ("poc run my-room.toml --target wss://chat.example --token-env CHAT_TOKEN", "a worker that is already running"),
)
_CHECK_EXAMPLES = examples(
    ("poc check", "the scenarios and gates of poc.toml"),
    ("poc check --sleep evict --repeat 5", "fast, and five times each"),
    ("poc check -o reports", "writes report.html, report.md and junit.xml there"),
)

_Scenarios = Annotated[
    list[str] | None,
    typer.Argument(metavar="SCENARIO", help="Names (poc list), files or folders.", autocompletion=scenario_names),
]
_All = Annotated[
    bool,
    typer.Option(
        "--all", help="All shipped scenarios except those tagged slow or stack.", rich_help_panel=OptionPanel.SCENARIOS
    ),
]
_LastFailed = Annotated[
    bool,
    typer.Option(
        "--last-failed", help="The scenarios of the latest run that failed.", rich_help_panel=OptionPanel.SCENARIOS
    ),
]
_Only = Annotated[
    str | None,
    typer.Option(
        metavar="STORY",
        help="Play this story alone, without its controls, so no claim that has one holds.",
        rich_help_panel=OptionPanel.SCENARIOS,
    ),
]
_Tags = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TAG",
        help="Shipped scenarios with this tag.",
        rich_help_panel=OptionPanel.SCENARIOS,
        autocompletion=tag_names,
    ),
]
_CompatDates = Annotated[
    list[str] | None,
    typer.Option(
        metavar="DATE",
        help="Run with this compatibility date; repeat it to compare several.",
        rich_help_panel=OptionPanel.EXECUTION,
    ),
]
_Runtimes = Annotated[
    list[str] | None,
    typer.Option(
        "--workerd",
        metavar="VERSION|PATH",
        help="Run on this version of workerd from npm, or on this binary; repeat it to compare several.",
        rich_help_panel=OptionPanel.EXECUTION,
    ),
]
_Target = Annotated[
    str | None,
    typer.Option(metavar="TARGET", help=f"{CHOICES}.", rich_help_panel=OptionPanel.TARGET),
]
_Targets = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TARGET",
        help=f"{CHOICES}; repeat it to compare several.",
        rich_help_panel=OptionPanel.TARGET,
    ),
]
_Origin = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Use the app deployed at this address instead of starting the scenario's own.",
        rich_help_panel=OptionPanel.TARGET,
    ),
]
_Keep = Annotated[
    bool, typer.Option("--keep", help="Do not remove the deployed worker.", rich_help_panel=OptionPanel.TARGET)
]
_Verbose = Annotated[
    int,
    typer.Option(
        "-v",
        "--verbose",
        count=True,
        show_default=False,
        help="Show the steps; -vv shows the messages too.",
        rich_help_panel=OptionPanel.OUTPUT,
    ),
]
_ReportFolder = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FOLDER",
        help="Where to write the reports (default: the run folder).",
        rich_help_panel=OptionPanel.OUTPUT,
    ),
]


_Watch = Annotated[
    bool,
    typer.Option(
        "--watch",
        help="Run again whenever a scenario or a worker's source is saved.",
        rich_help_panel=OptionPanel.EXECUTION,
    ),
]


@app.command("run", cls=GroupedCommand, rich_help_panel=Panel.RUN, epilog=_RUN_EXAMPLES)
def _run(
    *,
    scenarios: _Scenarios = None,
    every: _All = False,
    last_failed: _LastFailed = False,
    only: _Only = None,
    tag: _Tags = None,
    worker: WorkerFolder = None,
    config: Configs = None,
    env: Envs = None,
    main: Main = None,
    build: RunsBuild = False,
    remote_bindings: RemoteBinding = "simulate",
    sleep: Sleep = None,
    ignore: Ignore = None,
    compat_date: _CompatDates = None,
    workerd: _Runtimes = None,
    target: _Targets = None,
    token_env: TokenEnv = None,
    header_env: HeaderEnv = None,
    origin: _Origin = None,
    keep: _Keep = False,
    code_update: CodeUpdateMode = None,
    jobs: Jobs = None,
    repeat: Times = 1,
    watch: _Watch = False,
    results: ResultsOut = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: _Verbose = 0,
    allow_unknown: AllowUnknown = False,
) -> None:
    """Run scenarios and judge what happened."""
    from poc_cli.config import Flags, WorkerFlags, settings

    targets = [destination(each) for each in target or ()]
    first = target[0] if target else None
    under_test = WorkerFlags(worker, config or (), env or (), main)
    options = replace(
        settings(Flags(results, under_test, sleep, jobs, compat_date or (), first, token_env, workerd or ())),
        words=scenarios or (),
        everything=every,
        last_failed=last_failed,
        only=only,
        tags=tag or (),
        ignore=tuple(ignore or ()),
        repeat=repeat,
        header_env=header_env or (),
        origin=origin,
        keep=keep,
        code_update=code_update,
        json=json,
        verbosity=verbose,
        project=ProjectOptions(build, remote_bindings, shows_output=verbose > 0),
        allow_unknown=allow_unknown,
    )
    raise typer.Exit(_played(options, targets, Console(quiet=quiet or json), watch=watch))


def _played(options: RunOptions, targets: Sequence[Destination], console: Console, *, watch: bool) -> int:
    """Play once, on several targets, dates or runtimes, or after each save; return the exit code."""
    if watch:
        if len(targets) > 1:
            raise UsageError("--watch plays on this machine only", "leave it or the other targets out")
        from poc_cli.commands.run_watched import watch as run_watching

        return run_watching(options, console)
    several = [each for each in (options.compat_dates, options.workerds, targets) if len(each) > 1]
    if len(several) > 1:
        message = "--compat-date, --workerd and --target are given several times"
        raise UsageError(message, "compare one thing at a time: give only one of them several times")
    if several:
        from poc_cli.commands.run_matrix import run_dates, run_runtimes, run_targets

        if len(targets) > 1:
            return run_targets(options, targets, console)
        return (run_dates if len(options.compat_dates) > 1 else run_runtimes)(options, console)
    from poc_cli.commands.run import run

    return run(options, console)


@app.command("check", cls=GroupedCommand, rich_help_panel=Panel.RUN, epilog=_CHECK_EXAMPLES)
def _check(
    *,
    worker: WorkerFolder = None,
    config: Configs = None,
    env: Envs = None,
    main: Main = None,
    build: RunsBuild = False,
    remote_bindings: RemoteBinding = "simulate",
    sleep: Sleep = None,
    compat_date: CompatDate = None,
    workerd: Runtime = None,
    jobs: Jobs = None,
    repeat: Times = 1,
    target: _Target = None,
    token_env: TokenEnv = None,
    output: _ReportFolder = None,
    results: ResultsOut = None,
    json: Annotated[
        bool,
        typer.Option("--json", help="Print the gates as JSON and nothing else.", rich_help_panel=OptionPanel.OUTPUT),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Run what poc.toml names and check it against its gates, for CI."""
    from poc_cli.commands.check import check
    from poc_cli.config import Flags, WorkerFlags, settings

    dates = () if compat_date is None else (compat_date,)
    under_test = WorkerFlags(worker, config or (), env or (), main)
    runtimes = () if workerd is None else (workerd,)
    chosen = settings(Flags(results, under_test, sleep, jobs, dates, target, token_env, runtimes))
    project = ProjectOptions(build, remote_bindings)
    options = replace(chosen, repeat=repeat, loads=True, project=project, json=json)
    raise typer.Exit(check(options, output, Console(quiet=quiet or json)))
