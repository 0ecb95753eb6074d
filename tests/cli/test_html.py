"""`poc report --format html` on folders that are whole and on folders that are not: where it goes, and what is said."""

import json
from pathlib import Path

import pytest

from poc_cli.commands.run_folder import as_json
from tests.support.command import Poc
from tests.support.pages import story


@pytest.fixture
def folder(poc: Poc) -> Path:
    """Return the folder of a run that held."""
    history, run = story(), poc.results / "one"
    (run / "trace").mkdir(parents=True)
    (run / "worker.log").touch()
    (run / "history.ndjson").write_text(history.text(), encoding="utf-8")
    (run / "run.json").write_text(as_json(history.judged()), encoding="utf-8")
    return run


def report(poc: Poc, *more: str) -> str:
    """Write the report and give it."""
    ran = poc.run("report", "one", "--format", "html", *more)
    assert (ran.code, ran.out) == (0, "")
    return (poc.results / "one" / "report.html").read_text(encoding="utf-8")


def test_it_goes_into_the_run_folder(poc: Poc, folder: Path) -> None:
    ran = poc.run("report", "one", "--format", "html")
    assert ran.err == "writing results/one/report.html\n"
    assert sorted(path.name for path in folder.iterdir())[1] == "report.html"
    said = report(poc)
    assert "Feasible" in said
    assert "What is missing" not in said


@pytest.mark.usefixtures("folder")
def test_it_goes_where_it_is_asked_to(poc: Poc) -> None:
    assert poc.run("report", "one", "--format", "html", "-o", "there.html").code == 0
    assert (poc.folder / "there.html").is_file()
    assert not (poc.results / "one" / "report.html").exists()


def test_a_history_cut_in_the_middle_of_a_line_gives_a_partial_report(poc: Poc, folder: Path) -> None:
    whole = (folder / "history.ndjson").read_bytes()
    for length in (len(whole) - 20, len(whole) // 2, len(whole) // 3):
        (folder / "history.ndjson").write_bytes(whole[:length])
        said = report(poc)
        assert "What is missing from this record" in said
        assert "Feasible" not in said.partition('id="reading"')[0]


@pytest.mark.parametrize("name", ["run.json", "worker.log"])
def test_a_missing_file_is_said(poc: Poc, folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"{name} is missing" in report(poc)


def test_an_edited_document_is_said_and_not_believed(poc: Poc, folder: Path) -> None:
    document = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    document["verdict"] = "refuted"
    (folder / "run.json").write_text(json.dumps(document), encoding="utf-8")
    said = report(poc)
    assert "one of them was edited" in said
    assert "Not feasible" not in said


@pytest.mark.parametrize("damage", ["gone", "newer", "nothing"])
def test_a_history_that_cannot_be_read_is_an_error(poc: Poc, folder: Path, damage: str) -> None:
    history = folder / "history.ndjson"
    text = history.read_text(encoding="utf-8").replace("poc.history/1", "poc.history/2")
    history.unlink()
    if damage == "newer":
        history.write_text(text, encoding="utf-8")
    elif damage == "nothing":
        history.mkdir()
    ran = poc.run("report", "one", "--format", "html")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("poc: ")
    assert not (folder / "report.html").exists()


def test_a_place_that_cannot_be_written_is_an_error(poc: Poc, folder: Path) -> None:
    (folder / "report.html").mkdir()
    ran = poc.run("report", "one", "--format", "html")
    assert ran.code == 3
    assert "cannot write" in ran.err
