"""`poc status`: what poc has deployed on the account, from any machine."""

from datetime import UTC, datetime

from poc_cli.commands.console import Console
from poc_cli.report.styled import Line, span
from poc_cli.targets.cloudflare import local_records
from poc_cli.targets.cloudflare.account import Found
from poc_cli.targets.cloudflare.account_access import connected
from poc_cli.targets.cloudflare.orphans import ABANDONED_AFTER, describe_age, leftovers


def status(console: Console) -> None:
    """Print a line for each Worker that poc has deployed. Raises PocError."""
    with connected(console.note) as account:
        found = account.found()
        left = {each.name for each in leftovers(account)}
    half = sorted(left - {each.name for each in found})
    if not found and not half:
        console.result([[span(f"poc has nothing deployed on account {account.id}")]])
        return
    width = max(len(name) for name in [*(each.name for each in found), *half])
    lines = [_line(each, width, left=each.name in left) for each in found]
    lines += [
        [span(f"{name:<{width}}  ", "bold"), span("incomplete upload, left by an earlier run", "yellow")]
        for name in half
    ]
    console.result(lines)
    console.note("poc destroy NAME removes one, poc destroy --all removes all of them")


def _line(each: Found, width: int, *, left: bool) -> Line:
    age = datetime.now(UTC) - each.marker.at
    line = [
        span(f"{each.name:<{width}}  ", "bold"),
        span(f"{each.url or 'no address'}  deployed {each.marker.at:%Y-%m-%d %H:%M} UTC, {describe_age(age)} ago, by "),
        span(f"poc {each.marker.poc}, run {each.marker.run}"),
    ]
    if each.marker.kept:
        return line
    if left or age > ABANDONED_AFTER:
        return [*line, span("; left by that run", "yellow")]
    living = (
        "that run is still in progress"
        if local_records.is_held(each.name)
        else "that run may still be in progress on another machine"
    )
    return [*line, span(f"; {living}")]
