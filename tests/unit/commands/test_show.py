"""`poc show`: the story of a scenario by name or file, its headings in bold."""

from pathlib import Path

import pytest

from poc_cli.commands.show import show
from poc_cli.errors import ScenarioError, UsageError
from poc_cli.report.styled import plain
from poc_cli.scenario.describe import tell
from poc_cli.scenario.loader import read


def test_a_shipped_scenario_by_its_name() -> None:
    lines = [plain(line) for line in show("hibernate")]
    assert lines[0].startswith("hibernate (")
    assert lines[0].endswith("scenarios/hibernate.toml)")
    assert "Steps" in lines
    assert "Claim sockets-survive-sleep" in lines


def test_a_file_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\ntitle = "T"\nclients = { a = "/" }\nsteps = [{ connect = "a" }]\n')
    assert [plain(line) for line in show("mine.toml")] == tell(read(Path("mine.toml")))


def test_headings_are_bold_and_nothing_else() -> None:
    styles = {plain(line): [style for _, style in line] for line in show("hibernate")}
    assert styles["Steps"] == ["bold"]
    assert styles["Claim idle-room-sleeps"] == ["bold"]
    assert all(style == [""] for text, style in styles.items() if text.startswith(" "))


def test_a_pattern_shows_several_with_a_line_between() -> None:
    lines = [plain(line) for line in show("re*")]
    firsts = [index for index, line in enumerate(lines) if line.startswith(("resume (", "restart ("))]
    assert len(firsts) == 2
    assert all(index == 0 or lines[index - 1] == "" for index in firsts)


def test_what_is_not_there() -> None:
    with pytest.raises(UsageError, match='no scenario "hibernat"') as caught:
        show("hibernat")
    assert caught.value.advice == 'did you mean "hibernate"?'


def test_a_file_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text("name = 3")
    with pytest.raises(ScenarioError):
        show(str(file))
