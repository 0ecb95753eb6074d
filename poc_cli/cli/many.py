"""The commands about size and price: `cost`.

Never holds logic of its own; each command has a file in `commands`.
"""

from pathlib import Path
from typing import Annotated

import typer

from poc_cli.cli.app import Results, app
from poc_cli.commands.console import Console
from poc_cli.commands.helping import GroupedCommand, Panel, examples
from poc_cli.errors import UsageError


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
