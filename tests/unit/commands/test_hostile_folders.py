"""A run folder from somebody else leads what poc writes nowhere else, and keeps it waiting for nothing."""

import os
from pathlib import Path

import pytest

from poc_cli.commands.init import Delivery, init
from poc_cli.commands.report import write
from poc_cli.commands.run_folder import history_of, judge_folder
from poc_cli.errors import PocError
from poc_cli.files import read_whole, write_whole
from tests.unit.judge.performing import hibernate_run


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    file = tmp_path / "victim"
    file.write_text("mine")
    return file


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    folder = tmp_path / "evil"
    folder.mkdir()
    (folder / "history.ndjson").write_text(hibernate_run().text())
    return folder


def test_judging_follows_no_link(evil: Path, victim: Path) -> None:
    (evil / "run.json").symlink_to(victim)
    assert judge_folder(evil)["verdict"] == "held"
    assert victim.read_text() == "mine"
    assert not (evil / "run.json").is_symlink()
    assert sorted(file.name for file in evil.iterdir()) == ["history.ndjson", "run.json"]


@pytest.mark.parametrize("dangling", [True, False])
def test_a_report_follows_no_link(evil: Path, victim: Path, dangling: bool) -> None:  # noqa: FBT001 - a table
    target = victim.with_name("new") if dangling else victim
    (evil / "report.html").symlink_to(target)
    write(evil / "report.html", "<html>")
    assert victim.read_text() == "mine"
    assert not victim.with_name("new").exists()
    assert (evil / "report.html").read_text() == "<html>"


def test_a_link_to_a_device_is_replaced(evil: Path) -> None:
    (evil / "run.json").symlink_to("/dev/full")
    judge_folder(evil)
    assert (evil / "run.json").is_file()


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_a_history_that_is_no_file_is_refused(evil: Path, kind: str) -> None:
    history = evil / "history.ndjson"
    history.unlink()
    if kind == "pipe":
        os.mkfifo(history)
    elif kind == "device":
        history.symlink_to("/dev/zero")
    else:
        history.mkdir()
    with pytest.raises(PocError, match="cannot read"):
        history_of(evil)


def test_a_stream_can_be_written_to(tmp_path: Path) -> None:
    read, written = os.pipe()
    write_whole(Path(f"/dev/fd/{written}"), "text\n")
    os.close(written)
    with os.fdopen(read) as stream:
        assert stream.read() == "text\n"
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "taken", "text")
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]


def test_half_a_character_is_written_as_its_escape(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", "a\ud800b")
    assert read_whole(tmp_path / "file") == b"a\\ud800b"


def test_init_writes_into_no_folder_that_is_a_link(tmp_path: Path) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    elsewhere.mkdir()
    (project / "scenarios").symlink_to(elsewhere)
    with pytest.raises(PocError, match="is a link out of the project"):
        init(project, Delivery(), force=True, worker=None)
    assert list(elsewhere.iterdir()) == []
