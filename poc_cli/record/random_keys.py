"""Number the random keys of JSON objects, such as the ids in a table of members, so that they can be compared."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from poc_cli.record.list_order import Skeletons
from poc_cli.record.masking import could_be_id

Use = tuple[int, str]
"""In which message a random key comes, and what stands under it or beside it there."""

_KEY: Final = "<key>"
_NEVER: Final[Use] = (1 << 30, "")


class RandomKeys:
    """Tells random keys from names: they look like ids, and no other play has them."""

    def __init__(self, plays: Iterable[Iterable[Any]]) -> None:
        """Take all values of each play."""
        known = [[*values] for values in plays]
        keys = [frozenset(key for value in values for key in _keys(value)) for values in known]
        self._common = frozenset.intersection(*keys) if keys else frozenset()
        random = [key for key in frozenset().union(*keys) - self._common if could_be_id(key)]
        self._lengths = frozenset(map(len, random))
        self._any_number = any(map(str.isdecimal, random))
        self._skeletons = Skeletons(known, lambda key: _KEY if self._is_random(key) else key)

    def numbered(self, values: Iterable[Any]) -> list[Any]:
        """Return what one client saw with its random keys numbered by their first appearance.

        The order of the keys of one table means nothing: JavaScript puts those that happen to be whole numbers first,
        and storage lists its rows by key. They are numbered by what stands under them, or else by their first use that
        tells them apart.
        """
        messages = [*values]
        uses = self._uses(messages)
        if not uses:
            return messages
        numbers: dict[str, str] = {}
        for each in messages:
            self._number(each, numbers, uses)
        return [_replaced(each, numbers) for each in messages]

    def _number(self, value: Any, numbers: dict[str, str], uses: Mapping[str, Sequence[Use]]) -> None:
        if isinstance(value, list):
            for each in value:
                self._number(each, numbers, uses)
        if isinstance(value, dict):
            new = [key for key in value if key in uses and key not in numbers]
            for key in sorted(new, key=lambda key: (self._skeletons.of(value[key]), uses[key])):
                numbers[key] = f"<key {len(numbers) + 1}>"
            for key in sorted(value, key=lambda key: numbers.get(key, key)):
                self._number(value[key], numbers, uses)

    def _uses(self, messages: Sequence[Any]) -> dict[str, list[Use]]:
        """Return the uses of each random key, in order."""
        random = {key for each in messages for key in _keys(each) if self._is_random(key)}
        found: dict[str, list[Use]] = {key: [] for key in random}
        for number, message in enumerate(messages) if random else ():
            for key, text in self._mentions(message, random, ""):
                found[key].append((number, text))
        return {key: [*sorted(each), _NEVER] for key, each in found.items()}

    def _mentions(self, value: Any, random: set[str], here: str) -> Iterator[tuple[str, str]]:
        """Yield each random key in a message, with where it comes and what it comes with."""
        pairs = [*value.items()] if isinstance(value, dict) else [("", each) for each in value]
        for key, each in pairs:
            if key in random:
                yield key, f"{here} {self._skeletons.of(each)}"
            if isinstance(each, str) and each in random:
                yield each, f"{here}.{key} {self._skeletons.of(value)}"
            if isinstance(each, dict | list):
                yield from self._mentions(each, random, f"{here}.{_KEY if key in random else key}")

    def _is_random(self, key: str) -> bool:
        """Return whether a key is random; random letters may look like a word, and random numbers may be small."""
        if key in self._common:
            return False
        alike = (key.isalnum() and len(key) in self._lengths) or (self._any_number and key.isdecimal())
        return alike or could_be_id(key)


def _replaced(value: Any, numbers: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_replaced(each, numbers) for each in value]
    if isinstance(value, dict):
        return {numbers.get(key, key): _replaced(each, numbers) for key, each in value.items()}
    return value


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _keys(each)
    elif isinstance(value, list):
        for each in value:
            yield from _keys(each)
