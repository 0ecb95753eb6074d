"""Tokens of the API: which permissions each has, and which one a request needs."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tests.standin.refusal import UNAUTHENTICATED, Refusal, not_permitted

SCRIPTS: Final = "Workers Scripts:Edit"
SCRIPTS_READ: Final = "Workers Scripts:Read"
TAIL: Final = "Workers Tail:Read"
KV: Final = "Workers KV Storage:Edit"
ACCOUNT: Final = "Account Settings:Read"
USER: Final = "User Details:Read"
MEMBERSHIPS: Final = "Memberships:Read"

EDIT_WORKERS: Final = frozenset({SCRIPTS, TAIL, KV, ACCOUNT, USER, MEMBERSHIPS})
"""What Cloudflare's template "Edit Cloudflare Workers" grants, as far as the stand-in asks for it."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `accounts` are the ids that it is good for, None is all. `status` is active, disabled or expired.

    One that is `owned` by an account has no user behind it.
    """

    value: str
    scopes: frozenset[str] = EDIT_WORKERS
    accounts: frozenset[str] | None = None
    status: str = "active"
    owned: bool = False

    def sees(self, account: str) -> bool:
        """Tell whether it is good for an account."""
        return self.accounts is None or account in self.accounts


_NEEDED: Final = (
    # method, path after /client/v4, any of these permissions
    ("*", r"/user/tokens/verify", ()),
    ("*", r"/user", (USER,)),
    ("*", r"/memberships", (MEMBERSHIPS,)),
    ("*", r"/accounts", (ACCOUNT,)),
    ("*", r"/accounts/[^/]+/storage/kv/.*", (KV,)),
    ("*", r"/accounts/[^/]+/workers/scripts/[^/]+/tails.*", (TAIL, SCRIPTS)),
    ("*", r"/accounts/[^/]+/workers/tails/.*", (TAIL, SCRIPTS, SCRIPTS_READ)),
    ("GET", r"/accounts/[^/]+/workers/.*", (SCRIPTS, SCRIPTS_READ)),
    ("*", r"/accounts/[^/]+/workers/.*", (SCRIPTS,)),
)

_OF_USERS: Final = {
    "/user/tokens/verify": (401, 1000, "Invalid API Token"),
    "/user": (403, 9109, "Valid user-level authentication not found"),
    "/memberships": (400, 9106, "Authentication failed (status: 400)"),
}
"""What a token is told that no user has."""


def authenticated(tokens: Iterable[Token], authorization: str | None) -> Token:
    """Return the token of an Authorization header. Raises Refusal where there is none, or none that is good."""
    if authorization is None:
        raise Refusal(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
    kind, _, value = authorization.partition(" ")
    if kind != "Bearer" or not value:
        raise Refusal(400, 6003, "Invalid request headers")
    for token in tokens:
        if token.value == value:
            return token
    raise Refusal(401, 1000, "Invalid API Token")


def permit(token: Token, method: str, path: str) -> None:
    """Raise Refusal where a token is not good for a request; `path` is what comes after /client/v4."""
    if token.owned and path in _OF_USERS:
        raise Refusal(*_OF_USERS[path])
    if path == "/user/tokens/verify":
        return
    account = re.match(r"/accounts/([^/]+)", path)
    if token.status != "active":
        # the services behind /accounts/:id and the rest word it differently
        raise (
            Refusal(401, UNAUTHENTICATED, "Authentication error")
            if account
            else Refusal(401, 9109, "Invalid access token")
        )
    if account and not token.sees(account[1]):
        raise not_permitted()
    for verb, pattern, scopes in _NEEDED:
        if verb in ("*", method) and re.fullmatch(pattern, path):
            if scopes and not token.scopes & set(scopes):
                raise not_permitted()
            return
