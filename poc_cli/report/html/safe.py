"""Make values safe for the page: URLs in links, JSON in script elements, and hashes for its security policy."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, urlsplit

from markupsafe import Markup

from poc_cli.inert import inert

LONGEST_URL: Final = 500
"""Characters of a URL that becomes a link."""

_ESCAPES: Final = {character: f"\\u{ord(character):04x}" for character in "<>&'\u2028\u2029"}
"""Characters that could end a script element or start a comment in it; in JSON they only occur in strings."""


def address(value: object) -> str | None:
    """Return an http or https URL, quoted so that it is safe in an attribute; None for anything else."""
    whole = str(value)
    try:
        parts = urlsplit(whole)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and len(whole) <= LONGEST_URL
    except ValueError:
        return None
    if not known or whole != inert(whole) or re.search(r"\s", whole):
        return None
    return quote(whole, safe="/:?#[]@!$&()*+,;=%~._-", errors="replace")


def embedded(value: Any) -> str:
    """Return a value as JSON for a script element; it needs no further escaping."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    for character, escape in _ESCAPES.items():  # twenty times as fast as `translate` on 4 MB
        text = text.replace(character, escape)
    return Markup(text)  # noqa: S704


def digest(text: str) -> str:
    """Return the hash source with which a content security policy allows this text."""
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
