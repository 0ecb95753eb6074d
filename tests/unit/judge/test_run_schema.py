"""docs/run.schema.json: judged runs fit it, and it is current."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge import document_types
from poc_cli.judge.run_document import document
from poc_cli.record import play_record
from poc_cli.scenario import loader
from poc_cli.scenario.scenario import Scenario
from poc_cli.scenario.toml_source import Source
from tests.support.recorded import names, recorded
from tests.unit.judge import loading
from tests.unit.judge.histories import History, scenario, tale

ROOT: Final = Path(__file__).parents[3]
SCHEMA: Final[Any] = json.loads((ROOT / "docs" / "run.schema.json").read_text(encoding="utf-8"))
VALIDATOR: Final = Draft202012Validator(SCHEMA)


def misfits(judged: Any) -> list[str]:
    """Return what does not fit, as run.json would have it."""
    errors = VALIDATOR.iter_errors(json.loads(json.dumps(judged)))
    unknown = sorted(set(judged) - set(SCHEMA["properties"]))
    return [f"{error.json_path}: {error.message}" for error in errors] + unknown


def test_the_schema_in_the_docs_is_current() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert (ROOT / "docs" / "run.schema.json").read_text(encoding="utf-8") == document_types.text(), "run make docs"


@pytest.mark.parametrize("name", names())
def test_judged_recorded_runs_fit(name: str) -> None:
    assert misfits(document(list(recorded(name)))) == []


def test_the_reference_run_fits() -> None:
    assert misfits(json.loads((ROOT / "results" / "reference" / "local.json").read_text(encoding="utf-8"))) == []


def test_a_judged_load_fits() -> None:
    judged = loading.judged(loading.ramp(), loading.sleep(), loading.storm())
    assert judged["load"]
    assert misfits(judged) == []


def test_a_scenario_that_was_left_out_or_broke_fits() -> None:
    history = History()
    history.left_out("other", "there is no browser")
    assert misfits(history.end().judged()) == []
    assert misfits(tale(scenario("sleeps", ['{ connect = ["ann"] }'])).history.end().judged()) == []
    assert misfits(document([])) == []


@pytest.mark.parametrize(
    "change",
    [{"verdict": "fine"}, {"exit_code": "0"}, {"matrix": [{}]}, {"schema": "poc.run/2"}, {"counts": {"held": 1}}],
)
def test_another_shape_does_not_fit(change: Any) -> None:
    assert misfits(document(list(recorded(names()[0]))) | change) != []


def test_a_scenario_is_parsed_once_for_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []

    def load(source: Source, *, is_new: bool) -> Scenario:
        texts.append(source.text)
        return load_scenario(source, is_new=is_new)

    load_scenario = loader._load
    events = recorded("green-hibernate")
    leaked = Event(len(events), "run", events[-1].t_ns, "log", kinds.LEAKED, None, {"text": "x", "masked": ["KEY"]})
    starts = [event for event in events if event.kind == kinds.PLAY_START]
    monkeypatch.setattr(loader, "_load", load)
    monkeypatch.setattr(loader, "_LOADED", {})
    play_record._plays.cache_clear()
    document([*events[:-1], leaked, Event(leaked.id + 1, "run", leaked.t_ns, "poc", kinds.RUN_END, None, {})])
    assert starts[-1].data["role"] == "control"  # whose worker may be there to leak
    assert len(texts) == len(set(texts)) == len({start.data["text"] for start in starts})
