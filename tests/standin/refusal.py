"""What the API refuses with: a status, a code and a sentence, as Cloudflare words them where that is publicly known."""

from dataclasses import dataclass
from typing import Final


@dataclass
class Refusal(Exception):
    """One error of the API; `headers` go with the answer."""

    status: int
    code: int
    message: str
    headers: tuple[tuple[str, str], ...] = ()


NO_SCRIPT: Final = 10007
"""The script, or the account's workers.dev subdomain, does not exist."""

NO_SERVICE: Final = 10090
"""The same of a service; wrangler asks for one first."""

UNAUTHENTICATED: Final = 10000
"""The token is not good for this; wrangler knows the number."""


def no_script(name: str) -> Refusal:
    """Return the refusal of a script that is not there."""
    return Refusal(404, NO_SCRIPT, f"This Worker does not exist on your account: {name}.")


def no_service(name: str) -> Refusal:
    """Return the refusal of a service that is not there."""
    return Refusal(404, NO_SERVICE, f"This service does not exist on your account: {name}.")


def no_subdomain() -> Refusal:
    """Return the refusal where an account has no workers.dev subdomain yet."""
    return Refusal(404, NO_SCRIPT, "You need a workers.dev subdomain in order to proceed.")


def not_permitted() -> Refusal:
    """Return the refusal of a token that lacks a permission, or is for another account; they are not told apart."""
    return Refusal(403, UNAUTHENTICATED, "Authentication error")


def bad_upload(why: str) -> Refusal:
    """Return the refusal of an upload that cannot be understood or does not start."""
    return Refusal(400, 10021, why)


def unknown_error() -> Refusal:
    """Return the answer of a service that failed by itself."""
    return Refusal(500, 10013, "An unknown error has occurred. If this error persists, please report it to Cloudflare.")
