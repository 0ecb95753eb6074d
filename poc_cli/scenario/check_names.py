"""The declarations of all checks: their names, their meanings, and how other modules treat them.

A check is declared in one place, above its function in `judge/checks/`. The language is a layer below the judge and
does not import it: `make docs` writes the declarations to checks.json, which is read here, and a test compares the two.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckEntry:
    """The declaration of a check. Only the first three fields are required; the others are off by default."""

    name: str
    meaning: str
    """When it holds, as a sentence for users who choose a check."""
    order: int
    """Its position in the documentation, lowest first."""
    of_load: bool = False
    """Whether it judges load scenarios instead of stories."""
    seen_in_trace: str | None = None
    """What only the runtime's trace shows, as the subject of a sentence. Without a trace, the claim is left out."""
    or_by_sockets: bool = False
    """Whether objects that report the number of their sockets can show it without a trace."""
    has_limit: bool = False
    """Whether it compares the time of each wake with the claim's `limit`, which is required then."""
    limits: Literal["number", "share"] | None = None
    """What the claim's `most` is, which is required then; a number may have a `within` and a `woken_by`."""
    wants_awake: bool = False
    """Whether its object must stay in memory, so that not sleeping is not a failure."""
    about_sleep: bool = False
    """Whether a control in which the object does not sleep refutes it for the intended reason."""
    judges_its_steps: bool = False
    """Whether it judges the steps that name the claim by itself, together with their witnesses."""
    about_messages: bool = False
    """Whether a connection closed in a step of the claim leaves the claim undecided."""
    awaits_answers: bool = False
    """Whether the end of the story waits for replies to messages with a mark at the claim's `by` path."""
    awaits_hearers: bool = False
    """Whether the end of the story waits until every other client has received those messages."""
    plays_sessions: bool = False
    """Whether it needs the story's session to be played with sleeps in its gaps."""
    beyond_state: bool = False
    """Whether module-level state of a worker cannot make it hold, so that it needs no confirmation without it."""


TABLE: Final = Path(__file__).with_name("checks.json")

ENTRIES: Final[Mapping[str, CheckEntry]] = {
    row["name"]: CheckEntry(**row) for row in json.loads(TABLE.read_text(encoding="utf-8"))
}
"""All checks by name, in documentation order."""

MEANINGS: Final = {name: entry.meaning for name, entry in ENTRIES.items() if not entry.of_load}
"""When each check of a story holds."""

LOAD_MEANINGS: Final = {name: entry.meaning for name, entry in ENTRIES.items() if entry.of_load}
"""When each check of a load holds."""

_NO_CHECK: Final = CheckEntry(name="", meaning="", order=0)


def entry_of(check: str | None) -> CheckEntry:
    """Return the entry of a claim's check, or one with everything off if the claim has no check."""
    return ENTRIES.get(check or "", _NO_CHECK)


WOKEN_BY: Final = ("websocket", "fetch", "rpc", "alarm")
"""The kinds of events that `woken_by` may name."""

SLEEP_TRANSPARENT: Final = "sleep-transparent"
NO_SECRET_LEAVES: Final = "no-secret-leaves"  # noqa: S105 - the name of a claim
"""The claim that is judged in every run, in addition to those of the scenarios."""
