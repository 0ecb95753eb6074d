"""The commands that read recorded runs: `judge`, `report`, `compare` and `explain`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poc_cli.cli.app import app, results_folder
from poc_cli.cli.options import Results, Run
from poc_cli.commands.console import Console
from poc_cli.commands.help import GroupedCommand, Panel, examples
from poc_cli.commands.report_formats import FORMATS

if TYPE_CHECKING:
    Format = StrEnum
else:  # typer takes the words of an option from an enum
    Format = StrEnum("Format", {name: name for name in FORMATS})

_NAMES = ", ".join(list(FORMATS)[:-1]) + f" or {list(FORMATS)[-1]}"
_FILES = "; ".join(f"{name} goes to {each.file} in the run folder" for name, each in FORMATS.items() if each.file)


@app.command("judge", cls=GroupedCommand, rich_help_panel=Panel.READ)
def _judge(
    run: Run = None,
    results: Results = None,
) -> None:
    """Judge the history of a run again and print its run.json."""
    from poc_cli.commands.run_folder import as_json, exit_code, folder_of, judge_folder

    judged = judge_folder(folder_of(run, results_folder(results)))
    Console().document(as_json(judged))
    raise typer.Exit(exit_code(judged))


@app.command("report", cls=GroupedCommand, rich_help_panel=Panel.READ)
def _report(
    run: Run = None,
    form: Annotated[Format, typer.Option("--format", metavar="FORM", help=f"{_NAMES}.")] = Format("text"),  # noqa: B008 - a constant
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help=f"Write to this file instead of stdout; {_FILES}.",
        ),
    ] = None,
    results: Results = None,
) -> None:
    """Render a recorded run."""
    from poc_cli.commands.report import report

    report(run, form, output, results_folder(results), Console())


@app.command(
    "compare",
    cls=GroupedCommand,
    rich_help_panel=Panel.READ,
    epilog=examples(
        ("poc compare results/reference/local.json results/latest", "the latest run with the reference"),
        ("poc compare local cloudflare", "the latest run on each target"),
        ("poc compare before/run.json after/run.json --json", "for another program"),
    ),
)
def _compare(
    *,
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="A run folder, a run.json, or a target.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="The run to compare it with, in the same form.")],
    json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print one line.")] = False,
    results: Results = None,
) -> None:
    """Show what changed between two runs; exits with 1 if a claim got worse."""
    from poc_cli.commands.compare import compare

    raise typer.Exit(compare(before, after, results_folder(results), Console(quiet=quiet), as_one_document=json))


@app.command("explain", cls=GroupedCommand, rich_help_panel=Panel.READ)
def _explain(
    run: Run = None,
    name: Annotated[str | None, typer.Option("--object", metavar="NAME", help="Only objects with this name.")] = None,
    play: Annotated[
        str | None, typer.Option(metavar="LABEL", help="Only this play or control, by its label in the progress.")
    ] = None,
    results: Results = None,
) -> None:
    """Explain why an object did not sleep, or when it did, and what to change."""
    from poc_cli.commands.explain import explanation

    Console().result(explanation(run, name, play, results_folder(results)))
