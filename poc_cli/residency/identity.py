"""Compute the hex id of a Durable Object, and read the classes and unique keys from a worker's capnp file."""

import hashlib
import hmac
import re

_ID_HALF = 16
"""Bytes: an id is 16 bytes derived from the name and 16 that prove the namespace (measured on two)."""

_STRING = r'"(?:[^"\\\n]|\\.)*"'
_COMMENT = re.compile(rf"(?P<kept>{_STRING})|#[^\n]*")
_TOKEN = re.compile(rf"\b(?P<field>className|uniqueKey)\s*=\s*(?P<text>{_STRING})|{_STRING}|(?P<open>\()|(?P<close>\))")
_ESCAPE = re.compile(r"\\(.)")
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}


def object_id(unique_key: str, name: str) -> str:
    """Return the id of `idFromName(name)` in the namespace with this unique key, as 64 hex digits."""
    key = hashlib.sha256(unique_key.encode()).digest()
    base = hmac.digest(key, name.encode(), "sha256")[:_ID_HALF]
    return (base + hmac.digest(key, base, "sha256")[:_ID_HALF]).hex()


def in_namespace(unique_key: str, hex_id: str) -> bool:
    """Return whether an id belongs to the namespace with this unique key; the object's name is not needed."""
    try:
        raw = bytes.fromhex(hex_id)
    except ValueError:
        return False
    key = hashlib.sha256(unique_key.encode()).digest()
    return raw[_ID_HALF:] == hmac.digest(key, raw[:_ID_HALF], "sha256")[:_ID_HALF]


def namespaces(capnp_text: str) -> dict[str, str]:
    """Return the unique key of every class that the text declares a namespace for.

    A key that is a named constant is not resolved, and a class without a key (a binding) is skipped.
    """
    found: dict[str, str] = {}
    groups: list[dict[str, str]] = [{}]
    for token in _TOKEN.finditer(_COMMENT.sub(lambda match: match["kept"] or " ", capnp_text)):
        if token["field"]:
            groups[-1].setdefault(token["field"], _unquoted(token["text"]))
        elif token["open"]:
            groups.append({})
        elif token["close"] and len(groups) > 1:
            _take(groups.pop(), found)
    for group in groups:
        _take(group, found)
    return found


def _take(group: dict[str, str], found: dict[str, str]) -> None:
    if "className" in group and "uniqueKey" in group:
        found.setdefault(group["className"], group["uniqueKey"])


def _unquoted(literal: str) -> str:
    return _ESCAPE.sub(lambda match: _CONTROLS.get(match[1], match[1]), literal[1:-1])
