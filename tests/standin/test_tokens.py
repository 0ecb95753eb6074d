"""A token opens what it is for, and is refused for the rest as Cloudflare words it."""

import pytest

from tests.standin.refusal import Refusal
from tests.standin.tokens import EDIT_WORKERS, SCRIPTS, SCRIPTS_READ, Token, authenticated, permit

SCRIPT = "/accounts/abc/workers/scripts/a"
GOOD = Token("good")


def _refused(token: Token, method: str, path: str) -> tuple[int, int]:
    with pytest.raises(Refusal) as refused:
        permit(token, method, path)
    return refused.value.status, refused.value.code


@pytest.mark.parametrize(
    ("header", "code"), [(None, 9106), ("Basic abc", 6003), ("Bearer ", 6003), ("Bearer other", 1000)]
)
def test_without_a_good_token_nothing_is_open(header: str | None, code: int) -> None:
    with pytest.raises(Refusal) as refused:
        authenticated([GOOD], header)
    assert refused.value.code == code


def test_the_template_for_workers_opens_all() -> None:
    assert authenticated([Token("x"), GOOD], "Bearer good") is GOOD
    for path in ("/user", "/user/tokens/verify", "/memberships", "/accounts", SCRIPT, f"{SCRIPT}/tails"):
        permit(GOOD, "GET", path)
    permit(GOOD, "DELETE", "/accounts/abc/workers/services/a")


def test_each_permission_is_missed() -> None:
    for scope, path in (
        ("Workers KV Storage:Edit", "/accounts/abc/storage/kv/namespaces"),
        ("Account Settings:Read", "/accounts"),
        ("User Details:Read", "/user"),
        ("Memberships:Read", "/memberships"),
        (SCRIPTS, SCRIPT),
    ):
        assert _refused(Token("t", EDIT_WORKERS - {scope}), "GET", path) == (403, 10000), path


def test_reading_is_not_writing() -> None:
    reader = Token("t", frozenset({SCRIPTS_READ}))
    permit(reader, "GET", SCRIPT)
    assert _refused(reader, "PUT", SCRIPT) == (403, 10000)


def test_a_token_of_another_account() -> None:
    assert _refused(Token("t", accounts=frozenset({"def"})), "GET", SCRIPT) == (403, 10000)


def test_an_expired_token() -> None:
    expired = Token("t", status="expired")
    assert _refused(expired, "GET", SCRIPT) == (401, 10000)
    assert _refused(expired, "GET", "/user") == (401, 9109)
    permit(expired, "GET", "/user/tokens/verify")  # which says that it has expired


def test_a_token_that_an_account_owns_has_no_user() -> None:
    owned = Token("t", owned=True)
    assert _refused(owned, "GET", "/user") == (403, 9109)
    assert _refused(owned, "GET", "/memberships") == (400, 9106)
    assert _refused(owned, "GET", "/user/tokens/verify") == (401, 1000)
    permit(owned, "PUT", SCRIPT)
