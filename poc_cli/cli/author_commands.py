"""The commands for authors of scenarios: `list`, `show`, `lint`, `init` and `record`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from poc_cli.cli.app import app
from poc_cli.cli.options import Configs, Envs, Main, RemoteBinding, RunsBuild, WorkerFolder, scenario_names
from poc_cli.commands.console import Console
from poc_cli.commands.help import GroupedCommand, Panel, examples


@app.command("list", cls=GroupedCommand, rich_help_panel=Panel.WRITE)
def _list() -> None:
    """List the shipped scenarios."""
    from poc_cli.commands.show import listing

    Console().result(listing())


@app.command("show", cls=GroupedCommand, rich_help_panel=Panel.WRITE)
def _show(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A name or a file.", autocompletion=scenario_names)
    ],
) -> None:
    """Describe a scenario in plain English."""
    from poc_cli.commands.show import show

    Console().result(show(scenario))


@app.command("lint", cls=GroupedCommand, rich_help_panel=Panel.WRITE)
def _lint(
    *,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="Files, folders, or names.", autocompletion=scenario_names)
    ],
    strict: Annotated[bool, typer.Option("--strict", help="Also apply the rules for shipped scenarios.")] = False,
) -> None:
    """Check scenario files without running them."""
    from poc_cli.commands.lint import lint

    lines, code = lint(files, strict=strict)
    Console().result(lines)
    raise typer.Exit(code)


@app.command("schema", cls=GroupedCommand, rich_help_panel=Panel.WRITE)
def _schema(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write to this file instead of stdout.")
    ] = None,
) -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from poc_cli.commands.report import write
    from poc_cli.scenario.schema import text

    if output is None:
        Console().document(text())
    else:
        write(output, text())


@app.command(
    "init",
    cls=GroupedCommand,
    rich_help_panel=Panel.WRITE,
    epilog=examples(
        ("poc init", "poc.toml, a first scenario and a workflow for the project in this folder"),
        ("poc init --worker ../my-app", "with a scenario for that project"),
        ("poc run scenarios/first.toml", "what to do next"),
    ),
)
def _init(
    *,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The project.")] = Path(),
    worker: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write the scenario for this worker, by its code (default: the project itself, if it has wrangler's).",
        ),
    ] = None,
    config: Annotated[
        list[str] | None,
        typer.Option("--config", metavar="FILE", help="Its wrangler configuration; repeat it for several workers."),
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option("--env", metavar="ENV", help="The environment of its configuration, or one for each."),
    ] = None,
    main: Annotated[
        str | None, typer.Option(metavar="FILE", help="Its entry point, for a configuration that names none.")
    ] = None,
    stories: Annotated[
        bool, typer.Option("--stories", help="Write scenarios/any-room.toml too: what every room must do.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
    action: Annotated[
        str | None,
        typer.Option(
            metavar="OWNER/REPO@REF", help="Use this GitHub action in the workflow instead of installing the package."
        ),
    ] = None,
    install: Annotated[
        str | None,
        typer.Option(
            metavar="REQUIREMENT",
            help="What pip installs in the workflow, such as git+https://HOST/OWNER/REPO@TAG (default: where this poc"
            " came from).",
        ),
    ] = None,
) -> None:
    """Write poc.toml, a first scenario and a workflow into a project."""
    from poc_cli.commands.init import Delivery, init, requirement
    from poc_cli.config import WorkerFlags

    given = WorkerFlags(worker or (folder if config or env or main else None), config or (), env or (), main)
    wanted = install if install is not None or action is not None else requirement()
    delivery = Delivery(action, wanted)
    Console().result(init(folder, delivery, force=force, worker=given.choice, stories=stories))


@app.command(
    "record",
    cls=GroupedCommand,
    rich_help_panel=Panel.WRITE,
    epilog=examples(
        ("poc record --worker ../my-app", "point your app or your page at the address it prints; Ctrl-C ends it"),
        ("poc record --worker ../my-app -o chat.toml -- node bots.mjs", "a program, with the address in POC_URL"),
        ("poc record --worker ../my-app --page /", "a page of your worker, which opens in your browser"),
        ("poc run session.toml --sleep everywhere", "what to do next"),
    ),
)
def _record(
    *,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- COMMAND", help="A program that uses the worker, and its arguments."),
    ] = None,
    worker: WorkerFolder = None,
    config: Configs = None,
    env: Envs = None,
    main: Main = None,
    build: RunsBuild = False,
    remote_bindings: RemoteBinding = "simulate",
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The scenario to write.")] = Path(
        "session.toml"
    ),
    force: Annotated[bool, typer.Option("--force", help="Overwrite it.")] = False,
    page: Annotated[
        str | None, typer.Option(metavar="PATH", help="Open this page of the worker in your browser, such as /.")
    ] = None,
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="The port to listen on (default: any).")
    ] = 0,
) -> None:
    """Write down what real clients do, as a scenario."""
    from poc_cli.commands.record import RecordOptions, record
    from poc_cli.config import Flags, WorkerFlags, settings
    from poc_cli.targets.project_options import ProjectOptions

    chosen = settings(Flags(worker=WorkerFlags(worker, config or (), env or (), main)))
    options = replace(chosen, project=ProjectOptions(build, remote_bindings))
    raise typer.Exit(record(options, RecordOptions(output, force, port, command or (), page), Console()))
