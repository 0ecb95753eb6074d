"""A target is one entry and one module that plays on it."""

from importlib import import_module

import pytest

from poc_cli.targets.destination import destination
from poc_cli.targets.target_registry import CHOICES, TARGETS, WORDS
from poc_cli.targets.workerd import Workerd


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_has_a_player(name: str) -> None:
    assert callable(import_module(f"poc_cli.commands.run_{name}").play)


def test_words_are_parsed_and_help_lists_them() -> None:
    assert [destination(word).entry.name for word in WORDS] == list(WORDS)
    assert destination("https://chat.example").entry is TARGETS["url"]
    assert CHOICES == "local, cloudflare, or the address of a worker"


def test_the_local_target_is_the_runtime() -> None:
    assert (Workerd.kind, Workerd.abilities) == ("local", TARGETS["local"].abilities)
