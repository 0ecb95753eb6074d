"""What this machine knows of deployments: readable by the user alone, and given to the right address only."""

import os
import stat
from pathlib import Path

import pytest

from poc_cli.errors import UsageError
from poc_cli.targets.cloudflare import local_records
from poc_cli.targets.cloudflare.local_records import Record


@pytest.fixture(autouse=True)
def _state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


RECORD = Record("a", "acc", "r", kept=True, url="https://a.me.workers.dev", token="secret-token")  # noqa: S106


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    local_records.write(RECORD)
    local_records.write(Record("a", "acc", "r2", kept=False))  # shorter than the one before
    assert local_records.records() == {"a": Record("a", "acc", "r2", kept=False)}
    file = tmp_path / "poc" / "deployments" / "a.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    local_records.forget("a")
    local_records.forget("a")
    assert local_records.records() == {}


@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("https://a.me.workers.dev", True),
        ("wss://a.me.workers.dev/room/x", True),
        ("https://a.me.workers.dev:443", True),
        ("http://a.me.workers.dev", False),
        ("ws://a.me.workers.dev:443", False),
        ("https://a.me.workers.dev:8443", False),
        ("https://a.me.workers.dev.evil.example", False),
        ("https://b.me.workers.dev", False),
    ],
)
def test_the_token_goes_to_its_address_alone(url: str, given: bool) -> None:  # noqa: FBT001 - a parameter of the test
    local_records.write(RECORD)
    assert local_records.token_for(url) == ("secret-token" if given else None)


def test_a_run_that_lives_holds_its_record() -> None:
    local_records.write(RECORD)
    assert not local_records.is_held("a")
    with local_records.held("a"):
        assert local_records.is_held("a")
    assert not local_records.is_held("a")
    assert not local_records.is_held("never")


def test_a_broken_record_is_passed_over(tmp_path: Path) -> None:
    local_records.write(RECORD)
    (tmp_path / "poc" / "deployments" / "b.json").write_text("{")
    (tmp_path / "poc" / "deployments" / "c.json").write_text('{"name": "c"}')
    assert list(local_records.records()) == ["a"]


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a_b", "../a", "a" * 64, "a.b", "a\n"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is not a valid name for a Worker"):
        local_records.checked(name)


def test_names_may_be_as_long_as_a_label() -> None:
    assert local_records.checked("a" * 63)
    assert os.environ["XDG_STATE_HOME"]
