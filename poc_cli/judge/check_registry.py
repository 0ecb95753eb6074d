"""Register checks: each function below `@check(...)` in `judge/checks/` is one; no list names them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from poc_cli.judge.finding import Finding
from poc_cli.record.play_record import PlayRecord
from poc_cli.scenario.check_names import CheckEntry
from poc_cli.scenario.model import Claim

StoryCheck = Callable[[PlayRecord, Claim], Finding]

_Function = TypeVar("_Function")


@dataclass(frozen=True, slots=True)
class Check(Generic[_Function]):
    """A check: its declaration and its function."""

    entry: CheckEntry
    function: _Function


def registering(checks: dict[str, Check[_Function]]) -> Callable[[CheckEntry], Callable[[_Function], _Function]]:
    """Return a decorator that registers a function as a check; it may be used several times on one function."""

    def check(entry: CheckEntry) -> Callable[[_Function], _Function]:
        def register(function: _Function) -> _Function:
            if entry.name in checks:
                raise ValueError(f'two checks have the name "{entry.name}"')
            checks[entry.name] = Check(entry, function)
            return function

        return register

    return check


CHECKS: Final[dict[str, Check[StoryCheck]]] = {}
"""The checks of stories by name. Import it from `poc_cli.judge.checks`, where it is complete."""

check: Final = registering(CHECKS)
