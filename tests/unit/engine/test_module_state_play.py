"""Confirmations are remembered for the very same worker and story, and for no other."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from poc_cli.engine.module_state_play import Confirmations, to_confirm
from poc_cli.scenario.loader import parse
from poc_cli.scenario.plays import Play, plays_of
from poc_cli.targets.worker import Worker, subject

if TYPE_CHECKING:
    from poc_cli.engine.target_pool import LocalTargetPool
    from poc_cli.history.writer import HistoryWriter

DECLARATION = """\
using Workerd = import "/workerd/workerd.capnp";
const main :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "index.js")],
  compatibilityDate = "2026-09-01",
  durableObjectNamespaces = [(className = "R", uniqueKey = "r", enableSql = true)],
);
"""
STORY = """\
name = "story"
title = "A story."
object = { class = "R", name = "{play}" }
clients = { ann = "/{play}" }
steps = [{ connect = "ann" }, { hibernate = "idle" }, { resume = "ann", send = "a", expect = "a", claim = "it" }]
[[claim]]
id = "it"
says = "It is so."
"""


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    """Return a worker in a folder that a test may change."""
    folder = tmp_path / "worker"
    folder.mkdir()
    (folder / "local.capnp").write_text(DECLARATION, encoding="utf-8")
    (folder / "index.js").write_text("export class R {}", encoding="utf-8")
    return subject(folder)


def play(text: str = STORY) -> Play:
    return plays_of(parse(text, "story.toml"))[0]


def test_what_was_confirmed_is_known(worker: Worker, tmp_path: Path) -> None:
    confirmations = Confirmations({"workerd": "1"}, tmp_path / "cache")
    assert not confirmations.has(play(), worker)
    confirmations.add(play(), worker)
    assert Confirmations({"workerd": "1"}, tmp_path / "cache").has(play(), worker)


def test_another_worker_is_not(worker: Worker, tmp_path: Path) -> None:
    confirmations = Confirmations({"workerd": "1"}, tmp_path / "cache")
    confirmations.add(play(), worker)
    (worker.folder / "index.js").write_text("export class R { }", encoding="utf-8")
    assert not confirmations.has(play(), worker)


def test_another_story_is_not(worker: Worker, tmp_path: Path) -> None:
    confirmations = Confirmations({"workerd": "1"}, tmp_path / "cache")
    confirmations.add(play(), worker)
    assert not confirmations.has(play(STORY.replace("A story.", "Another.")), worker)


def test_another_runtime_is_not(worker: Worker, tmp_path: Path) -> None:
    Confirmations({"workerd": "1"}, tmp_path / "cache").add(play(), worker)
    assert not Confirmations({"workerd": "2"}, tmp_path / "cache").has(play(), worker)


def test_another_date_is_not(worker: Worker, tmp_path: Path) -> None:
    confirmations = Confirmations({"workerd": "1"}, tmp_path / "cache")
    confirmations.add(play(), worker)
    assert not confirmations.has(play(), subject(worker.folder, "2026-10-01"))


def test_what_cannot_be_read_is_not_known(worker: Worker, tmp_path: Path) -> None:
    (worker.folder / "index.js").unlink()
    (worker.folder / "index.js").symlink_to("nowhere.js")
    confirmations = Confirmations({"workerd": "1"}, tmp_path / "cache")
    confirmations.add(play(), worker)
    assert not confirmations.has(play(), worker)


def test_a_cache_that_cannot_be_written_is_no_error(worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    confirmations = Confirmations({"workerd": "1"}, tmp_path / "cache")
    confirmations.add(play(), worker)
    assert not confirmations.has(play(), worker)


@pytest.mark.parametrize(
    "place", ["node_modules/it/index.js", ".hidden/index.js", ".index.js", "linked/index.js", "sub/../index.js"]
)
def test_a_worker_is_another_where_anything_that_it_embeds_is(worker: Worker, tmp_path: Path, place: str) -> None:
    (worker.folder / "there").mkdir()
    (worker.folder / "sub").mkdir()
    (worker.folder / "linked").symlink_to("there")
    file = worker.folder / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("export class R {}", encoding="utf-8")
    declaration = DECLARATION.replace('embed "index.js"', f'embed "{place}"')
    (worker.folder / "local.capnp").write_text(declaration, encoding="utf-8")
    confirmations = Confirmations({"workerd": "1"}, tmp_path / "cache")
    confirmations.add(play(), worker)
    assert confirmations.has(play(), worker)
    file.write_text("export class R { }", encoding="utf-8")
    assert not confirmations.has(play(), worker)


@pytest.mark.parametrize("place", [".page.html", ".hidden/page.html", "linked/page.html"])
def test_so_it_is_where_a_folder_that_it_names_has_changed(worker: Worker, tmp_path: Path, place: str) -> None:
    (worker.folder / "public").mkdir()
    (worker.folder / "elsewhere").mkdir()
    (worker.folder / "public" / "linked").symlink_to("../elsewhere")
    (worker.folder / "public" / "round").symlink_to("..")
    declaration = DECLARATION + 'const pages :Workerd.Service = (name = "pages", disk = "public");'
    (worker.folder / "local.capnp").write_text(declaration, encoding="utf-8")
    confirmations = Confirmations({"workerd": "1"}, tmp_path / "cache")
    confirmations.add(play(), worker)
    file = worker.folder / "public" / place
    file.parent.mkdir(exist_ok=True)
    file.write_text("hello", encoding="utf-8")
    assert not confirmations.has(play(), worker)


def test_one_that_is_made_of_too_many_files_is_never_known(
    worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poc_cli.targets.worker.MOST_FILES", 1)
    confirmations = Confirmations({"workerd": "1"}, tmp_path / "cache")
    confirmations.add(play(), worker)
    assert not confirmations.has(play(), worker)


def test_a_story_that_ended_in_an_error_is_not_played_again(tmp_path: Path) -> None:
    plays = [replace(play(), label="error"), replace(play(), label="done")]
    pool = SimpleNamespace(worker_of=lambda _: subject, confirmations=SimpleNamespace(has=lambda *_: False))
    subject = SimpleNamespace(folder=tmp_path)
    outcomes = {each.label: each.label for each in plays}
    again = to_confirm(plays, outcomes, cast("LocalTargetPool", pool), cast("HistoryWriter", None), {})
    assert [each.label for each in again] == ["done!modules"]


@pytest.mark.parametrize(
    ("later", "hurried"),
    [
        ('{ on = "ann", send = "b", expect = "b", claim = "it" }', {2}),
        ('{ on = "ann", send = "b", expect = "b", next = true, claim = "it" }', set()),
        ('{ on = "ann", quiet = "200ms", claim = "it" }', set()),
    ],
)
def test_a_step_that_failed_waits_in_full_again_only_if_a_later_step_could_notice(
    tmp_path: Path, later: str, hurried: set[int]
) -> None:
    story = play(STORY.replace('claim = "it" }]', f'claim = "it" }}, {later}]'))
    pool = SimpleNamespace(worker_of=lambda _: subject, confirmations=SimpleNamespace(has=lambda *_: False))
    subject = SimpleNamespace(folder=tmp_path)
    mismatched = {story.label: {2}}
    (again,) = to_confirm(
        [story], {story.label: "done"}, cast("LocalTargetPool", pool), cast("HistoryWriter", None), mismatched
    )
    assert again.hurried == hurried
