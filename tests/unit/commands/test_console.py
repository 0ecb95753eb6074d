"""What the terminal gets of texts that a worker has sent."""

import json
import re
from io import StringIO

import pytest

from poc_cli.commands import console as module
from poc_cli.commands.console import Console, hide
from poc_cli.history.redact import Redactor
from poc_cli.report.styled import span

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


HOSTILE = ["bad \x1b]0;owned\x07\x1b[31m red", "a\r::error title=pwn::x", "x\x9b31m", "\u202egnp.exe", "\x00"]


@pytest.mark.parametrize("actions", ["true", ""])
def test_what_is_printed_moves_no_cursor_and_is_no_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], actions: str
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", actions)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    console = Console()
    for text in HOSTILE:
        console.note(f"poc: {text}\n  {text}")
        console.error(f"\tpoc: {text}")
        console.result([[(text, "bold")], [span(text)]])
    captured = capsys.readouterr()
    printed = captured.out + captured.err
    assert all(line.isprintable() for line in printed.split("\n"))
    assert len(printed.split("\n")) == 5 * len(HOSTILE) + 1
    if actions:
        assert not re.search(r"(^|[\r\n])\s*::", printed)


def test_a_document_holds_no_control_character_and_means_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"said": "\x1b[31m\x9b\x7f\u00e4", "lines": "a\nb\tc"}
    Console().document(json.dumps(value, ensure_ascii=False, indent=2))
    printed = capsys.readouterr().out
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", printed)
    assert json.loads(printed) == value


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_hidden", [])


@pytest.mark.usefixtures("hidden")
def test_nothing_that_is_printed_holds_a_known_secret(capsys: pytest.CaptureFixture[str]) -> None:
    key = "sk_live_REALSECRET_0123456789"
    hide(Redactor([("API_KEY", key)]), Console())
    Console().error(f"poc: workerd did not start: bad key {key}")
    Console().note(f"poc: {key}")
    Console().result([[span(f"refuted: {key}", "red")]])
    captured = capsys.readouterr()
    assert key not in captured.out + captured.err
    assert (captured.out + captured.err).count("[secret]") == 3


@pytest.mark.usefixtures("hidden")
def test_secrets_that_are_too_short_are_told_once_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        hide(Redactor([("PIN", "1234567"), ("DOOR", "abc"), ("API_KEY", "sk_live_REALSECRET_0123456789")]), Console())
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "DOOR and PIN: shorter than 8 characters" in told
    assert "1234567" not in told


class Terminal(StringIO):
    """A terminal of forty columns."""

    def isatty(self) -> bool:
        """Return that it is one."""
        return True


def test_a_terminal_breaks_lines_between_words_below_their_text(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    for name, value in {"COLUMNS": "40", "TERM": "xterm", "NO_COLOR": "", "GITHUB_ACTIONS": ""}.items():
        monkeypatch.setenv(name, value)
    command = "    rerun: poc run a-scenario-with-a-long-name.toml --only it"
    Console().result(
        [
            [span("  held      "), span("object left memory when it was evicted", "green")],
            [span(command)],
            [span("short")],
        ]
    )
    lines = re.sub(r"\x1b\[[\d;]*m", "", terminal.getvalue()).split("\n")
    assert lines == [
        "  held      object left memory when it",
        "            was evicted",
        command,
        "short",
        "",
    ]
