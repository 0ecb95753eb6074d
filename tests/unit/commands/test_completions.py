"""What the shell offers: names of shipped scenarios first, then folders and scenario files."""

from pathlib import Path

import pytest

from poc_cli.commands import selection
from poc_cli.commands.selection import completions
from poc_cli.errors import PocError
from poc_cli.scenario.catalog import shipped_files


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that the shell is in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names_that_begin_so() -> None:
    assert completions("hib") == ["hibernate"]
    assert set(shipped_files()) <= set(completions(""))
    assert completions("delivery/ech") == ["delivery/echo"]
    assert completions("ech") == ["echo"]
    assert completions("xyz") == []


def test_files_and_folders_that_begin_so(folder: Path) -> None:
    for name in ("zzz-mine.toml", "zzz-mine.txt", ".hidden.toml"):
        (folder / name).touch()
    (folder / "zzz-more").mkdir()
    (folder / "zzz-more" / "room.toml").touch()
    assert completions("zz") == ["zzz-more/", "zzz-mine.toml"]
    assert completions("zzz-more/") == ["zzz-more/room.toml"]
    assert completions("zzz-more/r") == ["zzz-more/room.toml"]
    assert completions(f"{folder}/zzz-mi") == [f"{folder}/zzz-mine.toml"]
    assert completions("./zzz-mi") == ["./zzz-mine.toml"]
    assert ".hidden.toml" not in completions("")
    assert completions(".h") == [".hidden.toml"]
    assert completions("no/where") == []


def test_a_broken_installation_is_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    def broken() -> None:
        raise PocError("no folder")

    monkeypatch.setattr(selection, "shipped_files", broken)
    (folder / "hi.toml").touch()
    assert completions("hi") == ["hi.toml"]
