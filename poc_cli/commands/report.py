"""`poc report`: tells a recorded run in one of its forms.

Never judges anew; it judges the same history with the same judge.
"""

import gc
from pathlib import Path

from poc_cli.commands.console import Console
from poc_cli.commands.evidence import as_json, folder_of
from poc_cli.errors import PocError
from poc_cli.history.reader import read
from poc_cli.judge.document import document
from poc_cli.report.condition import missing
from poc_cli.report.markdown import markdown
from poc_cli.report.spans import plain
from poc_cli.report.text import lines
from poc_cli.scenario.catalog import shown


def report(run: Path | None, form: str, output: Path | None, results: Path, console: Console) -> None:
    """Write the report to stdout or to a file. Raises PocError."""
    gc.disable()  # a report keeps all that it reads to its end; looking for what is not needed took a sixth of its time
    folder = folder_of(run, results)
    events = read(folder / "history.ndjson")
    judged = document(events)
    if form == "text" and output is None:
        console.result(lines(judged, shown(folder)))
        return
    if form == "html":
        from poc_cli.report.html import html

        text = html(judged, events, missing(events, judged, _run_json(folder), _names(folder)))
        output = output or folder / "report.html"
        console.note(f"writing {shown(output)}")
    elif form == "json":
        text = as_json(judged)
    elif form == "md":
        text = markdown(judged)
    else:
        text = "".join(plain(line) + "\n" for line in lines(judged, shown(folder)))
    if output is None:
        console.document(text)
        return
    try:
        output.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise PocError(f"cannot write {output}: {error.strerror}", "choose another file by -o") from error


def _run_json(folder: Path) -> str | None:
    """Give the text of run.json as far as it is one, None where there is none."""
    try:
        return (folder / "run.json").read_bytes().decode("utf-8", "replace")
    except OSError:
        return None


def _names(folder: Path) -> list[str]:
    """Give the names of what a run folder holds."""
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:
        return []
