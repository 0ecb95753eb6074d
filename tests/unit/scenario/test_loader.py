"""Loading: a whole file becomes a Scenario, and whatever else is in a file becomes a ScenarioError."""

import hashlib
import os
from pathlib import Path

import pytest

from poc_cli.errors import Position, ScenarioError
from poc_cli.scenario.client_tables import texts_of
from poc_cli.scenario.loader import parse, read
from poc_cli.scenario.model import VERBS, Hibernate, On, Resume

TEXT = """\
name = "hibernate"
title = "An idle room sleeps."
object = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}?name=ann", bob = { path = "/room/{play}", headers = { x = "{color}" } } }
vars = { color = "blue" }
steps = [
  { connect = ["ann", "bob"] },
  { on = "ann", send = { op = "who" }, expect = { sockets = 2 }, capture = { before = "instance" } },
  { hibernate = "idle" },
  {
    resume = "bob",                                    # over several lines, as TOML 1.1 allows
    send = { op = "who" }, expect = { sockets = 2, }, where = ["instance != {before}"],
  },
  { on = "ann", send = { op = "get" }, expect = [{ value = "{color}" }, "x"], claim = "storage" },
  { on = "*", quiet = "300ms" },
  { close = "*", code = 1000, within = "1s" },
]

[[claim]]
id = "sleeps"
says = "It sleeps."
check = "sleeps"
of = ["object"]
control = { clients = { ann = "/room/{play}?api=standard" }, expect = "refuted" }

[[claim]]
id = "storage"
says = "Rows come back."
matrix = { row = "SQLite rows", expects = "survives" }

[claim.control]
steps = [
  { connect = "ann" },
  { on = "ann", send = { op = "get" }, expect = { value = "{color}" }, claim = "storage" },
]
"""


def test_a_whole_file() -> None:
    scenario = parse(TEXT, "scenarios/hibernate.toml")
    assert scenario.file == "scenarios/hibernate.toml"
    assert scenario.text == TEXT
    assert scenario.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert [type(placed.step).__name__ for placed in scenario.steps] == [
        "Connect",
        "On",
        "Hibernate",
        "Resume",
        "On",
        "On",
        "Close",
    ]
    assert [placed.position.line for placed in scenario.steps] == [7, 8, 9, 10, 14, 15, 16]
    assert scenario.steps[0].position == Position(7, 3)
    assert texts_of(scenario.document.clients["ann"])["path"] == "/room/{play}?name=ann"
    assert [placed.position.line for placed in scenario.controls["storage"]] == [33, 34]
    step = scenario.steps[3].step
    assert isinstance(step, Resume)
    assert step.where == ["instance != {before}"]
    assert step.within == 5.0


def test_one_object_is_called_object_and_several_have_their_names() -> None:
    assert list(parse(TEXT, "a.toml").objects) == ["object"]
    several = TEXT.replace("object = {", "objects.room = {").replace('["object"]', '["room"]')
    scenario = parse(several, "a.toml")
    assert list(scenario.objects) == ["room"]
    assert scenario.objects["room"].class_ == "Room"


def test_one_name_is_a_list_of_one() -> None:
    steps = [placed.step for placed in parse(TEXT.replace('"idle"', '"idle", of = "object"'), "a.toml").steps]
    assert isinstance(steps[1], On)
    assert steps[1].on == ["ann"]
    assert isinstance(steps[2], Hibernate)
    assert steps[2].of == ["object"]


def test_a_class_with_a_verb_is_all_that_a_new_verb_needs() -> None:
    first_half = {"connect", "on", "resume", "close", "idle", "hibernate", "probe"}
    assert set(VERBS) == first_half | {"kill", "stall", "http", "origin", "alarm", "restart", "repeat"}
    assert all(verb in model.model_fields for verb, model in VERBS.items())


CHECKED = TEXT.replace("\nmatrix = {", '\ncheck = "storage-survives"\nmatrix = {')
"""As a file has to be: a cell of the matrix has a check behind it."""


def test_lines_that_end_in_carriage_returns(tmp_path: Path) -> None:
    file = tmp_path / "windows.toml"
    file.write_bytes(CHECKED.replace("\n", "\r\n").encode())
    scenario = read(file)
    assert scenario.steps[6].position == Position(16, 3)
    with pytest.raises(ScenarioError) as caught:
        parse(scenario.text.replace('"300ms"', '"soon"'), "a.toml")
    assert caught.value.source_line == '  { on = "*", quiet = "soon" },'


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "marked.toml"
    file.write_bytes(b"\xef\xbb\xbf" + CHECKED.encode())
    assert read(file).text == CHECKED


def refusal(file: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        read(file)
    assert caught.value.exit_code == 2
    return str(caught.value).replace(str(file), "FILE")


def test_a_file_that_was_parsed_is_checked_as_a_new_one_when_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "room.toml"
    file.write_text(TEXT, encoding="utf-8")
    parse(TEXT, str(file))
    for _ in range(2):
        with pytest.raises(ScenarioError, match="no check shows"):
            read(file)


def test_what_was_read_is_not_loaded_again(tmp_path: Path) -> None:
    file = tmp_path / "room.toml"
    file.write_text(CHECKED, encoding="utf-8")
    scenario = read(file)
    assert read(file) is scenario
    assert parse(CHECKED, str(file)) is scenario
    assert parse(CHECKED, "other.toml") is not scenario


def test_what_is_no_file(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "FILE: is a folder, not a scenario file\n  name a .toml file in it"
    assert refusal(tmp_path / "none.toml") == "FILE: cannot be read: No such file or directory"
    assert refusal(Path("/dev/zero")) == "FILE: is not a regular file"
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    assert refusal(pipe) == "FILE: is not a regular file"


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret.toml"
    file.write_text(TEXT)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert refusal(file) == "FILE: cannot be read: Permission denied"


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "binary.toml"
    file.write_bytes('a = 1\né = "x\xff'.encode("latin-1"))
    assert refusal(file) == 'FILE:2:1: is not UTF-8 here\n    2 | � = "x�\n        ^\n  save the file as UTF-8'
    file.write_bytes("a = 1\né = ".encode() + b"\xff")
    assert refusal(file).startswith("FILE:2:5: is not UTF-8 here")
    file.write_bytes(b'name = "a\x00\x1b[31m"')
    assert refusal(file) == (
        "FILE:1:10: not valid TOML: Illegal character '\\x00'\n    1 | name = \"a  [31m\"\n                 ^"
    )


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    file = tmp_path / "large.toml"
    file.write_bytes(CHECKED.encode() + b"#" * (1024 * 1024 - len(CHECKED)))
    assert read(file).document.name == "hibernate"
    file.write_bytes(CHECKED.encode() + b"#" * (1024 * 1024 - len(CHECKED) + 1))
    assert refusal(file) == "FILE: is larger than 1 MiB, the limit for a scenario"


@pytest.mark.parametrize("deep", ["[" * 70 + "]" * 70, "[" * 1000, "{a=" * 70 + "1" + "}" * 70, "[" * 500 + "]" * 500])
def test_deep_nesting_is_an_error_and_no_crash(deep: str) -> None:
    with pytest.raises(ScenarioError, match=r"a\.toml:1:\d+: (nested in more than 64|not valid TOML)"):
        parse(f"vars = {{ x = {deep} }}\n" + TEXT.replace("vars =", "#"), "a.toml")


def test_nesting_that_is_deep_enough_for_anyone() -> None:
    deep = "[" * 62 + "]" * 62
    assert parse(TEXT.replace('"blue"', deep), "a.toml").document.vars["color"] is not None


def test_a_key_of_a_thousand_parts_is_an_error() -> None:
    with pytest.raises(ScenarioError, match="nested in more than 64"):
        parse(".".join("a" * 1500) + " = 1", "a.toml")
