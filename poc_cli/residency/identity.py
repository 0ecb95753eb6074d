"""Which hex id an object has, and which classes a worker's capnp file gives objects to.

Never touches an object: the id of a name is computed as workerd computes it.
"""

import hashlib
import hmac
import re

_ID_HALF = 16
"""Bytes: an id is 16 bytes made of the name and 16 that prove the namespace (workerd, actor-id-impl.c++)."""

_TOKEN = re.compile(
    r'#[^\n]*|(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<open>\()|(?P<close>\))|(?P<end>[,;])|(?P<word>[A-Za-z_]\w*)|(?P<is>=)'
)
_ESCAPE = re.compile(r"\\(.)")
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}


def object_id(unique_key: str, name: str) -> str:
    """Give the 64 hex digits that `idFromName(name)` has in the namespace with that unique key."""
    key = hashlib.sha256(unique_key.encode()).digest()
    base = hmac.digest(key, name.encode(), "sha256")[:_ID_HALF]
    return (base + hmac.digest(key, base, "sha256")[:_ID_HALF]).hex()


def namespaces(capnp_text: str) -> dict[str, str]:
    """Give the unique key of every class that the text declares a namespace for, as far as the text can be read.

    A key that is a named constant is not resolved, and a class without a key of its own (a binding) is left out.
    """
    found: dict[str, str] = {}
    groups: list[dict[str, str]] = [{}]
    name: str | None = None
    assigned: str | None = None
    for token in _TOKEN.finditer(capnp_text):
        kind, value = token.lastgroup, token.group()
        if kind is None:
            continue
        if kind == "text" and assigned is not None:
            groups[-1].setdefault(assigned, _unquoted(value))
        elif kind == "open":
            groups.append({})
        elif kind == "close" and len(groups) > 1:
            _take(groups.pop(), found)
        assigned = name if kind == "is" else None
        name = value if kind == "word" else None
    for group in groups:
        _take(group, found)
    return found


def _take(group: dict[str, str], found: dict[str, str]) -> None:
    if "className" in group and "uniqueKey" in group:
        found.setdefault(group["className"], group["uniqueKey"])


def _unquoted(literal: str) -> str:
    return _ESCAPE.sub(lambda match: _CONTROLS.get(match[1], match[1]), literal[1:-1])
