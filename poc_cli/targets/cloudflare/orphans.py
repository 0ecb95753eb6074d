"""What killed runs have left on the account: reported before the next run, which may remove it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from poc_cli.targets.cloudflare import local_records
from poc_cli.targets.cloudflare.account import Account
from poc_cli.targets.cloudflare.marker import is_own_name

SURELY_LEFT: Final = timedelta(hours=6)
"""A passing deployment this old is no run's any more, on whatever machine it began: a whole run takes minutes."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """One Worker that was to be removed and was not; `age` is None of half an upload, which tells nothing of itself."""

    name: str
    age: timedelta | None

    def __str__(self) -> str:
        """Return what it is, in words."""
        return (
            f"{self.name}, left on the account by an earlier run{'' if self.age is None else f' {told(self.age)} ago'}"
        )


def leftovers(account: Account) -> list[Leftover]:
    """Return what was left behind, and forget the records of what is gone. Raises TargetError."""
    known = {name: each for name, each in local_records.records().items() if each.account == account.id}
    there = account.scripts()
    for name in set(known) - set(there):
        if not local_records.is_held(name):
            local_records.forget(name)
    # only names that a run may have given: an account may have hundreds of others
    asked = [name for name in there if is_own_name(name) or (name in known and not known[name].kept)]
    marked = {each.name: each.marker for each in account.ours(asked)}
    now = datetime.now(UTC)
    found = []
    for name in asked:
        mine, marker = known.get(name), marked.get(name)
        if local_records.is_held(name) or (marker is not None and marker.kept):
            continue
        if mine is not None and not mine.kept:
            found.append(Leftover(name, None if marker is None else now - marker.at))
        elif mine is None and marker is not None and now - marker.at > SURELY_LEFT:
            found.append(Leftover(name, now - marker.at))
    return found


def offer(account: Account, say: Callable[[str], None], ask: Callable[[str], bool] | None) -> None:
    """Tell what earlier runs have left, and remove it where `ask`, given such a question, says so.

    Raises TargetError if the account cannot be looked at.
    """
    for each in leftovers(account):
        if ask is not None and ask(f"{each}. Remove it?"):
            account.remove(each.name, lambda _text: None)
            local_records.forget(each.name)
            say(f"removed {each.name}")
        else:
            say(f"{each}: poc destroy {each.name} removes it")


def told(age: timedelta) -> str:
    """Return a length of time in the largest unit that it fills."""
    seconds = max(0, int(age.total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
