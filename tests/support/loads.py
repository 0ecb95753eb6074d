"""Small loads for tests: a scenario whose waits are short, and mutant workers to play it on."""

from pathlib import Path

from tests.support import mutants
from tests.support.command import Poc

SMALL = """
name   = "small"
title  = "Forty sockets in one room."
object = { class = "Room", name = "{play}-{room}" }

[load]
sockets = 40
path    = "/room/{play}-{room}?name={i}"
stages  = [
  { ramp = "100ms" },
  { sleep = "evict" },
  { storm = "broadcast", within = "2s" },
]

[[claim]]
id    = "opens"
says  = "All open."
check = "load-opens"

[[claim]]
id    = "sleeps"
says  = "All sleep."
check = "load-sleeps"

[[claim]]
id    = "survive"
says  = "All survive."
check = "load-sockets-survive"

[[claim]]
id    = "whole"
says  = "Nothing is lost."
check = "load-nothing-lost"
"""

HELD = {f"small/{claim}": "held" for claim in ("opens", "sleeps", "survive", "whole")}


def small(poc: Poc, *changes: tuple[str, str]) -> str:
    """Write the scenario into the folder of a test, changed, and give its name for the command line."""
    text = SMALL
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    (poc.folder / "small.toml").write_text(text, encoding="utf-8")
    return "./small.toml"


def mutant(poc: Poc, name: str) -> str:
    """Put a mutant worker into the folder of a test and give its path."""
    return str(mutants.assemble(mutants.source(name), Path(poc.folder) / f"worker-{name}"))
