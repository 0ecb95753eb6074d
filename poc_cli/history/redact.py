"""Takes secrets out of everything before it touches the disk, by their values.

Never looks at names of fields or headers: a worker may put a token anywhere.
"""

import base64
import json
from collections.abc import Iterable
from urllib.parse import quote

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


class Redactor:
    """Replaces each secret, as it is, URL-encoded, JSON-escaped or in base64, by `[secret]`."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Take the values; those under eight characters are left alone."""
        forms: set[str] = set()
        for secret in secrets:
            if len(secret) >= SHORTEST_SECRET:
                forms |= {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}
                forms |= {form for form in _base64_forms(secret.encode()) if len(form) >= SHORTEST_SECRET}
        # The longest first, so that no form is cut in two by a shorter one inside it.
        self._texts = sorted(forms, key=lambda form: (-len(form), form))
        self._bytes = [form.encode() for form in self._texts]

    def text(self, text: str) -> str:
        """Give the text without the secrets."""
        for form in self._texts:
            if form in text:
                text = text.replace(form, MASK)
        return text

    def data(self, data: bytes) -> bytes:
        """Give the bytes without the secrets."""
        for form in self._bytes:
            if form in data:
                data = data.replace(form, MASK.encode())
        return data
