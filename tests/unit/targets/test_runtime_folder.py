"""Where a runtime's folder may be: short enough for its sockets, and writable."""

import os
import tempfile
from pathlib import Path

import pytest

from poc_cli.errors import TargetError
from poc_cli.targets import runtime_folder
from poc_cli.targets.process import RuntimeFolder
from poc_cli.targets.runtime_folder import FOLDER_NAME, LONGEST_SOCKET_PATH, base, runtime_base
from poc_cli.targets.worker import Worker


@pytest.fixture(autouse=True)
def no_runtime_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave nothing of the machine's own."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


def temporary_is(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


def of_length(root: Path, length: int) -> Path:
    """Make a folder whose path has so many bytes."""
    folder = root
    while (missing := length - len(os.fsencode(folder))) > 0:
        folder /= "x" * min(missing - 1, 200) if missing != 202 else "x" * 100
    folder.mkdir(parents=True)
    assert len(os.fsencode(folder)) == length
    return folder


TMP = Path("/tmp")  # noqa: S108 - what is asked about

ROOM = LONGEST_SOCKET_PATH - len(f"/{FOLDER_NAME}/fence.sock")
"""The longest path that leaves room for a socket in a runtime's folder."""


def test_the_folder_for_temporary_files_is_taken_up_to_the_last_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="poc-") as root:
        folder = of_length(Path(root), ROOM)
        temporary_is(monkeypatch, folder)
        assert base() == folder


def test_a_longer_one_gives_way_to_tmp(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="poc-") as root:
        temporary_is(monkeypatch, of_length(Path(root), ROOM + 1))
        assert base() == TMP


def test_without_tmp_the_runtime_folder_of_the_session_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="poc-") as root:
        temporary_is(monkeypatch, of_length(Path(root), 300))
        monkeypatch.setattr(runtime_folder, "_is_writable", lambda place: place != TMP)
        monkeypatch.setenv("XDG_RUNTIME_DIR", root)
        assert base() == Path(root)


def test_where_there_is_none_it_is_said_which_were_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="poc-") as root:
        folder = of_length(Path(root), 300)
        temporary_is(monkeypatch, folder)
        monkeypatch.setattr(runtime_folder, "_is_writable", lambda place: place == folder)
        with pytest.raises(TargetError) as caught:
            base()
    told = f"{folder} is too long for the path of a unix socket (at most {LONGEST_SOCKET_PATH} bytes)"
    assert caught.value.message == f"no usable folder for temporary files: {told}; /tmp is not writable"
    assert "TMPDIR" in str(caught.value.advice)


def test_a_name_of_a_runtime_s_folder_is_as_long_as_was_reckoned(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="poc-") as root:
        temporary_is(monkeypatch, Path(root))
        place = RuntimeFolder(Worker(Path(root), {"Room": "k"}))
        assert len(place.folder.name) == len(FOLDER_NAME)
        assert place.folder.stat().st_mode & 0o777 == 0o700
        place.remove()
        assert list(Path(root).iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="poc-") as root:
        temporary_is(monkeypatch, Path(root))

        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "write_text", full)
        with pytest.raises(TargetError, match=r"cannot create .*: No space left on device"):
            RuntimeFolder(Worker(Path(root), {"Room": "k"}))
        assert list(Path(root).iterdir()) == []


def in_memory(monkeypatch: pytest.MonkeyPatch, folder: Path, free: int = runtime_folder.ROOM_NEEDED) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(runtime_folder, "IN_MEMORY", folder)
    monkeypatch.setattr(runtime_folder, "_free", lambda _place: free)


def test_a_runtime_has_its_disk_in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    in_memory(monkeypatch, tmp_path)
    assert runtime_base() == tmp_path


def test_not_where_there_is_too_little_room_or_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    in_memory(monkeypatch, tmp_path, runtime_folder.ROOM_NEEDED - 1)
    assert runtime_base() == base()
    in_memory(monkeypatch, tmp_path / "none")
    assert runtime_base() == base()


def test_nor_where_tmpdir_says_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    in_memory(monkeypatch, tmp_path)
    monkeypatch.setenv("TMPDIR", str(TMP))
    assert runtime_base() == base()
