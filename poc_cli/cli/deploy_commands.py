"""The commands about where a worker runs: `deploy`, `status`, `destroy` and `doctor`.

Never holds logic of its own; each command has a file in `commands`.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from poc_cli.cli.app import Results, app, results_folder
from poc_cli.commands.console import Console
from poc_cli.commands.help import GroupedCommand, Panel, examples


class Place(StrEnum):
    """Where a worker can be deployed."""

    cloudflare = "cloudflare"


@app.command(
    "deploy",
    cls=GroupedCommand,
    rich_help_panel=Panel.PLACES,
    epilog=examples(
        ("poc deploy", "our worker, under a name of its own, until poc destroy"),
        ("poc deploy --worker ../my-worker --name try-out", "a copy of yours, without its routes"),
    ),
)
def _deploy(  # noqa: PLR0913, PLR0917 - the options of the command
    target: Annotated[Place, typer.Option(help="Where to.")] = Place.cloudflare,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Its name; poc- and 12 digits unless said.")] = None,
    worker: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="A wrangler project to be deployed instead of our worker.")
    ] = None,
    env: Annotated[str | None, typer.Option(metavar="ENV", help="An environment of that project.")] = None,
    secrets: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its secrets: a JSON object of names and values.")
    ] = None,
    compat_date: Annotated[
        str | None, typer.Option(metavar="DATE", help="Deploy with this compatibility date.")
    ] = None,
    force: Annotated[  # noqa: FBT002
        bool, typer.Option("--force", help="Overwrite a Worker of others; bind a project's own databases.")
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print only the result.")] = False,  # noqa: FBT002
) -> None:
    """Deploy a worker to your Cloudflare account, to stay there."""
    from poc_cli.commands.deploy import Wanted, deploy
    from poc_cli.targets.compatibility import checked

    del target  # there is one
    dates = checked([] if compat_date is None else [compat_date])
    deploy(Wanted(name, worker, env, dates[0] if dates else None, secrets, force), Console(quiet=quiet))


@app.command("status", cls=GroupedCommand, rich_help_panel=Panel.PLACES)
def _status() -> None:
    """List what poc has deployed on your Cloudflare account."""
    from poc_cli.commands.status import status

    status(Console())


@app.command(
    "destroy",
    cls=GroupedCommand,
    rich_help_panel=Panel.PLACES,
    epilog=examples(
        ("poc destroy poc-0123456789ab", "one, with its objects and secrets"),
        ("poc destroy --all", "all that poc has deployed"),
    ),
)
def _destroy(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Names (poc status).")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that poc has deployed.")] = False,  # noqa: FBT002
    force: Annotated[bool, typer.Option("--force", help="Even if poc did not deploy it.")] = False,  # noqa: FBT002
) -> None:
    """Remove what poc has deployed, with its objects and secrets."""
    from poc_cli.commands.destroy import destroy

    destroy(names or [], Console(), everything=every, force=force)


@app.command("doctor", cls=GroupedCommand, rich_help_panel=Panel.PLACES)
def _doctor(results: Results = None) -> None:
    """Say what poc needs, what of it is here, and how to mend the rest."""
    from poc_cli.commands.doctor import doctor

    lines, code = doctor(results_folder(results))
    Console().result(lines)
    raise typer.Exit(code)
