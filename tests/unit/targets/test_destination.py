"""Words and addresses of targets, and secrets that come by the names of variables alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poc_cli.errors import UsageError
from poc_cli.targets.destination import Destination, destination, given_headers, token_headers

SECRET = "s3cret-value-of-a-token"  # noqa: S105 - of nobody


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("wss://chat.example", "https://chat.example"),
        ("ws://127.0.0.1:8787/", "http://127.0.0.1:8787"),
        ("https://a.b.workers.dev", "https://a.b.workers.dev"),
        ("HTTP://Chat.Example:80", "http://chat.example:80"),
        ("http://[::1]:8787", "http://[::1]:8787"),
    ],
)
def test_an_address_is_kept_as_the_one_for_requests(text: str, url: str) -> None:
    assert destination(text) == Destination("url", url)


def test_words_are_targets_too() -> None:
    assert destination("local").is_local
    assert destination("cloudflare") == Destination("cloudflare")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("clouflare", 'did you mean "cloudflare"?'),
        ("chat.example", "write it as https://chat.example"),
        ("localhost:8787", "write it as https://localhost:8787"),
        ("ftp://chat.example", "it must begin with wss://"),
        ("https://", "write it as https://my-worker"),
        ("https://chat.example:port", None),
        ("https://chat.example/room/1", "put paths into the scenario's clients"),
        ("https://chat.example?key=value", "secrets into a variable"),
        ("https://chat.example#x", "put paths into the scenario's clients"),
    ],
)
def test_what_is_none_is_refused_with_what_to_write(text: str, advice: str | None) -> None:
    with pytest.raises(UsageError) as refused:
        destination(text)
    assert advice is None or advice in str(refused.value)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as refused:
        destination(f"https://me:{SECRET}@chat.example")
    assert SECRET not in str(refused.value)


@given(st.text(max_size=40))
def test_any_text_is_a_target_or_a_usage_error(text: str) -> None:
    try:
        found = destination(text)
    except UsageError:
        return
    assert found.word in {"local", "cloudflare", "url"}


def test_a_token_is_the_value_of_a_variable() -> None:
    assert token_headers("CHAT_TOKEN", {"CHAT_TOKEN": SECRET}) == {"Authorization": f"Bearer {SECRET}"}
    assert token_headers(None, {}) == {}


def test_a_variable_that_is_not_set_is_told_with_one_that_is() -> None:
    with pytest.raises(UsageError) as refused:
        token_headers("CHAT_TOKE", {"CHAT_TOKEN": SECRET})
    assert 'did you mean "CHAT_TOKEN"?' in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("name", [SECRET, "a b", "", "7x"])
def test_a_token_instead_of_a_name_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        token_headers(name, {})
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("value", ["two\nlines-of-it", " blank-at-its-end ", "größer-als-ascii"])
def test_a_value_that_no_header_takes_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(UsageError) as refused:
        token_headers("CHAT_TOKEN", {"CHAT_TOKEN": value})
    assert value not in str(refused.value)


def test_headers_come_from_variables_too() -> None:
    assert given_headers(["X-Team=TEAM"], {"TEAM": "a"}) == {"X-Team": "a"}


@pytest.mark.parametrize("pair", ["X-Team", "=TEAM", "X-Team=", "X Team=TEAM", "Host=TEAM", "upgrade=TEAM"])
def test_what_is_no_header_is_refused(pair: str) -> None:
    with pytest.raises(UsageError):
        given_headers([pair], {"TEAM": "a"})
