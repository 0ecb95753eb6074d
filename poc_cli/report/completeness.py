"""What is missing from a run folder: files, readable lines, or a run.json that matches the history."""

import json
from collections.abc import Iterable, Sequence

from poc_cli.history.event import Event
from poc_cli.judge.document_types import SCHEMA, RunDocument


def missing(
    events: Sequence[Event | None], document: RunDocument, run_json: str | None, files: Iterable[str]
) -> tuple[str, ...]:
    """Return a sentence for each thing that is missing or damaged.

    `run_json` is the text of run.json, None if there is none; `files` are the names in the folder.
    """
    found: list[str] = []
    if document["error"]:
        found.append(f"The record is incomplete: {document['error']}. No claim counts as held.")
    if events and events[-1] is None:
        found.append("The last line of history.ndjson is truncated and was ignored.")
    found += _about_document(document, run_json)
    here = set(files)
    absent = {
        "trace": "The folder trace/ is missing: the runtime's trace of this run is no longer available.",
        "worker.log": "worker.log is missing: the worker's output is no longer available.",
    }
    local = document["target"].get("kind") == "local"
    return (*found, *(sentence for name, sentence in absent.items() if local and name not in here))


def _about_document(document: RunDocument, run_json: str | None) -> list[str]:
    if run_json is None:
        return ["run.json is missing; `poc judge` writes it again. This report was made from the history."]
    try:
        written = json.loads(run_json)
    except (ValueError, RecursionError):
        return ["run.json cannot be read; `poc judge` writes it again. This report was made from the history."]
    schema = written.get("schema") if isinstance(written, dict) else None
    if schema != SCHEMA:
        return [f"run.json has the schema {schema!r}, not {SCHEMA!r}. This report was made from the history."]
    # Through JSON and back, because JSON has no tuples.
    if written == json.loads(json.dumps(document)):
        return []
    differs = "run.json does not match the history: one of them was edited, or another version of poc wrote it."
    return [f"{differs} This report was made from the history."]
