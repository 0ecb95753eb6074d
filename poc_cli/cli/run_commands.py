"""The commands that play: `run` and `check`.

Never holds logic of its own; each command has a file in `commands`.
"""

from pathlib import Path
from typing import Annotated

import typer

from poc_cli.cli.app import RESULTS, WORKER, Results, Sleep, app, scenario_names
from poc_cli.commands.console import Console
from poc_cli.commands.help import GroupedCommand, Panel, examples

_WHAT = "What is played"
_WHERE = "Where it is played"
_HOW = "How it is played"
_TOLD = "What is told"


@app.command(
    "run",
    cls=GroupedCommand,
    rich_help_panel=Panel.RUN,
    epilog=examples(
        ("poc run hibernate", "one shipped scenario; poc list has them all"),
        ("poc run hibernate --sleep evict", "the same in a second, by eviction"),
        ("poc run my-room.toml --worker ../my-worker", "your scenario, your worker"),
        ("poc run ./scenarios/ -v", "all files of a folder, told step by step"),
        ("poc run stack", "a tRPC chat: Next.js, a browser, sleeping sockets"),
        ("poc run --all --compat-date 2025-06-01", "everything, on an older compatibility date"),
        ("poc run --all --target cloudflare", "on Cloudflare: deployed, played, torn down"),
        ("poc run --all --target local --target cloudflare", "on both, and what differs"),
        ("poc run my-room.toml --target wss://chat.example --token-env CHAT_TOKEN", "on what runs already"),
    ),
)
def _run(  # noqa: PLR0913, PLR0917 - the options of the command
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SCENARIO", help="Names (poc list), files, or folders with a slash.", autocompletion=scenario_names
        ),
    ] = None,
    every: Annotated[  # noqa: FBT002
        bool, typer.Option("--all", help="All shipped scenarios but those tagged slow or stack.", rich_help_panel=_WHAT)
    ] = False,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Shipped scenarios with this tag.", rich_help_panel=_WHAT)
    ] = None,
    worker: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help=WORKER,
            rich_help_panel=_WHAT,
        ),
    ] = None,
    sleep: Annotated[
        Sleep | None, typer.Option(help="Override how objects are brought to sleep.", rich_help_panel=_HOW)
    ] = None,
    compat_date: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DATE", help="Run on this compatibility date; several are compared.", rich_help_panel=_HOW
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TARGET",
            help="Where: local, cloudflare, or a worker's address; several are compared.",
            rich_help_panel=_WHERE,
        ),
    ] = None,
    token_env: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The variable with the token for an address.", rich_help_panel=_WHERE),
    ] = None,
    header_env: Annotated[
        list[str] | None,
        typer.Option(metavar="HEADER=NAME", help="Send a header with what a variable holds.", rich_help_panel=_WHERE),
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option(metavar="URL", help="An app deployed elsewhere, not the one of the file.", rich_help_panel=_WHERE),
    ] = None,
    keep: Annotated[  # noqa: FBT002
        bool, typer.Option("--keep", help="Leave on Cloudflare what was deployed.", rich_help_panel=_WHERE)
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="How many plays go on at once; 500 unless said.", rich_help_panel=_HOW),
    ] = None,
    repeat: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, help="Play each story so often; held is what always held.", rich_help_panel=_HOW
        ),
    ] = 1,
    results: Annotated[Path | None, typer.Option(metavar="FOLDER", help=RESULTS, rich_help_panel=_TOLD)] = None,
    json: Annotated[  # noqa: FBT002
        bool, typer.Option("--json", help="Print run.json and nothing else.", rich_help_panel=_TOLD)
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print one line.", rich_help_panel=_TOLD)] = False,  # noqa: FBT002
    verbose: Annotated[
        int,
        typer.Option(
            "-v",
            "--verbose",
            count=True,
            show_default=False,
            help="Tell the steps; -vv the messages too.",
            rich_help_panel=_TOLD,
        ),
    ] = 0,
    allow_unknown: Annotated[  # noqa: FBT002
        bool, typer.Option("--allow-unknown", help="Exit 0 though a claim is unknown.", rich_help_panel=_TOLD)
    ] = False,
) -> None:
    """Play scenarios and judge what happened."""
    from poc_cli.commands.run import run
    from poc_cli.commands.run_options import Options
    from poc_cli.config import Flags, settings
    from poc_cli.targets.compatibility import checked
    from poc_cli.targets.destination import destination

    dates = tuple(compat_date or ())
    targets = [destination(each) for each in target or ()]
    first = target[0] if target else None
    chosen = settings(Flags(results, worker, None if sleep is None else sleep.value, jobs, dates, first, token_env))
    known = checked(chosen.compat_dates)
    options = Options(
        words=scenarios or [],
        everything=every,
        tags=tag or [],
        worker=chosen.worker,
        worker_rules=worker is not None,
        sleep=chosen.sleep,
        jobs=chosen.jobs,
        results=chosen.results,
        json=json,
        verbosity=verbose,
        allow_unknown=allow_unknown,
        date=known[0] if len(known) == 1 else None,
        repeat=repeat,
        target=chosen.target,
        token_env=chosen.token_env,
        header_env=header_env or (),
        keep=keep,
        origin=origin,
    )
    console = Console(quiet=quiet or json)
    if len(known) > 1:
        from poc_cli.commands.run_matrix import run_dates

        raise typer.Exit(run_dates(options, known, console))
    if len(targets) > 1:
        from poc_cli.commands.run_matrix import run_targets

        raise typer.Exit(run_targets(options, targets, console))
    raise typer.Exit(run(options, console))


@app.command(
    "check",
    cls=GroupedCommand,
    rich_help_panel=Panel.RUN,
    epilog=examples(
        ("poc check", "the scenarios and gates of poc.toml"),
        ("poc check --sleep evict --repeat 5", "quickly, and five times each"),
        ("poc check -o reports", "report.html, report.md and junit.xml there"),
    ),
)
def _check(  # noqa: PLR0913, PLR0917 - the options of the command
    worker: Annotated[Path | None, typer.Option(metavar="FOLDER", help=WORKER)] = None,
    sleep: Annotated[Sleep | None, typer.Option(help="Override how objects are brought to sleep.")] = None,
    compat_date: Annotated[str | None, typer.Option(metavar="DATE", help="Run on this compatibility date.")] = None,
    jobs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many plays go on at once; 500 unless said.")
    ] = None,
    repeat: Annotated[
        int, typer.Option(metavar="N", min=1, help="Play each story so often; held is what always held.")
    ] = 1,
    target: Annotated[
        str | None, typer.Option(metavar="TARGET", help="Where: local, cloudflare, or a worker's address.")
    ] = None,
    token_env: Annotated[
        str | None, typer.Option(metavar="NAME", help="The variable with the token for an address.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FOLDER", help="Where the reports go; the run folder unless said."),
    ] = None,
    results: Results = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print one line.")] = False,  # noqa: FBT002
) -> None:
    """Play what poc.toml names and hold it against its gates, for a CI."""
    from poc_cli.commands.check import Wanted, check
    from poc_cli.config import Flags, settings
    from poc_cli.targets.compatibility import checked

    dates = tuple(checked([] if compat_date is None else [compat_date]))
    chosen = settings(Flags(results, worker, None if sleep is None else sleep.value, jobs, dates, target, token_env))
    raise typer.Exit(check(chosen, Wanted(repeat, output, worker is not None), Console(quiet=quiet)))
