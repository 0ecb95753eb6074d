"""`poc destroy`: remove Workers from the account, with their objects and secrets.

A Worker that poc did not deploy is removed only by name and with --force.
"""

from poc_cli.commands.console import Console
from poc_cli.commands.progress import Phases
from poc_cli.errors import PocError, TargetError, UsageError
from poc_cli.report.styled import span
from poc_cli.targets.cloudflare import local_records
from poc_cli.targets.cloudflare.account import Account
from poc_cli.targets.cloudflare.account_access import connected
from poc_cli.targets.cloudflare.marker import marker_of
from poc_cli.targets.cloudflare.orphans import leftovers


def destroy(names: list[str], console: Console, *, everything: bool, force: bool) -> None:
    """Remove the named Workers, or all of poc. Raises PocError if one is refused or cannot be removed."""
    if bool(names) == everything:
        raise UsageError("name what to remove, or use --all", "poc status lists it")
    if force and everything:
        raise UsageError("--force needs names and cannot be combined with --all")
    with connected(console.note) as account, Phases(console) as phases:
        chosen = _all(account) if everything else [_checked(account, name, force=force) for name in names]
        if not chosen:
            console.result([[span(f"poc has nothing deployed on account {account.id}")]])
        failures: list[PocError] = []
        for name in chosen:
            try:
                was_there = account.remove(name, phases)
            except PocError as error:  # the others are removed anyway
                failures.append(error)
                continue
            phases.pause()
            local_records.forget(name)
            outcome = "removed, with its objects and secrets" if was_there else "already gone"
            console.result([[span(f"{name} ", "bold"), span(outcome)]])
    if failures:
        raise TargetError("\n".join(error.message for error in failures), failures[0].advice)


def _all(account: Account) -> list[str]:
    """Return the names of all Workers and incomplete uploads of poc that no run is using."""
    names = [each.name for each in account.found()] + [each.name for each in leftovers(account)]
    return [name for name in dict.fromkeys(names) if not local_records.is_held(name)]


def _checked(account: Account, name: str, *, force: bool) -> str:
    """Return the name if it may be removed. Raises TargetError if it does not exist, or poc did not deploy it."""
    known = local_records.records().get(local_records.checked(name)) if not force else None
    if not account.exists(name):
        local_records.forget(name) if known is not None and known.account == account.id else None
        raise TargetError(f"account {account.id} has no Worker {name}", "poc status lists what poc has deployed")
    if force or marker_of(account.bindings(name) or []) is not None:
        return name
    if known is not None and known.account == account.id and not known.kept and not account.is_deployed(name):
        return name  # an incomplete upload by poc that was never marked
    raise TargetError(
        f"{name} was not deployed by poc, so poc does not remove it",
        "look at it in the dashboard; poc destroy --force removes it anyway, with its objects and secrets",
    )
