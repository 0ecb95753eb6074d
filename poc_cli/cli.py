"""The command line: parses, calls, and ends with an exit code.

Never holds logic of its own; each command has a file in `commands`.
"""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from poc_cli import __version__
from poc_cli.commands.console import Console, abandon
from poc_cli.commands.helping import GroupedCommand, GroupedCommands, examples
from poc_cli.errors import PocError
from poc_cli.status import MEANINGS, ExitCode

_CODES = "\n".join(f"{code.value:>5}  {meaning}" for code, meaning in MEANINGS.items())

_EXAMPLES = examples(
    ("poc run hibernate", "sleep by the runtime's own timer (11 s)"),
    ("poc run --all", "every scenario"),
    ("poc run hibernate --worker ../my-worker", "against a worker of yours"),
    ("poc report --format md", "the latest run, for a pull request"),
)

app = typer.Typer(
    cls=GroupedCommands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"Exit codes:\n{_CODES}\n\n{_EXAMPLES}",
)


class Sleep(StrEnum):
    """How objects are brought to sleep."""

    idle = "idle"
    evict = "evict"


class Format(StrEnum):
    """The forms of a report."""

    text = "text"
    md = "md"
    html = "html"
    json = "json"
    junit = "junit"
    github = "github"


_RESULTS = "The folder that holds the run folders; results unless said."

_FORMS = f"{', '.join(list(Format)[:-1])} or {list(Format)[-1]}"
_WORKER = "A worker to be tested instead of ours: a folder with a wrangler configuration or a local.capnp."

Results = Annotated[Path | None, typer.Option(metavar="FOLDER", help=_RESULTS)]
Run = Annotated[Path | None, typer.Argument(metavar="RUN", help="A run folder; the latest unless said.")]

_WHAT = "What is played"
_HOW = "How it is played"
_TOLD = "What is told"


def _names(incomplete: str) -> list[str]:
    from poc_cli.commands.complete import scenarios

    return scenarios(incomplete)


def _results(results: Path | None) -> Path:
    from poc_cli.config import Flags, settings

    return settings(Flags(results=results)).results


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's way of calling
    if wanted:
        typer.echo(f"poc {__version__}")
        raise typer.Exit


@app.callback()
def _poc(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,  # noqa: FBT002
) -> None:
    """Prove what hibernating WebSockets on Durable Objects keep and lose."""


@app.command(
    "run",
    cls=GroupedCommand,
    rich_help_panel="Run",
    epilog=examples(
        ("poc run hibernate", "one shipped scenario; poc list has them all"),
        ("poc run hibernate --sleep evict", "the same in a second, by eviction"),
        ("poc run my-room.toml --worker ../my-worker", "your scenario, your worker"),
        ("poc run ./scenarios/ -v", "all files of a folder, told step by step"),
        ("poc run --all --compat-date 2025-06-01", "everything, on an older compatibility date"),
    ),
)
def _run(  # noqa: PLR0913, PLR0917 - the options of the command
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SCENARIO", help="Names (poc list), files, or folders with a slash.", autocompletion=_names
        ),
    ] = None,
    every: Annotated[  # noqa: FBT002
        bool, typer.Option("--all", help="All shipped scenarios but the slow ones.", rich_help_panel=_WHAT)
    ] = False,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Shipped scenarios with this tag.", rich_help_panel=_WHAT)
    ] = None,
    worker: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help=_WORKER,
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
    results: Annotated[Path | None, typer.Option(metavar="FOLDER", help=_RESULTS, rich_help_panel=_TOLD)] = None,
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
    from poc_cli.commands.run import Options, run
    from poc_cli.config import Flags, settings
    from poc_cli.target.compatibility import checked

    chosen = settings(Flags(results, worker, None if sleep is None else sleep.value, jobs, tuple(compat_date or ())))
    dates = checked(chosen.compat_dates)
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
        date=dates[0] if len(dates) == 1 else None,
        repeat=repeat,
    )
    console = Console(quiet=quiet or json)
    if len(dates) > 1:
        from poc_cli.commands.dates import run_dates

        raise typer.Exit(run_dates(options, dates, console))
    raise typer.Exit(run(options, console))


@app.command(
    "check",
    cls=GroupedCommand,
    rich_help_panel="Run",
    epilog=examples(
        ("poc check", "the scenarios and gates of poc.toml"),
        ("poc check --sleep evict --repeat 5", "quickly, and five times each"),
        ("poc check -o reports", "report.html, report.md and junit.xml there"),
    ),
)
def _check(  # noqa: PLR0913, PLR0917 - the options of the command
    worker: Annotated[Path | None, typer.Option(metavar="FOLDER", help=_WORKER)] = None,
    sleep: Annotated[Sleep | None, typer.Option(help="Override how objects are brought to sleep.")] = None,
    compat_date: Annotated[str | None, typer.Option(metavar="DATE", help="Run on this compatibility date.")] = None,
    jobs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many plays go on at once; 500 unless said.")
    ] = None,
    repeat: Annotated[
        int, typer.Option(metavar="N", min=1, help="Play each story so often; held is what always held.")
    ] = 1,
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
    from poc_cli.target.compatibility import checked

    dates = checked([] if compat_date is None else [compat_date])
    chosen = settings(Flags(results, worker, None if sleep is None else sleep.value, jobs, tuple(dates)))
    raise typer.Exit(check(chosen, Wanted(repeat, output, worker is not None), Console(quiet=quiet)))


@app.command("list", cls=GroupedCommand, rich_help_panel="Write scenarios")
def _list() -> None:
    """List the shipped scenarios."""
    from poc_cli.commands.listing import listing

    Console().result(listing())


@app.command("show", cls=GroupedCommand, rich_help_panel="Write scenarios")
def _show(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="Its name or its file.", autocompletion=_names)],
) -> None:
    """Tell a scenario as a story."""
    from poc_cli.commands.show import show

    Console().result(show(scenario))


@app.command("lint", cls=GroupedCommand, rich_help_panel="Write scenarios")
def _lint(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="Files, folders, or names.", autocompletion=_names)
    ],
    strict: Annotated[bool, typer.Option("--strict", help="Demand what a shipped scenario must have.")] = False,  # noqa: FBT002
) -> None:
    """Check scenario files; runs none of them."""
    from poc_cli.commands.lint import lint

    lines, code = lint(files, strict=strict)
    Console().result(lines)
    raise typer.Exit(code)


@app.command(
    "init",
    cls=GroupedCommand,
    rich_help_panel="Write scenarios",
    epilog=examples(
        ("poc init", "poc.toml, a first scenario and a workflow, in this folder"),
        ("poc init --worker ../my-app", "with a scenario for that project"),
        ("poc run scenarios/first.toml --worker .", "what to do next"),
    ),
)
def _init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The project.")] = Path(),
    worker: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Make the scenario for this worker, from its files.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,  # noqa: FBT002
    action: Annotated[
        str | None,
        typer.Option(
            metavar="OWNER/REPO@REF", help="Let the workflow use this action instead of installing poc by its version."
        ),
    ] = None,
) -> None:
    """Write poc.toml, a first scenario and a workflow into a project."""
    from poc_cli.commands.init import init

    Console().result(init(folder, action, force=force, worker=worker))


@app.command("doctor", cls=GroupedCommand, rich_help_panel="Where it runs")
def _doctor(results: Results = None) -> None:
    """Say what poc needs, what of it is here, and how to mend the rest."""
    from poc_cli.commands.doctor import doctor

    lines, code = doctor(_results(results))
    Console().result(lines)
    raise typer.Exit(code)


@app.command("judge", cls=GroupedCommand, rich_help_panel="Read evidence")
def _judge(
    run: Run = None,
    results: Results = None,
) -> None:
    """Judge the history of a run again and print its run.json."""
    from poc_cli.commands.evidence import as_json, exit_code, folder_of, judge_folder

    judged = judge_folder(folder_of(run, _results(results)))
    Console().document(as_json(judged))
    raise typer.Exit(exit_code(judged))


@app.command("report", cls=GroupedCommand, rich_help_panel="Read evidence")
def _report(
    run: Run = None,
    form: Annotated[Format, typer.Option("--format", metavar="FORM", help=f"{_FORMS}.")] = Format.text,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="A file to write to instead of stdout; html goes to report.html in the run folder.",
        ),
    ] = None,
    results: Results = None,
) -> None:
    """Tell a run that was recorded."""
    from poc_cli.commands.report import report

    report(run, form.value, output, _results(results), Console())


@app.command(
    "compare",
    cls=GroupedCommand,
    rich_help_panel="Read evidence",
    epilog=examples(
        ("poc compare results/reference/local.json results/latest", "the last run beside the reference"),
        ("poc compare before/run.json after/run.json --json", "for a program"),
    ),
)
def _compare(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="A run folder, a run.json, or a reference.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="The same of the run to be compared with it.")],
    json: Annotated[bool, typer.Option("--json", help="Print the comparison as one document.")] = False,  # noqa: FBT002
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print one line.")] = False,  # noqa: FBT002
    results: Results = None,
) -> None:
    """Say what changed between two runs; exits 1 where a claim got worse."""
    from poc_cli.commands.compare import compare

    raise typer.Exit(compare(before, after, _results(results), Console(quiet=quiet), as_one_document=json))


@app.command("explain", cls=GroupedCommand, rich_help_panel="Read evidence")
def _explain(
    run: Run = None,
    name: Annotated[str | None, typer.Option("--object", metavar="NAME", help="Only the objects of this name.")] = None,
    play: Annotated[
        str | None, typer.Option(metavar="LABEL", help="This play, a control too, as the progress names it.")
    ] = None,
    results: Results = None,
) -> None:
    """Say why an object did not sleep, or when it did, and what to change."""
    from poc_cli.commands.explain import explanation

    Console().result(explanation(run, name, play, _results(results)))


def _fail(error: PocError) -> NoReturn:
    Console().error(f"poc: {error}")
    sys.exit(int(error.exit_code))


def main() -> None:
    """Run the command line; what goes wrong is told in sentences, with an exit code of its own."""
    try:
        app()
    except PocError as error:
        _fail(error)
    except KeyboardInterrupt:
        sys.exit(int(ExitCode.INTERRUPTED))
    except BrokenPipeError:  # typer tells misuse on stderr, and nobody reads that
        abandon(sys.stderr)
        sys.exit(int(ExitCode.USAGE))
    except SystemExit as ended:
        # The help or the version into a pipe that nobody reads: typer ends with 1, which is a refutation here.
        if isinstance(ended.__context__, BrokenPipeError):
            sys.exit(int(ExitCode.HELD))
        raise
