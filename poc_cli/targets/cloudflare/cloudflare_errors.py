"""Turn errors of Cloudflare and wrangler into a message and advice."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx

from poc_cli.errors import TargetError
from poc_cli.inert import without_styles
from poc_cli.targets.cloudflare.cloudflare_api import Refused
from poc_cli.targets.cloudflare.credentials import ACCOUNT, MAKE_ONE, NEEDED

if TYPE_CHECKING:
    from poc_cli.targets.cloudflare.account import Account

MIGRATION_CONFLICTS: Final = frozenset({10074, 10079})
"""The class to create exists already, or the last migration differs; also after an upload whose response was lost."""

_TRY_LATER: Final = "try again later; see https://www.cloudflarestatus.com"

_BY_CODE: Final[dict[int, tuple[str, str]]] = {
    10037: (
        "the account has the most Workers that its plan allows",
        "remove some (poc status, poc destroy), or use a paid plan; the free plan allows 100",
    ),
    10097: (
        "the account's plan allows only Durable Objects with SQLite",
        "list the class under new_sqlite_classes instead of new_classes in the project's migrations",
    ),
    10099: (
        "the account allows only Durable Objects with SQLite",
        "list the class under new_sqlite_classes instead of new_classes in the project's migrations",
    ),
    10063: (
        "the account has no workers.dev subdomain yet",
        "open Workers & Pages at https://dash.cloudflare.com once, which creates one, and try again",
    ),
    10034: (
        "the account's e-mail address is not confirmed",
        "confirm it with the e-mail that Cloudflare sent; the dashboard can send another",
    ),
    10027: ("the Worker is too large for the account's plan", "make it smaller, or use a paid plan (3 MB are free)"),
    10021: ("Cloudflare cannot start this Worker", "fix the project; wrangler deploy reports the same error"),
    10353: ("the account is blocked from deploying Workers", "contact Cloudflare's support"),
    7003: ("there is no account with this id", f"set {ACCOUNT} to the id that the dashboard shows, 32 hex digits"),
    **dict.fromkeys(
        MIGRATION_CONFLICTS,
        (
            "the Worker on the account has other migrations than the project",
            "deploy under another name (--name), or remove it first (poc destroy)",
        ),
    ),
}
_TOKEN_IS_WRONG: Final = frozenset({1000, 1001, 6003, 6111, 9106, 9109})
"""The API's codes for a token that is unknown, malformed or expired."""

_AUTHENTICATION: Final = 10000
"""The API's code for a token that lacks a permission, is for another account, or has expired."""


def trouble(refused: Refused, account: "Account", name: str | None = None) -> TargetError:
    """Return the error for a refusal; gets the token's state if that may be the cause."""
    what = f" ({refused.message})"
    if refused.code in _TOKEN_IS_WRONG:
        return _bad_token(account, what)
    if refused.code in _BY_CODE:
        message, advice = _BY_CODE[refused.code]
        return TargetError(f"{'' if name is None else f'{name} was not deployed: '}{message}{what}", advice)
    if refused.status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN} or refused.code == _AUTHENTICATION:
        return _not_permitted(refused, account, what)
    if refused.status == httpx.codes.TOO_MANY_REQUESTS:
        wait = "" if refused.retry_after is None else f" and asks to wait {refused.retry_after:.0f} s"
        return TargetError(
            f"Cloudflare limits the rate of requests{wait}{what}",
            "try again after that; the limit counts the requests of all of the account's tokens"
            if wait
            else _TRY_LATER,
        )
    if refused.status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return TargetError(
            f"Cloudflare's API failed with status {refused.status}, {refused.tries} "
            f"{'time' if refused.tries == 1 else 'times'} in a row: {_request(refused)}{what}",
            _TRY_LATER,
        )
    return TargetError(
        f"Cloudflare refused {_request(refused)}{what}, code {refused.code}",
        "look the code up at https://developers.cloudflare.com/workers/observability/errors/",
    )


def _request(refused: Refused) -> str:
    return f"{refused.method} {refused.path.partition('?')[0]}"


def _bad_token(account: "Account", what: str) -> TargetError:
    return TargetError(
        f"Cloudflare does not accept {account.api.credentials.description}: it is wrong or has expired{what}", MAKE_ONE
    )


def _not_permitted(refused: Refused, account: "Account", what: str) -> TargetError:
    description = account.api.credentials.description
    state = token_state(account)
    if state is not None and state != "active":
        return TargetError(f"Cloudflare does not accept {description}: it is {state}{what}", MAKE_ONE)
    if state is None and refused.status == httpx.codes.UNAUTHORIZED:
        return _bad_token(account, what)
    needed = "Account > Workers Tail > Read" if "/tails" in refused.path else NEEDED
    return TargetError(
        f"{description} lacks a permission on account {account.id}: {_request(refused)}{what}",
        f"give it {needed}, or set {ACCOUNT} to an account that it has access to",
    )


def token_state(account: "Account") -> str | None:
    """Return the state of the token: active, expired or disabled; None if Cloudflare does not know it."""
    for path in ("/user/tokens/verify", f"/accounts/{account.id}/tokens/verify"):  # a user's token, or an account's
        try:
            found = account.api.result("GET", path)
        except (Refused, TargetError):
            continue
        return str((found or {}).get("status", "active"))
    return None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run of wrangler ended."""

    code: int
    said: str
    deployed: dict[str, object] | None
    late: bool = False


_ERROR: Final = re.compile(r"^\W*\[ERROR\]\s*")
_NOISE: Final = ("If you think this is a bug", "Logs were written to", "🪵", "Cloudflare collects anonymous")
_LINES: Final = 12


def gist(said: str) -> str:
    """Return wrangler's error without colors and general advice, else the end of its output."""
    lines = [line.rstrip() for line in without_styles(said).splitlines()]
    lines = [line for line in lines if line.strip() and not any(word in line for word in _NOISE)]
    starts = [number for number, line in enumerate(lines) if _ERROR.match(line.strip())]
    shown = lines[starts[-1] :] if starts else lines[-_LINES:]
    return "\n".join(
        _ERROR.sub("", line.strip()) if number == 0 else line for number, line in enumerate(shown[:_LINES])
    )


def failed(outcome: Outcome, refused: Refused | None, account: "Account", name: str) -> TargetError:
    """Return the error for a run of wrangler that deployed nothing; `refused` is the API's last refusal."""
    if refused is not None:
        return trouble(refused, account, name)
    if outcome.late:
        return TargetError(
            f"wrangler did not deploy {name} in time", "try again; `wrangler deploy` shows where it hangs"
        )
    if outcome.code == 0:
        return TargetError(f"wrangler succeeded but did not report a deployment of {name}", "run poc doctor")
    output = gist(outcome.said) or f"no output (exit code {outcome.code})"
    return TargetError(
        f"wrangler could not deploy {name}:\n{output}", "fix the project; wrangler deploy reports the same error"
    )
