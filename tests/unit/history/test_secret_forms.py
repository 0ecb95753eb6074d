"""What is a secret inside of a secret, and in which encodings it is known again."""

import base64
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest

from poc_cli.history.redact import MASK, Hit, Redactor, Secret, marks
from poc_cli.history.secret_forms import is_strong

TOKEN = "Zm9v_bar-BAZ0123456789abcdefXYZ"  # noqa: S105 - made up
ODD = 'sk_live-AbC/def+123=xyz&<q>"7'
BODY = ("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj")
PEM = "\n".join(["-----BEGIN PRIVATE KEY-----", *BODY, "-----END PRIVATE KEY-----", ""])
ACCOUNT = json.dumps({"type": "service_account", "private_key": PEM, "deep": [{"pin": "a1b2c3d4"}]})

INSIDE: dict[str, tuple[str, str]] = {
    "a line of a PEM key": (PEM, BODY[1]),
    "a line of a PEM key with written-out line ends": (PEM.replace("\n", "\\n"), BODY[1]),
    "a PEM key with Windows' line ends": (PEM, PEM.replace("\n", "\r\n").split("\r\n", 2)[1]),
    "the password of a URL": ("postgres://app:Hunter2Hunter2@db.example/prod", "Hunter2Hunter2"),
    "the decoded password of a URL": ("postgres://app:Hunter%2FHunter@db.example/prod", "Hunter/Hunter"),
    "the token in a URL's path": (f"https://hooks.example/services/{TOKEN}", TOKEN),
    "a leaf of JSON": (ACCOUNT, "a1b2c3d4"),
    "a key in JSON": (ACCOUNT, BODY[0]),
    "a cookie": ("session=0123456789abcdef; theme=dark", "0123456789abcdef"),
    "the password of Basic": ("Basic " + base64.b64encode(b"al:correct-horse").decode(), "correct-horse"),
    "the payload of Basic": ("Basic " + base64.b64encode(b"al:correct-horse").decode(), "YWw6Y29ycmVjdC1ob3JzZQ=="),
    "the pair of Basic without the word": (base64.b64encode(b"al:correct-horse").decode(), "al:correct-horse"),
    "a bearer token": (f"Bearer {TOKEN}", TOKEN),
    "a value with blanks around it": (f" {TOKEN}\n", TOKEN),
}


@pytest.mark.parametrize("what", INSIDE)
def test_a_value_inside_a_secret_is_masked(what: str) -> None:
    whole, inner = INSIDE[what]
    assert inner not in Redactor([whole]).text(f"before {inner} after")


def twice(encode: Callable[[bytes], bytes]) -> Callable[[str], str]:
    return lambda value: encode(encode(value.encode())).decode()


ENCODINGS: dict[str, Callable[[str], str]] = {
    "base64 of base64": twice(base64.b64encode),
    "base64 of base64 for URLs": twice(base64.urlsafe_b64encode),
    "base64 of UTF-16": lambda value: base64.b64encode(value.encode("utf-16-le")).decode(),
    "base32": lambda value: base64.b32encode(value.encode()).decode().rstrip("="),
    "base32 in small letters": lambda value: base64.b32encode(value.encode()).decode().rstrip("=").lower(),
    "percent twice": lambda value: quote(quote(value, safe=""), safe=""),
    "percent of every letter": lambda value: "".join(f"%{byte:02x}" for byte in value.encode()),
    "HTML": html.escape,
    "HTML by numbers": lambda value: "".join(f"&#{ord(each)};" for each in value),
    "HTML by hex numbers": lambda value: "".join(f"&#x{ord(each):x};" for each in value),
    "JSON escapes": lambda value: "".join(f"\\u{ord(each):04x}" for each in value),
    "JSON escapes in capitals": lambda value: "".join(f"\\u{ord(each):04X}" for each in value),
    "JSON in JSON in JSON": lambda value: json.dumps(json.dumps(json.dumps(value)))[7:-7],
    "hex with colons": lambda value: value.encode().hex(":"),
    "hex with colons in capitals": lambda value: value.encode().hex(":").upper(),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("value", [TOKEN, ODD])
def test_an_encoded_secret_is_masked(encoding: str, value: str) -> None:
    encoded = ENCODINGS[encoding](value)
    left = Redactor([value]).text(f"before {encoded} after")
    # At the ends of a base64 text a character or two also depend on the neighbours.
    assert re.fullmatch(rf"before .{{0,3}}{re.escape(MASK)}.{{0,4}} after", left)


@pytest.mark.parametrize("lead", range(10))
def test_base32_is_masked_at_every_alignment(lead: int) -> None:
    text = base64.b32encode(b"x" * lead + TOKEN.encode() + b"tail").decode()
    redacted = Redactor([TOKEN]).text(text)
    assert MASK in redacted
    assert len(redacted) - len(MASK) <= (lead + 4) * 8 / 5 + 10


@pytest.mark.parametrize("code", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_masked_in_bytes(code: str) -> None:
    assert Redactor([TOKEN]).data(b"\x01" + TOKEN.encode(code) + b"\xff") == b"\x01" + MASK.encode() + b"\xff"


@pytest.mark.parametrize("cut", range(15, len(TOKEN)))
def test_half_of_a_random_value_is_masked(cut: int) -> None:
    for piece in (TOKEN[:cut], TOKEN[-cut:]):
        assert MASK in Redactor([TOKEN]).text(f"before {piece} after")


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoxfQ.c2lnbmF0dXJlMTIz", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.x"),
        (PEM, "-----BEGIN PRIVATE KEY-----"),
        ("postgres://app:Hunter2Hunter2@db.example/prod", "postgres://app@db.example/prod"),
        ("/var/lib/application/secrets-2026-production.json", "/var/lib/application/other"),
        ("session=0123456789abcdef; theme=dark", "theme=dark"),
    ],
)
def test_what_others_of_its_kind_have_too_is_no_secret(secret: str, text: str) -> None:
    assert Redactor([secret]).text(text) == text


@pytest.mark.parametrize("value", [TOKEN, ODD, "0a1b2c3d4e5f6071", "AKIAIOSFODNN7EXAMPLE", BODY[0]])
def test_long_and_random_values_are_strong(value: str) -> None:
    assert is_strong(value)


@pytest.mark.parametrize(
    "value",
    [
        "a1B2c3D4",
        "development-mode",
        "1111111111111111A",
        "12345678901234567890",
        "me@some-company.example.com",
        "https://api.example.com/v1/rooms",
        "service_account",
    ],
)
def test_short_plain_and_public_values_are_not(value: str) -> None:
    assert not is_strong(value)


def test_a_secret_is_told_by_its_name_and_strength() -> None:
    redactor = Redactor([Secret("API_KEY", TOKEN), Secret("PIN", "a1B2c3D4"), Secret("TINY", "1234567")])
    seen: set[Hit] = set()
    redactor.value({"a": [TOKEN.encode().hex()], "a1B2c3D4": 1, "tiny": "1234567"}, seen)
    assert marks(seen) == {"masked": ["API_KEY"], "masked_weak": ["PIN"]}
    assert redactor.too_short == ["TINY"]


def test_overlapping_secrets_leave_nothing_of_each_other() -> None:
    assert Redactor(["abcdefgh", "efghijklmnop"]).text("abcdefghijklmnop") == MASK


def test_a_value_that_is_no_utf_8_is_masked() -> None:
    secret = b"\xff\xfe-not-utf-8".decode("utf-8", "surrogateescape")
    assert Redactor([secret]).data(b"x" + secret.encode("utf-8", "surrogateescape")) == b"x" + MASK.encode()
