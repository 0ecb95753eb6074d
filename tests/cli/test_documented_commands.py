"""The commands of the documentation that need no runtime are run, one after the other, as they are written there."""

import shutil
from pathlib import Path

from tests.support import documented
from tests.support.command import ROOT, Poc
from tests.support.forked import ForkedPoc
from tests.support.recorded import recorded


def test_each_command_is_run_by_a_test_or_listed_with_a_reason() -> None:
    commands = {command for _, command in documented.COMMANDS}
    assert commands == {*documented.QUICK, *documented.LONG, *documented.ELSEWHERE}
    assert not documented.LONG & documented.QUICK.keys()


def test_what_needs_no_runtime_works_as_it_is_written(tmp_path: Path) -> None:
    poc = ForkedPoc(tmp_path / "desk")  # how poc starts is tested elsewhere
    _put_down(poc)
    for command, code in documented.QUICK.items():
        ran = documented.run(poc, command, files=20_000 if "--sockets" in command else None)
        assert ran.code == code, (command, ran.out, ran.err)
    for name in ("mine.toml", "junit.xml"):
        assert (poc.folder / name).stat().st_size > 0


def _put_down(poc: Poc) -> None:
    """Write what the pages take as there: a scenario, the reference and a run."""
    (note,) = (block for block in documented.blocks(ROOT / "docs" / "scenarios.md", "toml") if '"note"' in block)
    (poc.folder / "note.toml").write_text(note, encoding="utf-8")
    reference = Path("results", "reference", "local.json")
    (poc.folder / reference).parent.mkdir(parents=True)
    shutil.copyfile(ROOT / reference, poc.folder / reference)
    folder = poc.results / "20261130T120000Z-hibernate"
    folder.mkdir()
    lines = (event.line() + "\n" for event in recorded("green-hibernate"))
    (folder / "history.ndjson").write_text("".join(lines), encoding="utf-8")
    (poc.results / "latest").symlink_to(folder.name)
    assert poc.run("judge").code == 0
