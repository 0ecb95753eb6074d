"""Environment variables and files in a scenario: where they may stand, and what is said where they may not."""

import asyncio
from pathlib import Path

import pytest

from poc_cli.commands.environment_values import variables_of
from poc_cli.engine.payloads import to_send
from poc_cli.engine.step_failure import PlayError
from poc_cli.errors import ScenarioError, UsageError
from poc_cli.scenario.loader import parse, read
from poc_cli.scenario.plays import plays_of

STORY = """
name = "x"
title = "x"
clients = {{ ann = {{ path = "/a?t={{env.TOKEN}}", headers = {{ A = "Bearer {{env.KEY}}" }} }} }}
steps = [ {{ connect = "ann" }}, {{ on = "ann", send = {send}, expect = {expect} }} ]
"""


def story(send: str = '"hi"', expect: str = '"hi"') -> str:
    return STORY.format(send=send, expect=expect)


def test_the_worker_s_own_secrets_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "of the environment")
    scenario = parse(story(), "x.toml")
    assert scenario.variables == {"env.TOKEN", "env.KEY"}
    with pytest.raises(UsageError, match="KEY is not set"):
        variables_of([scenario], [])
    monkeypatch.delenv("TOKEN")
    with pytest.raises(UsageError, match=r"\{env.KEY\} and \{env.TOKEN\}, and KEY and TOKEN are not set"):
        variables_of([scenario], [])
    monkeypatch.setenv("TOKEN", "of the environment")
    found = variables_of([scenario], [("KEY", "of the worker"), ("OTHER", "unused")])
    assert found == {"env.TOKEN": "of the environment", "env.KEY": "of the worker"}


def test_their_values_are_no_part_of_a_play() -> None:
    (play,) = plays_of(parse(story(), "x.toml"))
    assert play.names("n")["env.TOKEN"] == ""


def test_they_cannot_be_expected() -> None:
    with pytest.raises(ScenarioError, match=r"env\.TOKEN"):
        parse(story(expect='{ t = "{env.TOKEN}" }'), "x.toml")


def test_a_file_is_sent_as_its_name_says(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a":1}', encoding="utf-8")
    (tmp_path / "a.bin").write_bytes(b"\xff\x00")
    (tmp_path / "a.txt").write_bytes(b"\xff")
    assert asyncio.run(to_send({"file": "a.json"}, tmp_path)) == '{"a":1}'
    assert asyncio.run(to_send({"file": "a.bin"}, tmp_path)) == b"\xff\x00"
    for name in ("a.txt", "gone.bin"):
        with pytest.raises(PlayError, match=name):
            asyncio.run(to_send({"file": name}, tmp_path))


def test_a_missing_file_is_found_before_anything_runs(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text(story(send='{ file = "gone.bin" }'), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"there is no file .*gone\.bin"):
        read(file)


@pytest.mark.parametrize("path", ['"/etc/passwd"', '"../up.bin"', "7", '""'])
def test_a_file_is_beside_the_scenario(path: str) -> None:
    with pytest.raises(ScenarioError, match="beside the scenario"):
        parse(story(send=f"{{ file = {path} }}"), "x.toml")


def test_a_file_cannot_be_expected() -> None:
    with pytest.raises(ScenarioError, match="can be sent, not expected"):
        parse(story(expect='{ file = "a.bin" }'), "x.toml")
