"""The command line: parses, calls, and ends with an exit code.

Never holds logic of its own; each command has a file in `commands`.
"""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from poc_cli import __version__
from poc_cli.commands.console import Console
from poc_cli.errors import PocError
from poc_cli.status import MEANINGS, ExitCode

_CODES = "\n".join(f"{code.value:>3}  {meaning}" for code, meaning in MEANINGS.items())

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"\b\nExit codes:\n{_CODES}",  # a line of \b alone keeps the lines after it as they are
)


class Sleep(StrEnum):
    """How objects are brought to sleep."""

    idle = "idle"
    evict = "evict"


class Format(StrEnum):
    """The forms of a report."""

    text = "text"
    md = "md"
    json = "json"


Results = Annotated[Path, typer.Option(help="The folder that holds the run folders.")]


def _names(incomplete: str) -> list[str]:
    from poc_cli.commands.complete import scenarios

    return scenarios(incomplete)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's way of calling
    if wanted:
        typer.echo(f"poc {__version__}")
        raise typer.Exit


@app.callback()
def _poc(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,  # noqa: FBT002
) -> None:
    """Prove what hibernating WebSockets on Durable Objects keep and lose.

    \b
    poc run hibernate          sleep by the runtime's own timer (11 s)
    poc run --all              every scenario
    poc run hibernate --worker ../my-worker
    poc report --format md     the latest run, for a pull request
    """  # noqa: D301 - click wants the backspace itself


@app.command("run", rich_help_panel="Run")
def _run(  # noqa: PLR0913, PLR0917 - the options of the command
    scenarios: Annotated[
        list[str] | None, typer.Argument(help="Names, files or folders of scenarios.", autocompletion=_names)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All shipped scenarios but the slow ones.")] = False,  # noqa: FBT002
    tag: Annotated[list[str] | None, typer.Option(help="Shipped scenarios with this tag.")] = None,
    worker: Annotated[
        Path | None, typer.Option(help="A folder with a local.capnp, to be tested instead of ours.")
    ] = None,
    sleep: Annotated[Sleep | None, typer.Option(help="Override how objects are brought to sleep.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="How many plays go on at once.")] = 64,
    results: Results = Path("results"),
    json: Annotated[bool, typer.Option("--json", help="Print run.json and nothing else.")] = False,  # noqa: FBT002
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print one line.")] = False,  # noqa: FBT002
    verbose: Annotated[int, typer.Option("-v", "--verbose", count=True, help="Tell the steps; -vv the messages.")] = 0,
    allow_unknown: Annotated[bool, typer.Option("--allow-unknown", help="Exit 0 though a claim is unknown.")] = False,  # noqa: FBT002
) -> None:
    """Play scenarios and judge what happened.

    \b
    poc run hibernate
    poc run hibernate --sleep evict
    poc run my-room.toml --worker ../my-worker
    """  # noqa: D301 - click wants the backspace itself
    from poc_cli.commands.run import Options, run

    options = Options(
        words=scenarios or [],
        everything=every,
        tags=tag or [],
        worker=worker,
        sleep=None if sleep is None else sleep.value,
        jobs=jobs,
        results=results,
        json=json,
        verbosity=verbose,
        allow_unknown=allow_unknown,
    )
    raise typer.Exit(run(options, Console(quiet=quiet or json)))


@app.command("list", rich_help_panel="Write scenarios")
def _list() -> None:
    """List the shipped scenarios."""
    from poc_cli.commands.listing import listing

    Console().result(listing())


@app.command("show", rich_help_panel="Write scenarios")
def _show(
    scenario: Annotated[str, typer.Argument(metavar="NAME|FILE", autocompletion=_names)],
) -> None:
    """Tell a scenario as a story."""
    from poc_cli.commands.show import show

    Console().result(show(scenario))


@app.command("lint", rich_help_panel="Write scenarios")
def _lint(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", autocompletion=_names)],
    strict: Annotated[bool, typer.Option("--strict", help="Demand what a shipped scenario must have.")] = False,  # noqa: FBT002
) -> None:
    """Check scenario files; runs none of them."""
    from poc_cli.commands.lint import lint

    lines, code = lint(files, strict=strict)
    Console().result(lines)
    raise typer.Exit(code)


@app.command("doctor", rich_help_panel="Where it runs")
def _doctor(results: Results = Path("results")) -> None:
    """Say what poc needs, what of it is here, and how to mend the rest."""
    from poc_cli.commands.doctor import doctor

    lines, code = doctor(results)
    Console().result(lines)
    raise typer.Exit(code)


@app.command("judge", rich_help_panel="Read evidence")
def _judge(
    run: Annotated[Path | None, typer.Argument(help="A run folder; the latest unless said.")] = None,
    results: Results = Path("results"),
) -> None:
    """Judge the history of a run again and print its run.json."""
    from poc_cli.commands.evidence import as_json, exit_code, folder_of, judge_folder

    judged = judge_folder(folder_of(run, results))
    Console().document(as_json(judged))
    raise typer.Exit(exit_code(judged))


@app.command("report", rich_help_panel="Read evidence")
def _report(
    run: Annotated[Path | None, typer.Argument(help="A run folder; the latest unless said.")] = None,
    form: Annotated[Format, typer.Option("--format", help="The form of the report.")] = Format.text,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file to write to instead of stdout.")] = None,
    results: Results = Path("results"),
) -> None:
    """Tell a run that was recorded."""
    from poc_cli.commands.report import report

    report(run, form.value, output, results, Console())


def _fail(error: PocError) -> NoReturn:
    sys.stderr.write(f"poc: {error}\n")
    sys.exit(int(error.exit_code))


def main() -> None:
    """Run the command line; what goes wrong is told in sentences, with an exit code of its own."""
    try:
        app()
    except PocError as error:
        _fail(error)
    except KeyboardInterrupt:
        sys.exit(int(ExitCode.INTERRUPTED))
