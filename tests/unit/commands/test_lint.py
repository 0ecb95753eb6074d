"""`poc lint`: what is right, what is wrong and where, file by file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import poc_cli
from poc_cli.commands.lint import lint
from poc_cli.exit_codes import ExitCode
from poc_cli.report.styled import plain

ENVIRONMENT = {"PYTHONPATH": str(Path(poc_cli.__file__).parent.parent)}

RIGHT = """\
name = "right"
title = "It is right."
object = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}" }
steps = [{ connect = "ann" }]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that the tests are in, with one file that is right."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "right.toml").write_text(RIGHT)
    return tmp_path


def told(*words: str, strict: bool = False) -> tuple[list[str], ExitCode]:
    lines, code = lint(words, strict=strict)
    return [plain(line) for line in lines], code


def test_a_file_that_is_right() -> None:
    assert told("right.toml") == (["right.toml: ok"], ExitCode.HELD)


def test_a_file_that_is_wrong_is_told_with_its_place(folder: Path) -> None:
    (folder / "wrong.toml").write_text(RIGHT.replace('connect = "ann"', 'conect = "ann"'))
    assert told("wrong.toml") == (
        [
            'wrong.toml:5:12: "conect" is not a verb',
            '    5 | steps = [{ conect = "ann" }]',
            "                   ^",
            '  did you mean "connect"?',
        ],
        ExitCode.USAGE,
    )


def test_every_file_is_checked_though_one_is_wrong(folder: Path) -> None:
    (folder / "wrong.toml").write_text("name = 3")
    lines, code = told("wrong.toml", "right.toml", "nobody", "gone.toml")
    assert lines[0].startswith("wrong.toml:1:")
    assert "right.toml: ok" in lines
    assert any('no scenario "nobody"' in line for line in lines)
    assert "gone.toml: cannot be read: No such file or directory" in lines
    assert code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"not toml", "1:5: not valid TOML"),
        (b"\x00\xff\xfe", "1:2: is not UTF-8 here"),
        (RIGHT.replace('"ann" }]', '"bob" }]').encode(), '5:22: there is no client "bob"'),
        (RIGHT.replace("{play}", "{lobby}", 1).encode(), "3:35: {lobby} is not defined here"),
        (RIGHT.replace("/room/{play}", "/room/{pley}").encode(), "4:13: {pley} is not defined here"),
        (RIGHT.encode() + b'[[claim]]\nid = "a"\nsays = "b"\n', '7:6: nothing decides the claim "a"'),
        (b"a = " + b"[" * 5000, "1:"),
        (b"#" * 5_000_000, "is larger than 1 MiB"),
        (b"", '1:1: a scenario needs "'),
    ],
)
def test_junk_gives_one_located_error(content: bytes, place: str, folder: Path) -> None:
    (folder / "junk.toml").write_bytes(content)
    lines, code = told("junk.toml")
    assert lines[0].startswith(("junk.toml:" + place, "junk.toml: " + place))
    assert code == ExitCode.USAGE


def test_a_folder_means_the_files_in_it(folder: Path) -> None:
    (folder / "more").mkdir()
    (folder / "more" / "right.toml").write_text(RIGHT)
    assert told("more/") == (["more/right.toml: ok"], ExitCode.HELD)
    (folder / "more" / "first.toml").write_text("")
    lines, code = told("more/")
    assert lines[0].startswith("more/first.toml:1:1: ")
    assert lines[-1] == "more/right.toml: ok"
    assert code == ExitCode.USAGE
    (folder / "empty.toml").mkdir()
    assert told("./empty.toml")[1] == ExitCode.USAGE


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.toml")
    assert told("pipe.toml") == (["pipe.toml: is not a regular file"], ExitCode.USAGE)


def test_a_bare_word_is_the_name_of_a_shipped_scenario() -> None:
    lines, code = told("hibernate")
    assert [line.endswith("hibernate.toml: ok") for line in lines] == [True]
    assert code == ExitCode.HELD


def test_the_name_of_a_file_is_inert(folder: Path) -> None:
    (folder / "a\x1b[31m.toml").write_text(RIGHT)
    assert told("a\x1b[31m.toml", "b\x1b.toml")[0] == [
        "a\\x1b[31m.toml: ok",
        "b\\x1b.toml: cannot be read: No such file or directory",
    ]


CLAIM = """
[[claim]]
id = "asleep"
says = "It sleeps."
source = "https://example.com"
check = "sleeps"
mutant = "pinned"
"""


def test_strict_demands_more(folder: Path) -> None:
    (folder / "other.toml").write_text(RIGHT + CLAIM)
    assert told("other.toml")[1] == ExitCode.HELD
    lines, code = told("other.toml", strict=True)
    assert lines[0] == 'other.toml:1:8: "right" is not the name of the file, which is "other"'
    assert code == ExitCode.USAGE


def test_strict_looks_for_the_mutants_of_the_project_that_the_file_is_in(folder: Path) -> None:
    (folder / "stories").mkdir()
    (folder / "stories" / "right.toml").write_text(RIGHT + CLAIM)
    assert told("stories/right.toml", strict=True) == (["stories/right.toml: ok"], ExitCode.HELD)
    (folder / "tests" / "mutants").mkdir(parents=True)
    lines, code = told("stories/right.toml", strict=True)
    assert lines[0] == 'stories/right.toml:12:10: there is no mutant "pinned" in tests/mutants'
    assert code == ExitCode.USAGE
    (folder / "tests" / "mutants" / "pinned.ts").write_text("")
    assert told("stories/right.toml", strict=True)[1] == ExitCode.HELD


def test_linting_loads_nothing_that_could_play() -> None:
    program = (
        "import sys; from poc_cli.commands.lint import lint; print(lint(['right.toml'], strict=True)[1]);"
        "print([name for name in sys.modules if name.startswith(('poc_cli.engine', 'poc_cli.targets', 'subprocess'))])"
    )
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, env=ENVIRONMENT)
    assert found.stdout.split("\n") == ["2", "[]", ""]
