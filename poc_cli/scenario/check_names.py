"""The checks as the language knows them: names, meanings, and what the rest of poc must know about each.

A check is declared in one place, above its function in `judge/checks/`. The language is a layer below the judge and
does not import it: `make docs` writes the declarations to checks.json, which is read here, and a test compares the two.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckEntry:
    """The declaration of a check. Only the first three fields are required; the others are off by default."""

    name: str
    meaning: str
    """When it holds, as a sentence for the person who chooses a check."""
    order: int
    """Its place in the documentation, lowest first."""
    of_load: bool = False
    """Whether it judges a load instead of a story."""
    seen_in_trace: str | None = None
    """What only the runtime's trace shows, as the subject of a sentence: the claim is left out where there is none."""
    or_by_sockets: bool = False
    """Whether objects that report the number of their sockets show what `seen_in_trace` says as well."""
    has_limit: bool = False
    """Whether it compares the time of each wake with the claim's `limit`, which is required then."""
    wants_awake: bool = False
    """Whether its object must stay in memory, so that a sleep that does not come is no failure."""
    about_sleep: bool = False
    """Whether a control in which the object did not sleep refutes it for the right reason."""
    judges_its_steps: bool = False
    """Whether it judges the steps that name the claim itself, with their witnesses."""
    about_messages: bool = False
    """Whether a connection that was closed in a step of the claim leaves it undecided."""
    awaits_answers: bool = False
    """Whether the end of the story waits for answers to messages with a mark at the claim's `by`."""
    beyond_state: bool = False
    """Whether no state that a worker keeps in its modules can make it hold, so that it is not confirmed without it."""


TABLE: Final = Path(__file__).with_name("checks.json")

ENTRIES: Final[Mapping[str, CheckEntry]] = {
    row["name"]: CheckEntry(**row) for row in json.loads(TABLE.read_text(encoding="utf-8"))
}
"""All checks by name, in the order of the documentation."""

MEANINGS: Final = {name: entry.meaning for name, entry in ENTRIES.items() if not entry.of_load}
"""When each check of a story holds."""

LOAD_MEANINGS: Final = {name: entry.meaning for name, entry in ENTRIES.items() if entry.of_load}
"""When each check of a load holds."""

_NO_CHECK: Final = CheckEntry(name="", meaning="", order=0)


def entry_of(check: str | None) -> CheckEntry:
    """Return the entry of a claim's check; one with everything off where the claim has none."""
    return ENTRIES.get(check or "", _NO_CHECK)


NO_SECRET_LEAVES: Final = "no-secret-leaves"  # noqa: S105 - the name of a claim
"""The claim that is judged in every run, whatever its scenario claims."""
