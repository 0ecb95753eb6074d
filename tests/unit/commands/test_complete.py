"""What the shell offers: names of shipped scenarios first, then folders and scenario files."""

from pathlib import Path

import pytest

from poc_cli.commands import complete
from poc_cli.commands.complete import scenarios
from poc_cli.errors import PocError
from poc_cli.scenario.catalog import shipped_files


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that the shell is in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names_that_begin_so() -> None:
    assert scenarios("hib") == ["hibernate"]
    assert set(shipped_files()) <= set(scenarios(""))
    assert scenarios("delivery/ech") == ["delivery/echo"]
    assert scenarios("ech") == ["echo"]
    assert scenarios("xyz") == []


def test_files_and_folders_that_begin_so(folder: Path) -> None:
    for name in ("zzz-mine.toml", "zzz-mine.txt", ".hidden.toml"):
        (folder / name).touch()
    (folder / "zzz-more").mkdir()
    (folder / "zzz-more" / "room.toml").touch()
    assert scenarios("zz") == ["zzz-more/", "zzz-mine.toml"]
    assert scenarios("zzz-more/") == ["zzz-more/room.toml"]
    assert scenarios("zzz-more/r") == ["zzz-more/room.toml"]
    assert scenarios(f"{folder}/zzz-mi") == [f"{folder}/zzz-mine.toml"]
    assert scenarios("./zzz-mi") == ["./zzz-mine.toml"]
    assert ".hidden.toml" not in scenarios("")
    assert scenarios(".h") == [".hidden.toml"]
    assert scenarios("no/where") == []


def test_a_broken_installation_is_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    def broken() -> None:
        raise PocError("no folder")

    monkeypatch.setattr(complete, "shipped_files", broken)
    (folder / "hi.toml").touch()
    assert scenarios("hi") == ["hi.toml"]
