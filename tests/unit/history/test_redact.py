"""Secrets are taken out by value, whatever they were wrapped in."""

import base64
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from poc_cli.history.redact import MASK, SHORTEST_SECRET, Redactor

VALUE = 'tok/en+"käse" 100%\\'
"""It looks different in every one of the forms."""


def percent_lower(text: str) -> str:
    return re.sub("%..", lambda match: match[0].lower(), quote(text, safe=""))


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda secret: secret,
    "URL-encoded": lambda secret: quote(secret, safe=""),
    "URL-encoded whole": lambda secret: "".join(f"%{byte:02X}" for byte in secret.encode()),
    "URL-encoded but for slashes": quote,
    "URL-encoded in lower case": percent_lower,
    "of a form": quote_plus,
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "JSON that is not ASCII": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret))[3:-3],
    "hex": lambda secret: secret.encode().hex(),
    "hex in capitals": lambda secret: secret.encode().hex().upper(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_taken_out(form: str) -> None:
    wrapped = FORMS[form](VALUE)
    assert Redactor([VALUE]).text(f"before {wrapped} after {wrapped}") == f"before {MASK} after {MASK}"


@pytest.mark.parametrize("lead", range(6))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_is_taken_out_at_every_alignment(lead: int, encode: Callable[[bytes], bytes]) -> None:
    value = "correct horse battery"
    for tail in range(3):
        text = encode(b"u:" * lead + b"x" * (lead % 3) + value.encode() + b"!" * tail).decode()
        redacted = Redactor([value]).text(text)
        assert MASK in redacted
        # What is left on either side is less than one character of the secret.
        assert len(redacted) - len(MASK) <= len(text) - len(value) * 4 // 3 + 4


secrets_ = st.text(st.characters(exclude_categories=["Cs"]), min_size=SHORTEST_SECRET, max_size=40)


@given(secrets=st.lists(secrets_, min_size=1, max_size=3), around=st.text(max_size=10), data=st.data())
def test_no_secret_is_ever_left_in_any_form(secrets: list[str], around: str, data: st.DataObject) -> None:
    # The mask itself is no secret, and a secret made of pieces of it cannot be told from it.
    assume(not any(set(secret) <= set(MASK) or secret in around or MASK in secret for secret in secrets))
    wrap = data.draw(st.sampled_from(sorted(FORMS)))
    pieces = [FORMS[wrap](secret) for secret in secrets]
    redacted = Redactor(secrets).text(around.join(["", *pieces, ""]))
    for secret in secrets:
        if secret not in around * 2:
            assert FORMS[wrap](secret) not in redacted


@given(secret=secrets_, before=st.binary(max_size=5), after=st.binary(max_size=5))
def test_no_secret_is_ever_left_in_base64(secret: str, before: bytes, after: bytes) -> None:
    value = secret.encode()
    assume(value not in before + after)
    redacted = Redactor([secret]).text(base64.b64encode(before + value + after).decode())
    head = base64.b64encode(before + value)[: -4 or None].decode()[len(before) * 4 // 3 + 2 :]
    assert MASK in redacted
    assert not head or head not in redacted or len(head) < 4


@given(secret=secrets_, around=st.text("xyz", max_size=5), data=st.data())
def test_no_secret_is_ever_left_in_hex_of_mixed_cases(secret: str, around: str, data: st.DataObject) -> None:
    digits = secret.encode().hex(":") if data.draw(st.booleans()) else secret.encode().hex()
    cases = data.draw(st.lists(st.booleans(), min_size=len(digits), max_size=len(digits)))
    mixed = "".join(each.upper() if upper else each for each, upper in zip(digits, cases, strict=True))
    assert Redactor([secret]).text(around + mixed + around) == around + MASK + around


@given(secret=secrets_, around=st.text("xyz\u00e4\U0001f600\ud800", max_size=5), data=st.data())
def test_no_secret_is_ever_left_where_only_some_characters_are_encoded(
    secret: str, around: str, data: st.DataObject
) -> None:
    assume(not set(secret) & {*around, "?"})
    ways = data.draw(st.lists(st.sampled_from([0, 1, 2, 3]), min_size=len(secret), max_size=len(secret)))

    def encoded(character: str, way: int) -> str:
        if character.isascii() and not way:
            return character
        whole = "".join(f"%{byte:02X}" for byte in character.encode())
        return [whole, whole, whole.lower(), whole.replace("%", "%25")][way]

    wrapped = "".join(map(encoded, secret, ways))
    assert Redactor([secret]).text(around + wrapped + around) == around + MASK + around


@pytest.mark.parametrize("percent", ["%", "%25", "%2525"])
def test_a_percent_sign_at_the_end_of_a_secret_goes_with_it(percent: str) -> None:
    assert Redactor(["000000&%"]).text(f"x000000&{percent}x") == f"x{MASK}x"


@given(
    secret=st.text(max_size=50).map(lambda text: text + "f8q2kz7w"),
    before=st.binary(max_size=60),
    after=st.binary(max_size=60),
    length=st.sampled_from([64, 76]),
    end=st.sampled_from(["\n", "\r\n", "\\n", "\\r\\n"]),
)
def test_no_secret_is_ever_left_in_base64_on_several_lines(
    secret: str, before: bytes, after: bytes, length: int, end: str
) -> None:
    encoded = base64.b64encode(before + secret.encode() + after).decode()
    wrapped = end.join(encoded[at : at + length] for at in range(0, len(encoded), length))
    found = Redactor([secret]).text(wrapped)
    assert MASK in found
    kept = "".join(found.replace(MASK, " ").replace(end, "").split(" "))
    assert len(kept) <= len(encoded) - len(secret.encode()) * 4 // 3 + 4
    whole = Redactor([secret]).data(wrapped.encode())
    assert whole == found.encode()


@given(secrets_)
def test_no_secret_is_ever_left_backwards(secret: str) -> None:
    assert Redactor([secret]).text(f"<{secret[::-1]}>") == f"<{MASK}>"


@given(st.text(max_size=60), st.lists(secrets_, max_size=3))
def test_text_without_secrets_stays_as_it_is(text: str, secrets: list[str]) -> None:
    redactor = Redactor(secrets)
    assume(not any(form in text for form in redactor._texts))
    assert redactor.text(text) == text


def test_words_too_short_to_be_secrets_are_left_alone() -> None:
    assert Redactor(["room", "seven77"]).text("room seven77") == "room seven77"


def test_the_longer_secret_goes_first() -> None:
    assert Redactor(["password", "password-of-ann"]).text("password-of-ann, password") == f"{MASK}, {MASK}"


def test_bytes_are_redacted_as_text_is() -> None:
    redactor = Redactor([VALUE])
    assert redactor.data(b"\xff " + VALUE.encode() + b" \x00") == b"\xff " + MASK.encode() + b" \x00"
    assert redactor.data(quote(VALUE, safe="").encode()) == MASK.encode()


def test_values_keep_their_form() -> None:
    redactor = Redactor(["12345678"])
    value = {"a": ["12345678", 12345678, 1, True, None, 1.5], "12345678": {"deep": "x12345678x"}}
    assert redactor.value(value) == {"a": [MASK, MASK, 1, True, None, 1.5], MASK: {"deep": f"x{MASK}x"}}


def test_no_secrets_change_nothing() -> None:
    assert Redactor([]).value({"a": ["b"]}) == {"a": ["b"]}
