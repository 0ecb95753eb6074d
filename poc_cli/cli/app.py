"""The application that all commands belong to, and what their options share.

Never holds a command; those of one panel of the help are in a file each.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from poc_cli import __version__
from poc_cli.commands.help import GroupedCommands, examples
from poc_cli.exit_codes import MEANINGS

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


RESULTS = "The folder that holds the run folders; results unless said."

WORKER = "A worker to be tested instead of ours: a folder with a wrangler configuration or a local.capnp."

Results = Annotated[Path | None, typer.Option(metavar="FOLDER", help=RESULTS)]
Run = Annotated[Path | None, typer.Argument(metavar="RUN", help="A run folder; the latest unless said.")]


def scenario_names(incomplete: str) -> list[str]:
    """Give the names that complete a word."""
    from poc_cli.commands.complete import scenarios

    return scenarios(incomplete)


def results_folder(results: Path | None) -> Path:
    """Give the folder of the run folders: a flag's, else what is configured. Raises UsageError."""
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
