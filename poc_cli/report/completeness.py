"""What a run folder lacks: files that are gone, lines that cannot be read, a document that says something else."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from poc_cli.history.event import Event
from poc_cli.judge.document_types import SCHEMA


def missing(
    events: Sequence[Event | None], document: dict[str, Any], run_json: str | None, files: Iterable[str]
) -> tuple[str, ...]:
    """Return a sentence for everything that is not as a whole run leaves it.

    `run_json` is the text of run.json, None where there is none; `files` are the names of what the folder holds.
    """
    found: list[str] = []
    if document["error"]:
        found.append(f"The record is not whole: {document['error']}. What was judged of it cannot count as held.")
    if events and events[-1] is None:
        found.append("The last line of history.ndjson is cut off and was left out.")
    found += _about_document(document, run_json)
    here = set(files)
    told = {
        "trace": "The folder trace/ is missing: the runtime's own account of this run cannot be looked at any more.",
        "worker.log": "worker.log is missing: what the worker printed cannot be looked at any more.",
    }
    local = document["target"].get("kind") == "local"
    return (*found, *(sentence for name, sentence in told.items() if local and name not in here))


def _about_document(document: dict[str, Any], run_json: str | None) -> list[str]:
    if run_json is None:
        return ["run.json is missing; `poc judge` writes it again. This report was judged from the history."]
    try:
        written = json.loads(run_json)
    except (ValueError, RecursionError):
        return ["run.json cannot be read; `poc judge` writes it again. This report was judged from the history."]
    schema = written.get("schema") if isinstance(written, dict) else None
    if schema != SCHEMA:
        return [f"run.json is of the schema {schema!r}, not {SCHEMA!r}. This report was judged from the history."]
    # As it comes back from a file: JSON knows no tuples.
    if written == json.loads(json.dumps(document)):
        return []
    differs = "run.json is not what this poc makes of the history: one of the two was edited, or another poc wrote it."
    return [f"{differs} This report was judged from the history."]
