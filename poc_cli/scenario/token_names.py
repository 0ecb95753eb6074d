"""The names of poc's bearer token and of near misses, for clients and requests that try to get in with them."""

from collections.abc import Mapping
from typing import Final

TOKEN: Final = "token"  # noqa: S105 - a name

TOKEN_VARIABLE: Final = "POC_TOKEN"  # noqa: S105 - a name
"""The variable that it is in. A scenario's worker may have an empty one: then the worker has no token."""

TOKEN_NAMES: Final = frozenset(
    {TOKEN} | {f"token.{kind}" for kind in ("upper", "lower", "first", "short", "rest", "long", "other", "turned")}
)
"""Bound in path, headers and subprotocols of clients and in `http` steps, unless a scenario binds `token` itself."""


def token_names(token: str) -> Mapping[str, str]:
    """Return the values of these names: the token in the other cases, its first letter, and so on."""
    return {
        TOKEN: token,
        "token.upper": token.upper(),
        "token.lower": token.lower(),
        "token.first": token[:1],
        "token.short": token[:-1],
        "token.rest": token[1:],
        "token.long": f"{token}x",
        "token.other": token[:-1] + ("A" if token[-1:] != "A" else "B"),
        "token.turned": token[::-1],
    }
