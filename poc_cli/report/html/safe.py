"""What keeps the page inert: addresses that may be links, JSON inside a script element, and hashes for the policy."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, urlsplit

from markupsafe import Markup

from poc_cli.inert import inert

LONGEST_URL: Final = 500
"""Characters; a source is the address of a page."""

_ESCAPES: Final = {ord(character): f"\\u{ord(character):04x}" for character in "<>&'\u2028\u2029"}
"""What could end a script element or begin a comment in it; inside JSON they only stand in texts."""


def address(value: object) -> str | None:
    """Return an http or https address with nothing in it that could be anything else; None for all others."""
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
    """Return a value as JSON for a script element, as markup that needs no further escaping."""
    return Markup(json.dumps(value, separators=(",", ":"), ensure_ascii=True).translate(_ESCAPES))  # noqa: S704


def digest(text: str) -> str:
    """Return the source of a content security policy that allows this very text."""
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
