"""The commands about size and price: `load` and `cost`.

Never holds logic of its own; each command has a file in `commands`.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poc_cli.cli.app import RESULTS, WORKER, Results, app, scenario_names
from poc_cli.commands.console import Console
from poc_cli.commands.help import GroupedCommand, Panel, examples
from poc_cli.errors import UsageError

if TYPE_CHECKING:
    from poc_cli.targets.destination import Destination

_SHAPE = "How many, and what they go through"
_WHERE = "Where, and how it is told"


class Asleep(StrEnum):
    """How rooms are brought to sleep."""

    natural = "natural"
    evict = "evict"
    none = "none"


class Storm(StrEnum):
    """How they are woken."""

    all = "all"
    staggered = "staggered"
    broadcast = "broadcast"
    none = "none"


@app.command(
    "load",
    cls=GroupedCommand,
    rich_help_panel=Panel.MANY,
    epilog=examples(
        ("poc load many-sockets", "9,500 sockets in one room, asleep and awake; poc list has the others"),
        ("poc load --sockets 2000 --rooms 50 --ramp 2s", "that with your own numbers"),
        ("poc load --sockets 1000 --storm staggered --rounds 10", "ten sleeps, each with a wake storm"),
        ("poc load chat --chat 30 --for 2m", "30 messages a minute of each client, for two minutes"),
        ("poc load my-load.toml --worker ../my-worker", "your messages, your worker"),
        ("poc load rooms --cluster tcp://127.0.0.1:8786", "shared among the workers of a Dask scheduler"),
    ),
)
def _load(  # noqa: PLR0913, PLR0917 - the options of the command
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="SCENARIO", help="A load (poc list), or a file with [load].", autocompletion=scenario_names
        ),
    ] = None,
    sockets: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many sockets.", rich_help_panel=_SHAPE)
    ] = None,
    rooms: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Over how many objects.", rich_help_panel=_SHAPE)
    ] = None,
    ramp: Annotated[
        str | None, typer.Option(metavar="TIME", help="Open them over this time, as 5s.", rich_help_panel=_SHAPE)
    ] = None,
    idle: Annotated[
        str | None, typer.Option(metavar="TIME", help="Then leave them alone for so long.", rich_help_panel=_SHAPE)
    ] = None,
    chat: Annotated[
        float | None,
        typer.Option(metavar="RATE", min=0.001, help="Messages of each a minute.", rich_help_panel=_SHAPE),
    ] = None,
    churn: Annotated[
        float | None,
        typer.Option(metavar="RATE", min=0.001, help="So many leave and come a second.", rich_help_panel=_SHAPE),
    ] = None,
    lasting: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="How long these two go on.", rich_help_panel=_SHAPE)
    ] = None,
    sleep: Annotated[Asleep | None, typer.Option(help="How rooms fall asleep.", rich_help_panel=_SHAPE)] = None,
    storm: Annotated[
        Storm | None, typer.Option(help="Wake them by all, by one after the other, or by one.", rich_help_panel=_SHAPE)
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Go through all this so often.", rich_help_panel=_SHAPE)
    ] = None,
    worker: Annotated[Path | None, typer.Option(metavar="FOLDER", help=WORKER, rich_help_panel=_WHERE)] = None,
    target: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="On what runs at an address; a load of your own only.", rich_help_panel=_WHERE
        ),
    ] = None,
    token_env: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The variable with the token for it.", rich_help_panel=_WHERE),
    ] = None,
    header_env: Annotated[
        list[str] | None,
        typer.Option(metavar="HEADER=NAME", help="Send a header with what a variable holds.", rich_help_panel=_WHERE),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Share it among the workers of a Dask scheduler.", rich_help_panel=_WHERE),
    ] = None,
    compat_date: Annotated[
        str | None, typer.Option(metavar="DATE", help="Run on this compatibility date.", rich_help_panel=_WHERE)
    ] = None,
    trace: Annotated[  # noqa: FBT002
        bool, typer.Option("--trace", help="Keep the trace; it takes a third of the speed.", rich_help_panel=_WHERE)
    ] = False,
    results: Annotated[Path | None, typer.Option(metavar="FOLDER", help=RESULTS, rich_help_panel=_WHERE)] = None,
    json: Annotated[  # noqa: FBT002
        bool, typer.Option("--json", help="Print run.json and nothing else.", rich_help_panel=_WHERE)
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print one line.", rich_help_panel=_WHERE)] = False,  # noqa: FBT002
    allow_unknown: Annotated[  # noqa: FBT002
        bool, typer.Option("--allow-unknown", help="Exit 0 though a claim is unknown.", rich_help_panel=_WHERE)
    ] = False,
) -> None:
    """Open many sockets, let them sleep and wake, and account for every one."""
    from poc_cli.commands.load import Options, load, seconds_of
    from poc_cli.config import Flags, settings
    from poc_cli.load.plan import Wishes
    from poc_cli.targets.compatibility import checked

    dates = tuple(checked([] if compat_date is None else [compat_date]))
    chosen = settings(Flags(results=results, worker=worker, compat_dates=dates))
    wishes = Wishes(
        sockets=sockets,
        rooms=rooms,
        rounds=rounds,
        ramp=seconds_of("--ramp", ramp),
        idle=seconds_of("--idle", idle),
        sleep=None if sleep is None else sleep.value,
        storm=None if storm is None else storm.value,
        churn=churn,
        chat=chat,
        seconds=seconds_of("--for", lasting),
    )
    options = Options(
        word=scenario,
        wishes=wishes,
        worker=chosen.worker,
        results=chosen.results,
        date=dates[0] if dates else None,
        traced=trace,
        json=json,
        allow_unknown=allow_unknown,
        brought=worker is not None,
        target=_address(target),
        token_env=token_env,
        header_env=header_env or (),
        cluster=cluster,
    )
    raise typer.Exit(load(options, Console(quiet=quiet or json)))


def _address(target: str | None) -> "Destination":
    """Give where a load goes: that of poc.toml is for runs, and nobody sends thousands of sockets by a setting."""
    from poc_cli.targets.destination import CLOUDFLARE, Destination, destination

    meant = Destination() if target is None else destination(target)
    if meant.word == CLOUDFLARE:
        raise UsageError(
            "poc load deploys nothing", "deploy it first (poc deploy), then name its address: --target URL"
        )
    return meant


@app.command(
    "cost",
    cls=GroupedCommand,
    rich_help_panel=Panel.MANY,
    epilog=examples(
        ("poc cost chat", "the month's bill of a shipped profile, with hibernation and without"),
        ("poc cost chat --toml > mine.toml", "a profile to put your own numbers in"),
        ("poc cost mine.toml --from latest", "with the time that an event took in the latest run"),
        ("poc cost --from latest --times 50", "50 rooms all month as busy as those of a run"),
    ),
)
def _cost(  # noqa: PLR0913, PLR0917 - the options of the command
    profile: Annotated[
        str | None,
        typer.Argument(
            metavar="PROFILE", help="A file, or chat, example-1, ... example-4; that of poc.toml unless said."
        ),
    ] = None,
    run: Annotated[Path | None, typer.Option("--from", metavar="RUN", help="Take what this run measured.")] = None,
    times: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="So many rooms like each of the run's; 1 unless said.")
    ] = None,
    toml: Annotated[bool, typer.Option("--toml", help="Print a shipped profile itself.")] = False,  # noqa: FBT002
    json: Annotated[bool, typer.Option("--json", help="Print the bill as one document.")] = False,  # noqa: FBT002
    results: Results = None,
) -> None:
    """Say what a month costs on Cloudflare, with hibernation and without."""
    from poc_cli.commands.cost import Wanted, cost, text_of_profile
    from poc_cli.config import Flags, settings

    if toml:
        if run is not None or times is not None or json:
            raise UsageError("--toml prints a profile and no bill", "leave the other options out")
        Console().document(text_of_profile(profile))
        return
    cost(Wanted(profile, run, times, json), settings(Flags(results=results)), Console(quiet=json))
