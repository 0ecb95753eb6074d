"""Expand clients with a count into single clients: `ann` with a count of 3 is ann.1, ann.2 and ann.3."""

import re
from collections.abc import Iterator, Mapping

from poc_cli.scenario.client_tables import AnyClient, CommandSpec
from poc_cli.scenario.matching import Decoder

EVERY_CLIENT = "*"
"""The name that means all clients of the play in a step."""

NUMBER = "i"
"""The template for a client's number in its path, headers and subprotocols."""

_MEMBER = re.compile(r"([^.]+)\.([1-9][0-9]{0,8})")


class ClientGroups(Mapping[str, AnyClient]):
    """Maps every single client to its definition; a client with a count is only included as its members."""

    def __init__(self, specs: Mapping[str, AnyClient]) -> None:
        self._specs = specs

    def __getitem__(self, name: str) -> AnyClient:
        """Return the definition of a single client. Raises KeyError if there is none with this name."""
        group, number = _split(name)
        spec = self._specs[group]
        if (spec.count is None) != (number is None) or (number or 0) > (spec.count or 0):
            raise KeyError(name)
        return spec

    def __iter__(self) -> Iterator[str]:
        """Yield the names in file order."""
        for name in self._specs:
            yield from self.members(name)

    def __len__(self) -> int:
        """Return the number of clients."""
        return sum(1 if spec.count is None else spec.count for spec in self._specs.values())

    def members(self, name: str) -> tuple[str, ...]:
        """Return the clients that a name in a step refers to. Raises KeyError if there are none."""
        if name == EVERY_CLIENT:
            return tuple(self)
        count = self.size(name)
        return (name,) if count is None else tuple(f"{name}.{number}" for number in range(1, count + 1))

    def size(self, name: str) -> int | None:
        """Return the count of a client, None for a single client. Raises KeyError for an unknown name."""
        spec = self._specs.get(name)
        if spec is not None:
            return spec.count
        if name not in self:
            raise KeyError(name)
        return None

    def decoder(self, name: str) -> Decoder | None:
        """Return how the JSON of a client's messages is found; None for an unknown name too."""
        spec = self._specs.get(group_of(name))
        return None if spec is None or isinstance(spec, CommandSpec) else spec.decode

    def bound(self, name: str) -> dict[str, object]:
        """Return the names bound only in a client's path, headers and subprotocols: its number, if it has one."""
        number = _split(name)[1]
        return {} if number is None else {NUMBER: number}


def group_of(name: str) -> str:
    """Return the name under which a client is defined: `ann` for ann.2 and for ann."""
    return _split(name)[0]


def _split(name: str) -> tuple[str, int | None]:
    match = _MEMBER.fullmatch(name)
    return (name, None) if match is None else (match[1], int(match[2]))
