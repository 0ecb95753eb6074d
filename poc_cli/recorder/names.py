"""Choose names for the clients and the captures of a scenario."""

import re
from collections.abc import Collection
from itertools import count
from typing import Final

NAME_KEYS: Final = ("name", "nick", "nickname", "username", "user", "player", "member", "author", "who")
"""Query parameters by which people call themselves."""

_PEOPLE: Final = (
    "ann",
    "bob",
    "cy",
    "dan",
    "eve",
    "fay",
    "gus",
    "hal",
    "ivy",
    "joe",
    "kim",
    "leo",
    "max",
    "nat",
    "ora",
    "pam",
)
_LONGEST: Final = 12
_CLIENT: Final = re.compile(rf"[a-z][a-z0-9_-]{{0,{_LONGEST - 1}}}")
_RESERVED: Final = frozenset({"http", "play", "url", "i", "port", "worker", "origin", "env", "poc"})
_NO_NAME: Final = re.compile(r"[^a-z0-9]+")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class ClientNames:
    """The names of the clients, each taken while its WebSocket is open."""

    def __init__(self) -> None:
        self._open: set[str] = set()
        self._by_path: dict[str, list[str]] = {}
        self._known: dict[str, str] = {}

    def of(self, own: str | None, path: str) -> str:
        """Return the name of a client that connects: its own if it has a short one, else one of ann, bob, cy.

        A client that was there before and has left is the same one if it connects to the same path or under the same
        name.
        """
        wanted = None if own is None or not _CLIENT.fullmatch(own.lower()) else own.lower()
        before = self._by_path.get(path, []) + ([wanted] if wanted is not None and wanted in self._known else [])
        name = next((each for each in before if each not in self._open), None)
        if name is None:
            names = ([] if wanted is None else [wanted]) + [*_PEOPLE]
            numbered = (f"client{number}" for number in count(1))
            free = (each for each in names if each not in self._known and each not in _RESERVED)
            name = next(free, None) or next(each for each in numbered if each not in self._known)
        self._open.add(name)
        self._known.setdefault(name, path)
        self._by_path.setdefault(path, [])
        if name not in self._by_path[path]:
            self._by_path[path].append(name)
        return name

    def free(self, name: str) -> None:
        """Remember that a client has left."""
        self._open.discard(name)


def field_name(key: str, taken: Collection[str]) -> str:
    """Return a name for a captured value, by the key that it stood under."""
    name = _NO_NAME.sub("_", _HUMP.sub("_", key).lower()).strip("_") or "given"
    name = name if name[0].isalpha() else f"n{name}"
    if name not in taken and name not in _RESERVED:
        return name
    return next(each for each in (f"{name}_{number}" for number in count(2)) if each not in taken)
