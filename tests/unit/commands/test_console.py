"""What the terminal gets of texts that a worker has sent.

Never opens a terminal.
"""

import pytest

from poc_cli.commands.console import Console
from poc_cli.report.spans import span

LINES = ["::error::x", "  ::stop-commands::x", "\u3000::debug::x", "a ##[add-mask]x", "a::b ::c", "held"]


def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], actions: str) -> str:
    monkeypatch.setenv("GITHUB_ACTIONS", actions)
    console = Console()
    console.result([[span(line)] for line in LINES])
    for line in LINES:
        console.note(line)
        console.error(line)
    captured = capsys.readouterr()
    return captured.out + captured.err


def test_no_line_is_a_command_of_github(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for line in told(monkeypatch, capsys, "true").splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
    assert "a::b ::c" in told(monkeypatch, capsys, "true")


def test_elsewhere_the_text_is_as_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert "\n  ::stop-commands::x\n" in told(monkeypatch, capsys, "")
