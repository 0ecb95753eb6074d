"""The forms in which a secret may appear in a text: the values inside it, each in the encodings of common libraries.

The search for them is in `redact`.
"""

import base64
import binascii
import contextlib
import html
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

SHORTEST_SECRET: Final = 8
"""Shorter values would mask ordinary words throughout the history."""

SHORTEST_LINE: Final = 16
"""Characters from which a line of a multi-line value, such as a PEM key, is a secret by itself."""

SHORTEST_STRONG: Final = 16
"""Characters from which a random value cannot appear by chance."""

LEAST_ENTROPY: Final = 3.0
"""Bits per character, from the character frequencies: random hex of 32 characters has 3.2 to 3.9, and the text
"development-mode" 2.7."""

FRAGMENT: Final = 12
"""Characters of a fragment of a random value that is recognized by itself: 48 random bits even in hex."""

_FRAGMENTS_FROM: Final = 24
_FRAGMENT_STEP: Final = 4  # so any 15 consecutive characters contain a fragment

_DEEPEST: Final = 4  # a JSON secret may hold a URL that holds a password; deeper nesting does not occur

LONGEST_SPELLED: Final = 512
"""Longest value, in characters, whose spellings are searched for. Lines of a longer one are values of their own."""

_BEGINNING: Final = 12
_LINE_END: Final = r"(?:\r?\n|(?:\\r)?\\n)?"  # literally, and escaped in JSON

_SCHEME: Final = re.compile(r"(?:Bearer|Basic|Token|ApiKey)\s+(\S+)", re.IGNORECASE)
_COOKIES: Final = re.compile(r"[\w.-]+=[^;\s]+(?:;\s*[\w.-]+=[^;\s]+)*;?", re.ASCII)
_EMAIL: Final = re.compile(r"[^@\s/]+@[\w.-]+")
_PERCENT: Final = re.compile("%[0-9A-F]{2}")


class Secret(NamedTuple):
    """A secret value and the name of the variable that holds it."""

    name: str
    value: str


def is_strong(value: str) -> bool:
    """Return whether a value is so long and random that it cannot appear by chance."""
    if len(value) < SHORTEST_STRONG or _EMAIL.fullmatch(value) or _is_public_url(value):
        return False
    kinds = sum(any(map(kind, value)) for kind in (str.islower, str.isupper, str.isdigit))
    counts = Counter(value).values()
    entropy = -sum(count / len(value) * math.log2(count / len(value)) for count in counts)
    return entropy >= LEAST_ENTROPY and kinds > 1


def forms(value: str) -> Iterator[tuple[str | None, bytes, bool]]:
    """Yield each form of a value and of the values in it, as text (None if it has none) and as bytes.

    The third item is whether the value is strong. Forms that are too short are skipped.
    """
    for each in _values(value):
        strong = is_strong(each)
        for text in _texts(each):
            if len(text) >= SHORTEST_SECRET:
                yield text, _bytes(text), strong
        for code in ("utf-16-le", "utf-16-be"):
            yield None, each.encode(code, "replace"), strong
    for text in _fragments(value.strip()):
        yield text, _bytes(text), True


class Spelling(NamedTuple):
    """A regular expression for an encoding with too many variants to list. It matches ASCII only.

    `beginning` matches its first characters.
    """

    beginning: str
    whole: str
    strong: bool


def spellings(value: str) -> Iterator[Spelling]:
    """Yield the spellings of a value and of the values in it.

    These are hex in mixed case, percent-encoding of any of the characters, and base64 on several lines.
    """
    for each in sorted(_values(value)):
        if len(each) <= LONGEST_SPELLED:
            strong = is_strong(each)
            for units in (_hex_units(each), _percent_units(each), *_base64_units(each)):
                yield Spelling("".join(units[:_BEGINNING]), "".join(units), strong)


def _hex_units(value: str) -> list[str]:
    pairs = [_any_case(f"{byte:02x}") for byte in _bytes(value)]
    return [pairs[0], *(f":?{each}" for each in pairs[1:])]


def _percent_units(value: str) -> list[str]:
    return [unit for character in value for unit in _percent_unit(character)]


def _percent_unit(character: str) -> list[str]:
    encoded = [f"%(?:25)?{_any_case(f'{byte:02x}')}" for byte in _bytes(character)]
    if not character.isascii():
        return encoded
    plain = re.escape(character) + (r"|\+" if character == " " else "")
    # The first that matches is taken: of `%25` at the end of a value, `%` alone would leave `25` there.
    return [f"(?:{encoded[0]}|{plain})"]


def _base64_units(value: str) -> Iterator[list[str]]:
    """Yield one list for each alignment; a line may end anywhere, depending on what precedes the value."""
    alphabet = {"+": "[+-]", "/": "[/_]"}
    for core in sorted(_base64_cores(_bytes(value))):
        first, *others = (alphabet.get(each, each) for each in core.rstrip("="))
        yield [first, *(_LINE_END + each for each in others)]


def _any_case(digits: str) -> str:
    return "".join(f"[{each}{each.upper()}]" if each.isalpha() else each for each in digits)


def _values(value: str, depth: int = 0) -> set[str]:
    """Return the value and the values inside it that are secrets by themselves."""
    found = {each for each in (value, value.strip()) if len(each) >= SHORTEST_SECRET}
    if depth < _DEEPEST:
        for inner in _inner(value.strip()):
            if inner != value:
                found |= _values(inner, depth + 1)
    return found


def _inner(value: str) -> Iterator[str]:
    yield from _lines(value)
    yield from _of_url(value)
    yield from _leaves(value)
    if _COOKIES.fullmatch(value):
        yield from (pair.partition("=")[2] for pair in re.split(r";\s*", value))
    scheme = _SCHEME.fullmatch(value)
    if scheme is not None:
        yield scheme[1]
    yield from _credentials(value)


def _lines(value: str) -> Iterator[str]:
    """Yield the lines of a multi-line value; variables often hold an escape in place of the line end."""
    lines = re.split(r"\r?\n|\\r?\\n|\\n", value)
    if len(lines) > 1:
        stripped = (line.strip() for line in lines)
        yield from (line for line in stripped if len(line) >= SHORTEST_LINE and not line.startswith("-----"))


def _of_url(value: str) -> Iterator[str]:
    with contextlib.suppress(ValueError):
        url = urlsplit(value)
        if not url.scheme or not url.netloc:
            return
        if url.password:
            pair = f"{url.username or ''}:{url.password}"
            yield from (pair, unquote(pair), url.password, unquote(url.password))
        elif url.username:
            yield from (url.username, unquote(url.username))
        pieces = [*url.path.split("/"), *(piece for _, piece in parse_qsl(url.query))]
        yield from (piece for piece in pieces if is_strong(piece))


def _is_public_url(value: str) -> bool:
    return "://" in value and not any(_of_url(value))


def _leaves(value: str) -> Iterator[str]:
    if not value.startswith(("{", "[", '"')):
        return
    with contextlib.suppress(ValueError, RecursionError):
        waiting = [json.loads(value)]
        while waiting:
            match waiting.pop():
                case dict() as table:
                    waiting += table.values()
                case list() as items:
                    waiting += items
                case str() as text:
                    yield text


def _credentials(value: str) -> Iterator[str]:
    """Yield the `user:password` pair and the password of a Basic authentication payload."""
    with contextlib.suppress(binascii.Error, UnicodeError, ValueError):
        pair = base64.b64decode(value, validate=True).decode()
        user, colon, password = pair.partition(":")
        if colon and user and password and pair.isprintable():
            yield from (pair, password)


def _fragments(value: str) -> Iterator[str]:
    """Yield overlapping fragments of a random value, which may be truncated or split over two lines.

    Values that share a common beginning are skipped: JSON Web Tokens start with a header, DER keys with the name of
    their algorithm, and paths with common folders.
    """
    is_token = len(value) >= _FRAGMENTS_FROM and not re.search(r"\s", value) and not any(_inner(value))
    if is_token and is_strong(value) and not value.startswith(("eyJ", "MI", "/")):
        last = len(value) - FRAGMENT
        yield from (value[at : at + FRAGMENT] for at in {*range(0, last, _FRAGMENT_STEP), last})


def _texts(value: str) -> set[str]:
    data = _bytes(value)
    plain = {value, value[::-1], *_hex(data)} | _url_forms(value) | _json_forms(value) | _html_forms(value)
    encoded = {base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()}
    wide = value.encode("utf-16-le", "replace")
    twice = {form for each in encoded for form in _base64_forms(each.encode())}
    return plain | _base64_forms(data) | _base64_forms(wide) | twice | _base32_forms(data) | set(_hex(wide)[:2])


def _bytes(value: str) -> bytes:
    try:
        return value.encode("utf-8", "surrogateescape")  # how environment variables hold bytes that are not UTF-8
    except UnicodeError:
        return value.encode("utf-8", "backslashreplace")


def _hex(data: bytes) -> tuple[str, ...]:
    # The history records binary messages as hex.
    return data.hex(), data.hex().upper(), data.hex(":"), data.hex(":").upper()


def _base64_forms(data: bytes) -> set[str]:
    # The same bytes look different at each of the three alignments inside a longer base64 text;
    # the characters that also depend on neighboring bytes are cut off.
    cores = _base64_cores(data)
    return cores | {core.replace("+", "-").replace("/", "_") for core in cores}


def _base64_cores(data: bytes) -> set[str]:
    cores = set()
    for lead in range(3):
        padded = base64.b64encode(b"\0" * lead + data).decode()
        start = {0: 0, 1: 2, 2: 3}[lead]
        end = len(padded) - {0: 0, 1: 3, 2: 2}[(lead + len(data)) % 3]
        cores.add(padded[start:end])
    return cores


def _base32_forms(data: bytes) -> set[str]:
    # Like base64, at five alignments of eight characters each.
    forms_ = set()
    for lead in range(5):
        bits = len(data) * 8
        start = -(-lead * 8 // 5)
        core = base64.b32encode(b"\0" * lead + data).decode().rstrip("=")
        core = core[start : (lead * 8 + bits) // 5]
        forms_ |= {core, core.lower()}
    return forms_


def _url_forms(value: str) -> set[str]:
    # Encoders differ in what they leave unescaped (the third is JavaScript's), in the case of digits, and in spaces.
    data = _bytes(value)
    found = {quote(data, safe=""), quote(data), quote(data, safe="!'()*"), quote_plus(data)}
    found.add("".join(f"%{byte:02X}" for byte in data))
    found |= {_PERCENT.sub(lambda match: match[0].lower(), form) for form in found}
    return found | {form.replace("%", "%25") for form in found}


def _json_forms(value: str) -> set[str]:
    ascii_only, as_it_is = json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]
    # JSON nested in JSON is escaped twice or three times.
    once = {ascii_only, as_it_is, as_it_is.replace("/", "\\/"), *_escapes(value, r"\u{:04x}")}
    twice = {json.dumps(form, ensure_ascii=False)[1:-1] for form in once}
    thrice = {json.dumps(form, ensure_ascii=False)[1:-1] for form in twice}
    return once | twice | thrice


def _html_forms(value: str) -> set[str]:
    escaped = html.escape(value)
    found = {escaped, html.escape(value, quote=False), escaped.replace("&#x27;", "&#39;")}
    found |= {form.replace("&#x27;", "&apos;") for form in found}
    return found | set(_escapes(value, "&#x{:x};")) | set(_escapes(value, "&#{};"))


def _escapes(value: str, form: str) -> tuple[str, str]:
    each: Callable[[str], str] = lambda text: form.format(ord(text))  # noqa: E731 - a name for what is joined twice
    whole = "".join(map(each, value))
    upper = "".join(re.sub("[a-f]+(?=;|$)", lambda match: match[0].upper(), each(character)) for character in value)
    return whole, upper
