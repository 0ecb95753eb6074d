"""Workers that killed runs have left on the account; the next run reports them and may remove them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from poc_cli.targets.cloudflare import local_records
from poc_cli.targets.cloudflare.account import Account
from poc_cli.targets.cloudflare.marker import is_own_name

ABANDONED_AFTER: Final = timedelta(hours=6)
"""After this time no run, on any machine, can still be using a temporary deployment: a run takes minutes."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A Worker that should have been removed; `age` is None for a half upload, which has no marker."""

    name: str
    age: timedelta | None

    def __str__(self) -> str:
        """Return a description."""
        return f"{self.name}, left by an earlier run{'' if self.age is None else f' {describe_age(self.age)} ago'}"


def leftovers(account: Account) -> list[Leftover]:
    """Return the leftovers, and delete records of removed Workers. Raises TargetError if the API refuses."""
    known = {name: each for name, each in local_records.records().items() if each.account == account.id}
    there = account.scripts()
    for name in set(known) - set(there):
        if not local_records.is_held(name):
            local_records.forget(name)
    # only names that a run may have chosen, because an account may have hundreds of others
    asked = [name for name in there if is_own_name(name) or (name in known and not known[name].kept)]
    marked = {each.name: each.marker for each in account.found(asked)}
    now = datetime.now(UTC)
    found = []
    for name in asked:
        record, marker = known.get(name), marked.get(name)
        if local_records.is_held(name) or (marker is not None and marker.kept):
            continue
        if record is not None and not record.kept:
            found.append(Leftover(name, None if marker is None else now - marker.at))
        elif record is None and marker is not None and now - marker.at > ABANDONED_AFTER:
            found.append(Leftover(name, now - marker.at))
    return found


def offer(account: Account, say: Callable[[str], None], ask: Callable[[str], bool] | None) -> None:
    """Report what earlier runs have left, and remove each if `ask` returns true for it.

    Raises TargetError if the API refuses.
    """
    for each in leftovers(account):
        if ask is not None and ask(f"{each}. Remove it?"):
            account.remove(each.name, lambda _text: None)
            local_records.forget(each.name)
            say(f"removed {each.name}")
        else:
            say(f"{each}: poc destroy {each.name} removes it")


def describe_age(age: timedelta) -> str:
    """Return a duration in its largest unit, for example `3 h`."""
    seconds = max(0, int(age.total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
