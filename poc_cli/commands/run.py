"""`poc run`: play on the chosen target, judge, and show the outcome."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from poc_cli.commands.console import Console
from poc_cli.commands.played import Played, report
from poc_cli.errors import UsageError
from poc_cli.run_options import EVERYWHERE, RunOptions
from poc_cli.targets.target_registry import TargetEntry


@dataclass(frozen=True, slots=True)
class _Restricted:
    """An option that only some targets have: `{option}` and `{where}` stand in its messages."""

    given: Callable[[RunOptions], str | None]
    """Returns the option as given, None if it is not."""

    available: Callable[[TargetEntry], bool]
    message: str
    advice: str


_RESTRICTED: Final = (
    _Restricted(
        lambda options: "--workerd" if options.workerds else None,
        lambda target: target.starts_runtimes,
        "{option} is only for runtimes that poc starts",
        "{where} has its own: leave it out",
    ),
    _Restricted(
        lambda options: f"--sleep {options.sleep}" if options.sleep in {"evict", EVERYWHERE} else None,
        lambda target: "evict" in target.abilities,
        "{option} is not available on {where}: only a runtime that poc starts evicts on request",
        "leave it out: the idle timer puts objects to sleep there",
    ),
    _Restricted(
        lambda options: None if options.code_update is None else "--code-update",
        lambda target: target.deploys,
        "{option} is for deployments to Cloudflare, and poc does not deploy to {where}",
        "add --target cloudflare, or leave it out",
    ),
    _Restricted(
        lambda options: None if options.token_env is None else "--token-env",
        lambda target: not target.deploys,
        "{option} is only for addresses",
        "a worker that poc deploys gets a fresh token",
    ),
    _Restricted(
        lambda options: "--header-env" if options.header_env else None,
        lambda target: not target.starts_runtimes,
        "{option} is only for workers that poc reaches over the network",
        "add --target, or leave it out",
    ),
    _Restricted(
        lambda options: options.worker_option,
        lambda target: target.brings_worker,
        "{option} cannot be used with {where}: poc does not deploy there",
        "leave out {option} or --target",
    ),
    _Restricted(
        lambda options: None if options.compat_date is None else "--compat-date",
        lambda target: target.brings_worker,
        "{option} is only for workers that poc starts or deploys",
        "{where} has its own",
    ),
    _Restricted(
        lambda options: "--keep" if options.keep else None,
        lambda target: target.brings_worker,
        "{option} is only for workers that poc deploys",
        "poc does not remove {where} anyway",
    ),
)


def run(options: RunOptions, console: Console) -> int:
    """Run and report; return the exit code. Raises PocError."""
    played = play(options, console)
    return report(played.folder, options, console, interrupted=played.interrupted, scenarios=played.scenarios)


def play(options: RunOptions, console: Console) -> Played:
    """Play into a new run folder and point `latest` to it, by the target's own module. Raises PocError."""
    _raise_if_unavailable(options)
    module = import_module(f"poc_cli.commands.run_{options.target.word}")
    played: Played = module.play(options, console)
    return played


def _raise_if_unavailable(options: RunOptions) -> None:
    where = options.target.url or options.target.word
    for each in _RESTRICTED:
        option = each.given(options)
        if option is not None and not each.available(options.target.entry):
            raise UsageError(
                each.message.format(option=option, where=where), each.advice.format(option=option, where=where)
            )
