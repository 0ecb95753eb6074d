"""The page on troubleshooting quotes what poc says."""

import re

import pytest

from tests.support.command import ROOT

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")

SOURCES = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "poc_cli").rglob("*.py"))

OURS = {"reason", "message", "the first run takes long"}
"""Heads of tables, and what is not a message."""

QUOTED = [first for first in re.findall(r"^\| ([^|]+?) \|", PAGE, re.MULTILINE) if first not in OURS]


def test_there_are_some() -> None:
    assert len(QUOTED) >= 8


@pytest.mark.parametrize("quoted", QUOTED)
def test_each_message_is_one_of_ours(quoted: str) -> None:
    assert quoted in SOURCES
