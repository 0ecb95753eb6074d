"""The schema of a history: recorded runs fit it, damaged ones do not, and what comes from it is current."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from poc_cli.commands import generate_docs
from poc_cli.history import event as constants
from poc_cli.history.event import FORMAT, Event
from poc_cli.history.events import KINDS
from poc_cli.record import history_docs
from poc_cli.record.validation import flaw
from tests.support.history_schema import SCHEMA, misfits
from tests.support.recorded import names, recorded

DOCS = Path(generate_docs.__file__).parents[2] / "docs"


def event(kind: str, **data: Any) -> Event:
    return Event(1, "play", 1, "poc", kind, 0, data)


def test_the_schema_in_the_docs_is_current() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert (DOCS / "history.schema.json").read_text(encoding="utf-8") == history_docs.text(), "run make docs"


def test_the_table_in_the_docs_is_current() -> None:
    assert f"\n{history_docs.table()}\n" in (DOCS / "results.md").read_text(encoding="utf-8"), "run make docs"


def test_a_table_is_put_between_its_markers(tmp_path: Path) -> None:
    text = (DOCS / "results.md").read_text(encoding="utf-8")
    (tmp_path / "results.md").write_text(text.replace(history_docs.table(), "| old |"))
    assert tmp_path / "results.md" in generate_docs.write(tmp_path)
    assert (tmp_path / "results.md").read_text(encoding="utf-8") == text


def test_every_kind_of_event_is_declared() -> None:
    kinds = {value for name, value in vars(constants).items() if name.isupper() and isinstance(value, str)}
    assert kinds - {FORMAT} == set(KINDS)


@pytest.mark.parametrize("name", names())
def test_recorded_runs_fit_the_schema(name: str) -> None:
    assert misfits(recorded(name)) == []


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("sent", {"bytes": 3}),
        ("sent", {"text": "abc", "bytes": "3"}),
        ("step_end", {"reason": "no answer"}),
        ("step_end", {"ok": True, "answered": {"ann": {"after_ns": 3}}}),
        ("play_end", {"outcome": "fine", "reason": ""}),
        ("closed", {"by": "server", "clean": True, "said": "", "how": "fin"}),
        ("nothing", {}),
    ],
)
def test_what_is_declared_nowhere_does_not_fit(kind: str, data: dict[str, Any]) -> None:
    assert misfits([event(kind, **data)]) != []


def test_an_older_history_fits() -> None:
    times = {"at_ns": 3, "at_last_event_ns": 1, "at_last_activity_ns": 2}
    old = [
        event("out", how="idle", process=1, ctx=4, **times),
        event("step", verb="on", line=3),
        event("run_start", target={"kind": "local"}),
    ]
    assert misfits(old) == []
    assert [flaw(each) for each in old] == [None, None, None]


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_without_a_field_of_all_histories_is_damaged(kind: str) -> None:
    missing = json.dumps(sorted(KINDS[kind].required))
    assert (flaw(event(kind, text="")) is None) == (missing == "[]" and kind != "sentinel")
