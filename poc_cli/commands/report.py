"""`poc report`: tells a recorded run in one of its forms.

Never judges anew; it judges the same history with the same judge.
"""

from pathlib import Path

from poc_cli.commands.console import Console
from poc_cli.commands.evidence import as_json, folder_of
from poc_cli.errors import PocError
from poc_cli.history.reader import read
from poc_cli.judge.document import document
from poc_cli.report.markdown import markdown
from poc_cli.report.spans import plain
from poc_cli.report.text import lines
from poc_cli.scenario.catalog import shown


def report(run: Path | None, form: str, output: Path | None, results: Path, console: Console) -> None:
    """Write the report to stdout or to a file. Raises PocError."""
    folder = folder_of(run, results)
    judged = document(read(folder / "history.ndjson"))
    if form == "text" and output is None:
        console.result(lines(judged, shown(folder)))
        return
    if form == "json":
        text = as_json(judged)
    elif form == "md":
        text = markdown(judged)
    else:
        text = "".join(plain(line) + "\n" for line in lines(judged, shown(folder)))
    if output is None:
        console.document(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise PocError(f"cannot write {output}: {error.strerror}", "choose another file by -o") from error
