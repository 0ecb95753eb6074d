"""How a message differs from what a step expects: in which keys, and which of several messages is the nearest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from poc_cli.scenario.expected_message import Expected
from poc_cli.scenario.matching import Message, json_of, place_of
from poc_cli.scenario.values import MISSING, Path, equal, shown


@dataclass(frozen=True, slots=True)
class Difference:
    """One key whose value is not as expected. MISSING stands for no value, on either side."""

    path: str
    expected: object
    got: object

    def __str__(self) -> str:
        """Return it in words."""
        at = f"{self.path}: " if self.path else ""
        wanted = "nothing" if self.expected is MISSING else shown(self.expected)
        return f"{at}expected {wanted}, " + ("but it is missing" if self.got is MISSING else f"got {shown(self.got)}")


def differences(expected: Expected, message: Message) -> list[Difference]:
    """Return all keys in which a message differs; none if the two are not both JSON, or if they agree."""
    form = json_of(expected.form)
    if form is MISSING or message.json is MISSING:
        return []
    compared = _compared(form, message.json, (), exact=expected.exact)
    return [Difference(place_of(way), wanted, got) for way, wanted, got in compared if not _agrees(wanted, got)]


def nearest(expected: Expected, messages: Sequence[Message]) -> int:
    """Return the index of the message that agrees in the most keys and conditions, the last one of several."""
    return max(range(len(messages)), key=lambda index: (_agreement(expected, messages[index]), index))


def _agreement(expected: Expected, message: Message) -> tuple[int, int]:
    """Return in how many keys and conditions a message agrees, and whether it is at least of the expected kind."""
    met = len(expected.conditions) - len(expected.broken(message))
    form = json_of(expected.form)
    if expected.form is None or form is MISSING or message.json is MISSING:
        return met + expected.matches(message), 0
    compared = _compared(form, message.json, (), exact=expected.exact)
    return met + sum(_agrees(wanted, got) for _, wanted, got in compared), 1


def _agrees(wanted: object, got: object) -> bool:
    return wanted is not MISSING and got is not MISSING and equal(wanted, got)


def _compared(wanted: object, got: object, way: Path, *, exact: bool) -> Iterator[tuple[Path, object, object]]:
    """Yield each pair of values that is compared, with its path."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key, value in wanted.items():
            yield from _compared(value, got.get(key, MISSING), (*way, key), exact=exact)
        if exact:
            yield from (((*way, key), MISSING, value) for key, value in got.items() if key not in wanted)
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        for index, pair in enumerate(zip(wanted, got, strict=True)):
            yield from _compared(*pair, (*way, index), exact=exact)
    else:
        yield way, wanted, got
