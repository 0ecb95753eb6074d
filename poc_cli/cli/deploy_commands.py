"""The commands about deployments and prerequisites: `deploy`, `status`, `destroy` and `doctor`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from poc_cli.cli.app import app, results_folder
from poc_cli.cli.options import CodeUpdateMode, Results
from poc_cli.commands.console import Console
from poc_cli.commands.help import GroupedCommand, Panel, examples
from poc_cli.errors import UsageError


@app.command(
    "deploy",
    cls=GroupedCommand,
    rich_help_panel=Panel.PLACES,
    epilog=examples(
        ("poc deploy", "the shipped worker, under a new name, until poc destroy"),
        ("poc deploy --worker ../my-worker --name try-out", "a copy of yours, without its routes"),
    ),
)
def _deploy(
    *,
    target: Annotated[Literal["cloudflare"], typer.Option(help="Where to deploy.")] = "cloudflare",
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The Worker's name (default: poc- and 12 digits).")
    ] = None,
    worker: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="A wrangler project to deploy instead of the shipped worker.")
    ] = None,
    config: Annotated[
        str | None, typer.Option(metavar="FILE", help="Its wrangler configuration, relative to its folder.")
    ] = None,
    env: Annotated[str | None, typer.Option(metavar="ENV", help="An environment of that project.")] = None,
    main: Annotated[
        str | None, typer.Option(metavar="FILE", help="Its entry point, for a configuration that names none.")
    ] = None,
    secrets: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its secrets: a JSON object of names and values.")
    ] = None,
    compat_date: Annotated[
        str | None, typer.Option(metavar="DATE", help="Deploy with this compatibility date.")
    ] = None,
    code_update: CodeUpdateMode = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a Worker that poc did not deploy; bind the project's databases.")
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print only the result.")] = False,
) -> None:
    """Deploy a worker to your Cloudflare account and keep it."""
    from poc_cli.commands.deploy import DeployOptions, deploy
    from poc_cli.config import WorkerFlags
    from poc_cli.targets.cloudflare.code_update import IMMEDIATE
    from poc_cli.targets.cloudflare.code_update import code_update as parsed
    from poc_cli.targets.compatibility import checked

    del target  # there is one
    dates = checked([] if compat_date is None else [compat_date])
    if worker is None and config is None and (env is not None or main is not None):
        option = "--main" if env is None else "--env"
        raise UsageError(f"{option} is for a project of your own, and none is named", "name it with --worker FOLDER")
    flags = WorkerFlags(worker, () if config is None else (config,), () if env is None else (env,), main)
    update = IMMEDIATE if code_update is None else parsed(code_update)
    wanted = DeployOptions(name, flags.choice, dates[0] if dates else None, secrets, force, update)
    deploy(wanted, Console(quiet=quiet))


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
        ("poc destroy --all", "everything that poc has deployed"),
    ),
)
def _destroy(
    *,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Names (poc status).")] = None,
    every: Annotated[bool, typer.Option("--all", help="Everything that poc has deployed.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Even if poc did not deploy it.")] = False,
) -> None:
    """Remove what poc has deployed, with its objects and secrets."""
    from poc_cli.commands.destroy import destroy

    destroy(names or [], Console(), everything=every, force=force)


@app.command("doctor", cls=GroupedCommand, rich_help_panel=Panel.PLACES)
def _doctor(results: Results = None) -> None:
    """Check prerequisites and say how to fix what is missing."""
    from poc_cli.commands.doctor import doctor

    lines, code = doctor(results_folder(results))
    Console().result(lines)
    raise typer.Exit(code)
