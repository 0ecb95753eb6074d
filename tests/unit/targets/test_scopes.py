"""Where the variables of a worker are declared, by its source."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import pytest

from poc_cli.targets.scopes import Binding, Function, Scopes

SOURCE = """\
import { kept } from "./kept.js";
const rooms = new Map();
function first() { let count = 0; return () => count++; }
function second() { let count = 5; return () => count--; }
class Room {}
let $total = 1, rest = 2;
"""


if TYPE_CHECKING:
    from poc_cli.targets.isolate import Isolate


class _Sources:
    """What the scopes need of an isolate."""

    def __init__(self, lines: list[str]) -> None:
        self.sources = {"7": lines}


class _Counted(list[str]):
    """Lines that know how often they were read."""

    times = 0

    def __iter__(self) -> Iterator[str]:
        self.times += 1
        return super().__iter__()


def _scopes(lines: list[str] | None = None) -> Scopes:
    return Scopes(cast("Isolate", _Sources(SOURCE.splitlines() if lines is None else lines)))


def _binding(name: str, line: int, *, is_module: bool) -> Binding:
    return Binding(name, Function(0, "", "", "7", line, 0, 1, frozenset()), is_module)


@pytest.mark.parametrize(
    ("name", "line", "is_module", "place"),
    [
        ("rooms", 0, True, (2, 1)),
        ("Room", 0, True, (5, 1)),
        ("$total", 0, True, (6, 1)),
        ("count", 2, False, (3, 20)),
        ("count", 3, False, (4, 21)),
        ("count", 0, False, None),
        ("kept", 0, True, (1, 8)),
        ("absent", 0, True, None),
    ],
)
def test_a_variable_is_at_its_declaration_or_first_mention(
    name: str, line: int, place: tuple[int, int] | None, *, is_module: bool
) -> None:
    assert _scopes().declaration(_binding(name, line, is_module=is_module)) == place


def test_an_import_is_no_declaration() -> None:
    assert not _scopes().is_declared(_binding("kept", 0, is_module=True))
    assert _scopes().is_declared(_binding("rooms", 0, is_module=True))


def test_a_script_is_read_once_not_once_for_each_variable() -> None:
    lines = _Counted(["const one = 1;", "const two = 2;"])
    scopes = _scopes(lines)
    places = [scopes.declaration(_binding(name, 0, is_module=True)) for name in ("one", "two", "one")]
    assert places == [(1, 1), (2, 1), (1, 1)]
    assert lines.times == 1
