"""The commands about load and cost: `load` and `cost`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from poc_cli.cli.app import app
from poc_cli.cli.options import (
    AllowUnknown,
    CompatDate,
    Configs,
    Envs,
    HeaderEnv,
    Json,
    Main,
    OptionPanel,
    Quiet,
    RemoteBinding,
    Results,
    ResultsOut,
    RunsBuild,
    Runtime,
    TokenEnv,
    WorkerFolder,
    load_names,
)
from poc_cli.commands.console import Console
from poc_cli.commands.help import GroupedCommand, Panel, examples
from poc_cli.errors import UsageError
from poc_cli.targets.project_options import ProjectOptions

if TYPE_CHECKING:
    from poc_cli.targets.destination import Destination

_LOAD_EXAMPLES = examples(
    ("poc load many-sockets", "9,500 sockets in one room, asleep and awake; poc list shows the others"),
    ("poc load --sockets 2000 --rooms 50 --ramp 2s", "the same with your own numbers"),
    ("poc load --sockets 1000 --storm staggered --rounds 10", "ten sleeps, each with a wake storm"),
    ("poc load chat --chat 30 --for 2m", "30 messages per minute and client, for two minutes"),
    ("poc load my-load.toml --worker ../my-worker", "your messages, your worker"),
    ("poc load rooms --cluster tcp://127.0.0.1:8786", "split among the workers of a Dask scheduler"),
)
_COST_EXAMPLES = examples(
    ("poc cost chat", "the monthly bill of a shipped profile, with and without hibernation"),
    ("poc cost chat --toml > mine.toml", "a profile to edit"),
    ("poc cost mine.toml --from latest", "with the time per event measured in the latest run"),
    ("poc cost --from latest --times 50", "50 rooms as busy as those of the run, for a month"),
)

_SHAPE: Final = "Load"

_Scenario = Annotated[
    str | None,
    typer.Argument(
        metavar="SCENARIO", help="A load scenario (poc list) or a file with [load].", autocompletion=load_names
    ),
]
_Sockets = Annotated[int | None, typer.Option(metavar="N", min=1, help="Number of sockets.", rich_help_panel=_SHAPE)]
_Rooms = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Number of objects they connect to.", rich_help_panel=_SHAPE)
]
_Ramp = Annotated[
    str | None, typer.Option(metavar="TIME", help="Open them over this time, such as 5s.", rich_help_panel=_SHAPE)
]
_Idle = Annotated[
    str | None, typer.Option(metavar="TIME", help="Then leave them idle for this time.", rich_help_panel=_SHAPE)
]
_Chat = Annotated[
    float | None,
    typer.Option(metavar="RATE", min=0.001, help="Messages per minute and client.", rich_help_panel=_SHAPE),
]
_Churn = Annotated[
    float | None,
    typer.Option(metavar="RATE", min=0.001, help="Clients replaced per second.", rich_help_panel=_SHAPE),
]
_Duration = Annotated[
    str | None, typer.Option("--for", metavar="TIME", help="Duration of --chat and --churn.", rich_help_panel=_SHAPE)
]
_RoomSleep = Annotated[
    Literal["natural", "evict", "none"] | None,
    typer.Option(metavar="HOW", help="How rooms go to sleep: natural, evict or none.", rich_help_panel=_SHAPE),
]
_Storm = Annotated[
    Literal["all", "staggered", "broadcast", "none"] | None,
    typer.Option(metavar="HOW", help="How they wake: all, staggered, broadcast or none.", rich_help_panel=_SHAPE),
]
_Rounds = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Repeat all of this N times.", rich_help_panel=_SHAPE)
]
_Address = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="The address of a running worker; only for your own load scenarios.",
        rich_help_panel=OptionPanel.TARGET,
    ),
]
_Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Split the load among the workers of this Dask scheduler.",
        rich_help_panel=OptionPanel.EXECUTION,
    ),
]
_Trace = Annotated[
    bool,
    typer.Option(
        "--trace", help="Record the runtime's trace; costs a third of the speed.", rich_help_panel=OptionPanel.EXECUTION
    ),
]


@app.command("load", cls=GroupedCommand, rich_help_panel=Panel.MANY, epilog=_LOAD_EXAMPLES)
def _load(
    *,
    scenario: _Scenario = None,
    sockets: _Sockets = None,
    rooms: _Rooms = None,
    ramp: _Ramp = None,
    idle: _Idle = None,
    chat: _Chat = None,
    churn: _Churn = None,
    lasting: _Duration = None,
    sleep: _RoomSleep = None,
    storm: _Storm = None,
    rounds: _Rounds = None,
    worker: WorkerFolder = None,
    config: Configs = None,
    env: Envs = None,
    main: Main = None,
    build: RunsBuild = False,
    remote_bindings: RemoteBinding = "simulate",
    target: _Address = None,
    token_env: TokenEnv = None,
    header_env: HeaderEnv = None,
    cluster: _Cluster = None,
    compat_date: CompatDate = None,
    workerd: Runtime = None,
    trace: _Trace = False,
    results: ResultsOut = None,
    json: Json = False,
    quiet: Quiet = False,
    allow_unknown: AllowUnknown = False,
) -> None:
    """Open many sockets, let them sleep and wake, and account for every one."""
    from poc_cli.commands.load import LoadOptions, load, seconds_of
    from poc_cli.config import Flags, WorkerFlags, settings
    from poc_cli.load.plan import LoadOverrides

    ramped, idled, lasted = seconds_of("--ramp", ramp), seconds_of("--idle", idle), seconds_of("--for", lasting)
    overrides = LoadOverrides(sockets, rooms, rounds, ramped, idled, sleep, storm, churn, chat, lasted)
    dates = () if compat_date is None else (compat_date,)
    options = replace(
        settings(Flags(results, WorkerFlags(worker, config or (), env or (), main), compat_dates=dates)),
        workerds=() if workerd is None else (workerd,),
        words=() if scenario is None else (scenario,),
        compat_dates=dates,  # those of the configuration are for runs, and so is its target
        target=_address(target),
        token_env=token_env,
        header_env=header_env or (),
        project=ProjectOptions(build, remote_bindings),
        json=json,
        allow_unknown=allow_unknown,
    )
    raise typer.Exit(load(LoadOptions(options, overrides, trace, cluster), Console(quiet=quiet or json)))


def _address(target: str | None) -> "Destination":
    """Return where the load goes: only the command line can send thousands of sockets to an address."""
    from poc_cli.targets.destination import Destination, destination

    given = Destination() if target is None else destination(target)
    if given.entry.deploys:
        raise UsageError(
            "poc load does not deploy", "deploy the worker first (poc deploy), then give its address: --target URL"
        )
    return given


@app.command("cost", cls=GroupedCommand, rich_help_panel=Panel.MANY, epilog=_COST_EXAMPLES)
def _cost(
    *,
    profile: Annotated[
        str | None,
        typer.Argument(
            metavar="PROFILE", help="A file, or chat, example-1, ... example-4 (default: the profile of poc.toml)."
        ),
    ] = None,
    run: Annotated[Path | None, typer.Option("--from", metavar="RUN", help="Use what this run measured.")] = None,
    times: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Rooms like each room of the run (default: 1).")
    ] = None,
    toml: Annotated[bool, typer.Option("--toml", help="Print the shipped profile itself.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the bill as JSON.")] = False,
    results: Results = None,
) -> None:
    """Estimate a month's bill on Cloudflare, with and without hibernation."""
    from poc_cli.commands.cost import CostOptions, cost, text_of_profile
    from poc_cli.config import Flags, settings

    if toml:
        if run is not None or times is not None or json:
            raise UsageError("--toml prints a profile, not a bill", "leave the other options out")
        Console().document(text_of_profile(profile))
        return
    cost(CostOptions(profile, run, times, json), settings(Flags(results=results)), Console(quiet=json))
