"""The application that the commands are registered with."""

from pathlib import Path
from textwrap import fill
from typing import Annotated

import typer

from poc_cli import __version__
from poc_cli.commands.help import GroupedCommands, examples
from poc_cli.exit_codes import MEANINGS

_CODES = "\n".join(
    fill(meaning, 80, initial_indent=f"{code.value:>5}  ", subsequent_indent=" " * 7)
    for code, meaning in MEANINGS.items()
)

_EXAMPLES = examples(
    ("poc run hibernate", "sleep by the runtime's idle timer (11 s)"),
    ("poc run --all", "every scenario"),
    ("poc run hibernate --worker ../my-worker", "your own worker"),
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


def results_folder(results: Path | None) -> Path:
    """Return the folder of the run folders: the given one, else the configured one. Raises UsageError."""
    from poc_cli.config import Flags, settings

    return settings(Flags(results=results)).results


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer passes it by position
    if wanted:
        typer.echo(f"poc {__version__}")
        raise typer.Exit


@app.callback()
def _poc(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Prove what hibernating WebSockets on Durable Objects keep and lose."""
