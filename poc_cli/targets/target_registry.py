"""All targets, one entry each: its word, its abilities, and what poc does there, which decides what options it has."""

from dataclasses import dataclass
from typing import Final

from poc_cli.scenario.abilities import LOCAL_ABILITIES, Ability


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetEntry:
    """A place where a worker can run. `poc_cli/commands/run_NAME.py` plays on it."""

    name: str
    """The word of `--target`, and the kind of target in records."""

    abilities: frozenset[Ability]
    """What every worker there can do; a run may add to it."""

    starts_runtimes: bool = False
    """Whether poc starts the runtimes, so that it chooses their version and can evict objects."""

    deploys: bool = False
    """Whether poc deploys the worker for the run."""

    given_as: str | None = None
    """What the user gives instead of the word, for `--help`."""

    @property
    def brings_worker(self) -> bool:
        """Whether poc brings the worker, instead of finding one there."""
        return self.starts_runtimes or self.deploys


LOCAL: Final = TargetEntry(name="local", abilities=LOCAL_ABILITIES, starts_runtimes=True)
CLOUDFLARE: Final = TargetEntry(name="cloudflare", abilities=frozenset({"idle"}), deploys=True)
URL: Final = TargetEntry(name="url", abilities=frozenset({"idle"}), given_as="the address of a worker")

TARGETS: Final = {entry.name: entry for entry in (LOCAL, CLOUDFLARE, URL)}
"""All targets by name."""

WORDS: Final = tuple(entry.name for entry in TARGETS.values() if entry.given_as is None)
CHOICES: Final = ", ".join(WORDS) + "".join(f", or {each.given_as}" for each in TARGETS.values() if each.given_as)
"""What `--target` takes, for `--help`."""
