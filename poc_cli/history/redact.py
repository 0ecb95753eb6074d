"""Takes secrets out of everything before it touches the disk, by their values.

Never looks at names of fields or headers: a worker may put a token anywhere.
"""

import base64
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "[secret]"

SHORTEST_SECRET = 8
"""Shorter values would blank out ordinary words all over the record."""


def _base64_forms(value: bytes) -> set[str]:
    # The same bytes look different at each of the three alignments inside a longer base64 text;
    # the characters that also depend on the neighbours are cut off.
    forms = set()
    for lead in range(3):
        padded = base64.b64encode(b"\0" * lead + value).decode()
        start = {0: 0, 1: 2, 2: 3}[lead]
        end = len(padded) - {0: 0, 1: 3, 2: 2}[(lead + len(value)) % 3]
        core = padded[start:end]
        forms |= {core, core.replace("+", "-").replace("/", "_")}
    return forms


def _url_forms(value: str) -> set[str]:
    # Encoders differ in what they leave alone (the third is JavaScript's), in the case of the digits, and on spaces.
    forms = {quote(value, safe=""), quote(value), quote(value, safe="!'()*"), quote_plus(value)}
    forms.add("".join(f"%{byte:02X}" for byte in value.encode()))
    return forms | {_PERCENT.sub(lambda match: match[0].lower(), form) for form in forms}


def _json_forms(value: str) -> set[str]:
    ascii_only, as_it_is = json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]
    # JSON inside JSON is escaped twice.
    twice = {json.dumps(form, ensure_ascii=False)[1:-1] for form in (ascii_only, as_it_is)}
    return {ascii_only, as_it_is, as_it_is.replace("/", "\\/")} | twice


_PERCENT = re.compile("%[0-9A-F]{2}")


class Redactor:
    """Replaces each secret, as it is, URL-encoded, JSON-escaped, in base64 or in hex, by `[secret]`."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Take the values; those under eight characters are left alone."""
        forms: set[str] = set()
        for secret in secrets:
            if len(secret) >= SHORTEST_SECRET:
                value = secret.encode()
                # Binary messages stand in the history as hex.
                forms |= {secret, value.hex(), value.hex().upper()} | _url_forms(secret) | _json_forms(secret)
                forms |= {form for form in _base64_forms(value) if len(form) >= SHORTEST_SECRET}
        # The longest first, so that no form is cut in two by a shorter one inside it.
        self._texts = sorted(forms, key=lambda form: (-len(form), form))
        self._bytes = [form.encode() for form in self._texts]

    def text(self, text: str) -> str:
        """Give the text without the secrets."""
        for form in self._texts:
            if form in text:
                text = text.replace(form, MASK)
        return text

    def value(self, value: Any) -> Any:
        """Give a JSON value without the secrets in its texts, keys and whole numbers; its form stays as it is."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return {self.text(key): self.value(item) for key, item in value.items()}
            case list() | tuple():
                return [self.value(item) for item in value]
            case int() if str(value) in self._texts:
                return MASK
        return value

    def data(self, data: bytes) -> bytes:
        """Give the bytes without the secrets."""
        for form in self._bytes:
            if form in data:
                data = data.replace(form, MASK.encode())
        return data
