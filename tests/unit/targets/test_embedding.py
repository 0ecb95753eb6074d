"""A worker's declaration reaches its own folder and nothing beyond it."""

from pathlib import Path

import pytest

from poc_cli.errors import TargetError
from poc_cli.targets.worker import subject

DECLARATION = """using Workerd = import "/workerd/workerd.capnp";
const main :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "index.js")],
  durableObjectNamespaces = [(className = "Room", uniqueKey = "k")],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [MORE],
);
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("mine")
    made = tmp_path / "worker"
    made.mkdir()
    (made / "index.js").write_text("export default {}")
    return made


def declare(folder: Path, more: str = "") -> None:
    (folder / "local.capnp").write_text(DECLARATION.replace("MORE", more))


def test_a_worker_of_its_own_files_is_taken(folder: Path) -> None:
    (folder / "inside").symlink_to("index.js")
    declare(folder, '(name = "A", text = embed "inside"), (name = "B", text = "../outside is only a text")')
    assert subject(folder).namespaces == {"Room": "k"}


@pytest.mark.parametrize("written", ["stolen", "s\\x74olen", "s\\164olen"])
def test_a_file_that_a_link_leads_to_is_refused(folder: Path, written: str) -> None:
    (folder / "stolen").symlink_to(folder.parent / "outside" / "secret")
    declare(folder, f'(name = "STOLEN", text = embed "{written}")')
    with pytest.raises(TargetError, match="leads out of the worker's folder"):
        subject(folder)


def test_a_file_in_a_folder_that_a_link_leads_to_is_refused(folder: Path) -> None:
    (folder / "lib").symlink_to(folder.parent / "outside")
    declare(folder, '(name = "STOLEN", text = embed "lib/secret")')
    with pytest.raises(TargetError, match="leads out of the worker's folder"):
        subject(folder)


def test_what_an_imported_declaration_embeds_is_looked_at_too(folder: Path) -> None:
    (folder / "stolen").symlink_to(folder.parent / "outside" / "secret")
    (folder / "more.capnp").write_text('const text :Text = embed "stolen";')
    declare(folder, '(name = "STOLEN", text = import "/more.capnp".text)')
    with pytest.raises(TargetError, match="leads out of the worker's folder"):
        subject(folder)


def test_a_declaration_that_is_elsewhere_is_refused(folder: Path) -> None:
    declare(folder)
    (folder / "local.capnp").rename(folder.parent / "outside" / "local.capnp")
    (folder / "local.capnp").symlink_to(folder.parent / "outside" / "local.capnp")
    with pytest.raises(TargetError, match="leads out of the worker's folder"):
        subject(folder)


@pytest.mark.parametrize("binding", ['service = "disk"', 'service = (name = "disk")'])
def test_the_disk_cannot_be_bound(folder: Path, binding: str) -> None:
    declare(folder, f'(name = "DISK", {binding})')
    with pytest.raises(TargetError, match="binds the service `disk`"):
        subject(folder)


def test_what_it_embeds_lies_beside_it(folder: Path) -> None:
    (folder / "lib").mkdir()
    (folder / "lib" / "stolen").symlink_to(folder.parent / "outside" / "secret")
    (folder / "lib" / "more.capnp").write_text('const text :Text = embed "stolen";')
    declare(folder, '(name = "STOLEN", text = import "lib/more.capnp".text)')
    with pytest.raises(TargetError, match="leads out of the worker's folder"):
        subject(folder)


def test_one_in_a_folder_may_name_what_lies_above(folder: Path) -> None:
    (folder / "stolen").symlink_to(folder.parent / "outside" / "secret")
    (folder / "lib").mkdir()
    (folder / "lib" / "more.capnp").write_text('const text :Text = embed "../stolen";')
    declare(folder, '(name = "STOLEN", text = import "lib/more.capnp".text)')
    with pytest.raises(TargetError, match="leads out of the worker's folder"):
        subject(folder)
