"""Number the random keys of JSON objects, such as the ids in a table of members, so that they can be compared."""

from collections.abc import Iterable, Iterator
from typing import Any

from poc_cli.record.masking import could_be_id


class RandomKeys:
    """Tells random keys from names: they look like ids, and no other play has them."""

    def __init__(self, plays: Iterable[Iterable[Any]]) -> None:
        """Take all values of each play."""
        keys = [frozenset(key for value in values for key in _keys(value)) for values in plays]
        self._common = frozenset.intersection(*keys) if keys else frozenset()
        random = [key for key in frozenset().union(*keys) - self._common if could_be_id(key)]
        self._lengths = frozenset(map(len, random))

    def numbered(self, values: Iterable[Any]) -> list[Any]:
        """Return what one client saw with its random keys numbered by their first appearance."""
        numbers: dict[str, str] = {}
        return [self._numbered(value, numbers) for value in values]

    def _numbered(self, value: Any, numbers: dict[str, str]) -> Any:
        if isinstance(value, list):
            return [self._numbered(each, numbers) for each in value]
        if isinstance(value, dict):
            return {self._key(key, numbers): self._numbered(each, numbers) for key, each in value.items()}
        return value

    def _key(self, key: str, numbers: dict[str, str]) -> str:
        return numbers.setdefault(key, f"<key {len(numbers) + 1}>") if self._is_random(key) else key

    def _is_random(self, key: str) -> bool:
        """Return whether a key is random; of random letters some happen to look like a word."""
        return key not in self._common and (could_be_id(key) or (key.isalnum() and len(key) in self._lengths))


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _keys(each)
    elif isinstance(value, list):
        for each in value:
            yield from _keys(each)
