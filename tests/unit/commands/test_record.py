"""What `poc record` refuses before it starts, and that it writes all of its files or none."""

import errno
from pathlib import Path

import pytest

from poc_cli.commands import record as command
from poc_cli.commands.record import RecordOptions, write_recording
from poc_cli.errors import PocError, UsageError
from poc_cli.recorder.scenario_text import Written

WRITTEN = Written("text", {"session/ann-1.bin": b"\x00", "session/ann-2.txt": "long"}, ())


@pytest.mark.parametrize("name", ["session.json", "Session.toml", "my session.toml", "1.toml"])
def test_a_name_that_no_scenario_can_have_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the file of a scenario"):
        command._checked_name(RecordOptions(Path(name)))


def test_a_file_is_overwritten_only_by_force(tmp_path: Path) -> None:
    file = tmp_path / "session.toml"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="already exists"):
        command._checked_name(RecordOptions(file))
    assert command._checked_name(RecordOptions(file, force=True)) == "session"


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no program of-nobody"):
        command._checked_name(RecordOptions(tmp_path / "session.toml", command=["of-nobody"]))


def test_all_files_are_written(tmp_path: Path) -> None:
    write_recording(tmp_path / "session.toml", WRITTEN)
    assert (tmp_path / "session.toml").read_text(encoding="utf-8") == "text"
    assert (tmp_path / "session" / "ann-1.bin").read_bytes() == b"\x00"


def test_after_a_full_disk_none_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: Path, _text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(command, "write_whole", full)
    with pytest.raises(PocError, match="No space left on device"):
        write_recording(tmp_path / "session.toml", WRITTEN)
    assert not [*tmp_path.iterdir()]
