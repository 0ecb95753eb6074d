"""Which run is meant, and what is said where there is none."""

from pathlib import Path

import pytest

from poc_cli.commands.run_folder import folder_of
from poc_cli.errors import UsageError


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Return a results folder with one run."""
    run = tmp_path / "results" / "one"
    run.mkdir(parents=True)
    (run / "history.ndjson").touch()
    (run / "run.json").touch()
    (run.parent / "latest").symlink_to("one")
    return run.parent


def test_a_run_by_its_path_its_name_a_file_of_it_or_as_the_latest(results: Path) -> None:
    run = results / "one"
    assert folder_of(None, results) == run
    assert folder_of(run, results) == run
    assert folder_of(Path("one"), results) == run
    assert folder_of(run / "history.ndjson", Path("elsewhere")) == run
    assert folder_of(Path("one/run.json"), results) == run


def test_a_latest_run_that_was_removed_is_told_as_such(results: Path) -> None:
    (results / "latest").unlink()
    (results / "latest").symlink_to("gone")
    with pytest.raises(UsageError, match="latest points to a run that no longer exists"):
        folder_of(None, results)


@pytest.mark.parametrize(
    ("word", "said"),
    [("two", "no run folder two"), ("x" * 300, "File name too long"), ("one/worker.log", "no run folder")],
)
def test_a_run_that_is_not_there(results: Path, word: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        folder_of(Path(word), results)
