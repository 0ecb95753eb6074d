"""The commands about where a worker runs: `doctor`.

Never holds logic of its own; each command has a file in `commands`.
"""

import typer

from poc_cli.cli.app import Results, app, results_folder
from poc_cli.commands.console import Console
from poc_cli.commands.helping import GroupedCommand, Panel


@app.command("doctor", cls=GroupedCommand, rich_help_panel=Panel.PLACES)
def _doctor(results: Results = None) -> None:
    """Say what poc needs, what of it is here, and how to mend the rest."""
    from poc_cli.commands.doctor import doctor

    lines, code = doctor(results_folder(results))
    Console().result(lines)
    raise typer.Exit(code)
