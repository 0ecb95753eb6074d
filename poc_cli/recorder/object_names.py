"""Find out which part of what clients said names the objects that came into memory, by computing their ids."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from poc_cli.recorder.session import Requested, Sent, Session, addresses_in
from poc_cli.residency.identity import object_id
from poc_cli.scenario.matching import Message
from poc_cli.scenario.values import MISSING, leaves

_LITERAL: Final = re.compile(r"""(["'])((?:(?!\1)[^\\\n]){1,64})\1""")
_TEMPLATE: Final = re.compile(r"`([^`$\n]{0,40})\$\{[^{}`\n]*\}([^`$\n]{0,40})`")
_JOINED: Final = re.compile(r"""(["'])((?:(?!\1)[^\\\n]){1,40})\1\s*\+""")
"""A text that something is appended to, as in "room:" + name."""

_SLUG: Final = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class FoundObject:
    """An object of the session.

    `part` is the text in an address or a message that its name is made of; None for a name that the code fixes. `name`
    has MARK in its place; it is None if the name was not found.
    """

    class_name: str
    id: str
    name: str | None = None
    part: str | None = None


MARK: Final = "\0"
"""What stands for the part of a name that is new in each play."""


def find_objects(session: Session, unique_keys: Mapping[str, str], sources: Iterable[str]) -> tuple[FoundObject, ...]:
    """Return the objects that came into memory with their names; `sources` are the texts of the worker's code."""
    sources = list(sources)
    parts = dict.fromkeys(_parts(session))
    frames = list(dict.fromkeys([*_composites(session), *_frames(sources)]))
    literals = dict.fromkeys(match[2] for text in sources for match in _LITERAL.finditer(text))
    found = []
    for class_name, hex_id in session.objects:
        key = unique_keys.get(class_name)
        if key is not None:
            found.append(_found(class_name, hex_id, key, _names(parts, frames, literals)))
    return tuple(found)


def _found(class_name: str, hex_id: str, key: str, names: Iterable[tuple[str, str | None]]) -> FoundObject:
    for name, part in names:
        whole = name if part is None else name.replace(MARK, part)
        if object_id(key, whole) == hex_id:
            return FoundObject(class_name, hex_id, name, part)
    return FoundObject(class_name, hex_id)


def _names(
    parts: Iterable[str], frames: Iterable[tuple[str, str, str | None]], literals: Iterable[str]
) -> Iterator[tuple[str, str | None]]:
    """Yield what an object may be called, the likeliest first."""
    parts = list(parts)
    yield from ((MARK, part) for part in parts)
    for before, after, only in frames:
        yield from ((f"{before}{MARK}{after}", part) for part in ([only] if only is not None else parts))
    yield from ((each, None) for each in literals)


def _parts(session: Session) -> Iterator[str]:
    """Yield the path segments and query values of all addresses, then the texts in what clients sent."""
    for address in addresses_in(session):
        url = urlsplit(address)
        yield from (unquote(segment) for segment in reversed(url.path.split("/")) if segment)
        yield from (value for _, value in parse_qsl(url.query))
    for value in _said(session):
        yield from (leaf for _, leaf in leaves(value) if isinstance(leaf, str) and 0 < len(leaf) <= 200)  # noqa: PLR2004


def _said(session: Session) -> Iterator[Any]:
    for each in session.happenings:
        if isinstance(each, Sent) and isinstance(each.payload, str):
            value = Message(each.payload, None).json
            yield each.payload if value is MISSING else value
        elif isinstance(each, Requested):
            value = Message(each.body.decode("utf-8", "replace"), None).json
            if value is not MISSING:
                yield value


def _composites(session: Session) -> Iterator[tuple[str, str, str | None]]:
    """Yield names made of several segments of a path, in which the last one is new in each play."""
    for address in dict.fromkeys(addresses_in(session)):
        path = unquote(urlsplit(address).path)
        segments = [each for each in path.split("/") if each]
        for first in range(len(segments) - 1):
            yield "/".join(segments[first:-1]) + "/", "", segments[-1]
        if segments and not path.endswith("/"):
            yield path.removesuffix(segments[-1]), "", segments[-1]


def _frames(sources: Iterable[str]) -> Iterator[tuple[str, str, str | None]]:
    """Yield what the code puts before and after a part, as in `room:${name}`."""
    for text in sources:
        yield from ((match[1], match[2], None) for match in _TEMPLATE.finditer(text) if match[1] or match[2])
        yield from ((match[2], "", None) for match in _JOINED.finditer(text))


def templates_of(objects: Iterable[FoundObject]) -> dict[str, str]:
    """Return what replaces each part that names objects: `{play}`, and `{play}-kitchen` for each further one."""
    parts = list(dict.fromkeys(each.part for each in objects if each.part is not None))
    found: dict[str, str] = {}
    for number, part in enumerate(parts):
        slug = _SLUG.sub("-", part).strip("-").lower()[:24]
        found[part] = "{play}" if number == 0 else f"{{play}}-{slug or number}"
        if list(found.values()).count(found[part]) > 1:
            found[part] = f"{{play}}-{number}"
    return found
