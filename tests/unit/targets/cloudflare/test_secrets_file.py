"""A user's secrets are read from a JSON object, and no error shows one."""

from pathlib import Path

import pytest

from poc_cli.commands.deploy import read
from poc_cli.errors import UsageError


def test_names_and_values(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.write_text('{"KEY": "value"}')
    assert read(file) == {"KEY": "value"}


@pytest.mark.parametrize("text", ['["hidden"]', '{"KEY": 1, "B": "hidden"}', "KEY=hidden"])
def test_anything_else_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "s.json"
    file.write_text(text)
    with pytest.raises(UsageError, match="is not a JSON object") as caught:
        read(file)
    assert "hidden" not in str(caught.value)
    with pytest.raises(UsageError, match="cannot read"):
        read(tmp_path / "none.json")
