"""`poc destroy`: removes Workers from the account, with their objects and secrets."""

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
    """Remove what is named, or all that is poc's. Raises PocError where something is refused or stays behind."""
    if bool(names) == everything:
        raise UsageError("name what is to be removed, or say --all", "poc status lists it")
    if force and everything:
        raise UsageError("--force goes with a name, so that it is known what is meant")
    with connected(console.note) as account, Phases(console) as phases:
        chosen = _all(account) if everything else [_checked(account, name, force=force) for name in names]
        if not chosen:
            console.result([[span(f"poc has nothing deployed on account {account.id}")]])
        failures: list[PocError] = []
        for name in chosen:
            try:
                was_there = account.remove(name, phases)
            except PocError as error:  # the others are removed all the same
                failures.append(error)
                continue
            phases.pause()
            local_records.forget(name)
            message = "removed, with its objects and secrets" if was_there else "gone already"
            console.result([[span(f"{name} ", "bold"), span(message)]])
    if failures:
        raise TargetError("\n".join(error.message for error in failures), failures[0].advice)


def _all(account: Account) -> list[str]:
    """Return the names of all that is poc's, half uploads of this machine's too; not what another run has in hand."""
    names = [each.name for each in account.ours()] + [each.name for each in leftovers(account)]
    return [name for name in dict.fromkeys(names) if not local_records.is_held(name)]


def _checked(account: Account, name: str, *, force: bool) -> str:
    """Return the name if it may be removed. Raises TargetError where it is not there, or is none of poc's."""
    known = local_records.records().get(local_records.checked(name)) if not force else None
    if not account.exists(name):
        local_records.forget(name) if known is not None and known.account == account.id else None
        raise TargetError(f"account {account.id} has no Worker {name}", "poc status lists what poc has deployed")
    if force or marker_of(account.bindings(name) or []) is not None:
        return name
    if known is not None and known.account == account.id and not known.kept and not account.is_deployed(name):
        return name  # half an upload of ours, which came to nothing before it had a mark
    raise TargetError(
        f"{name} was not deployed by poc, so poc does not remove it",
        "look at it in the dashboard; poc destroy --force removes it all the same, with its objects and secrets",
    )
