"""What an error of Cloudflare's or of wrangler's means: a sentence, and what to do."""

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
"""A class is to be made that the account has already, or the last migration is another: so too where an upload went
through whose answer was lost."""

_TRY_LATER: Final = "try again later; https://www.cloudflarestatus.com says how Cloudflare is"

_BY_CODE: Final[dict[int, tuple[str, str]]] = {
    10037: (
        "the account has no room for another Worker",
        "remove some (poc status, poc destroy), or use a paid plan; the free one takes 100",
    ),
    10097: (
        "the account's plan takes only Durable Objects with SQLite",
        "name the class under new_sqlite_classes instead of new_classes in the project's migrations",
    ),
    10099: (
        "the account takes only Durable Objects with SQLite",
        "name the class under new_sqlite_classes instead of new_classes in the project's migrations",
    ),
    10063: (
        "the account has no workers.dev subdomain yet",
        "open Workers & Pages at https://dash.cloudflare.com once, which makes one, and try again",
    ),
    10034: (
        "the account's e-mail address is not confirmed",
        "confirm it by the mail that Cloudflare sent; the dashboard sends another",
    ),
    10027: ("the Worker is too large for the account's plan", "make it smaller, or use a paid plan (3 MB are free)"),
    10021: ("Cloudflare does not start this Worker", "fix the project; wrangler deploy reports the same error"),
    10353: ("the account is blocked from deploying Workers", "ask Cloudflare's support"),
    7003: ("there is no account with this id", f"set {ACCOUNT} to the id that the dashboard shows, 32 hex digits"),
    **dict.fromkeys(
        MIGRATION_CONFLICTS,
        (
            "the Worker on the account has had other migrations than the project says",
            "deploy under another name (--name), or remove it first (poc destroy)",
        ),
    ),
}
_TOKEN_IS_WRONG: Final = frozenset({1000, 1001, 6003, 6111, 9106, 9109})
"""What the API says of a token that it does not know, that is malformed, or that has run out."""

_AUTHENTICATION: Final = 10000
"""What it says of a token that lacks a permission, is for another account, or has run out; these are not told apart."""


def trouble(refused: Refused, account: "Account", name: str | None = None) -> TargetError:
    """Return the sentence for what the API refused; asks the API about the token where that is what matters."""
    what = f" ({refused.message})"
    if refused.code in _TOKEN_IS_WRONG:
        return _bad_token(account, what)
    if refused.code in _BY_CODE:
        said, advice = _BY_CODE[refused.code]
        return TargetError(f"{'' if name is None else f'{name} was not deployed: '}{said}{what}", advice)
    if refused.status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN} or refused.code == _AUTHENTICATION:
        return _not_permitted(refused, account, what)
    if refused.status == httpx.codes.TOO_MANY_REQUESTS:
        wait = "" if refused.retry_after is None else f" and asks to wait {refused.retry_after:.0f} s"
        return TargetError(
            f"Cloudflare limits the rate of requests{wait}{what}",
            "try again after that; the limit counts all that the account's tokens do" if wait else _TRY_LATER,
        )
    if refused.status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return TargetError(
            f"Cloudflare's API fails with status {refused.status}, {refused.tries} "
            f"{'time' if refused.tries == 1 else 'times'} in a row: {_request(refused)}{what}",
            _TRY_LATER,
        )
    return TargetError(
        f"Cloudflare refuses {_request(refused)}{what}, code {refused.code}",
        "look the code up at https://developers.cloudflare.com/workers/observability/errors/",
    )


def _request(refused: Refused) -> str:
    return f"{refused.method} {refused.path.partition('?')[0]}"


def _bad_token(account: "Account", what: str) -> TargetError:
    return TargetError(
        f"Cloudflare does not accept {account.api.credentials.said}: it is wrong or has run out{what}", MAKE_ONE
    )


def _not_permitted(refused: Refused, account: "Account", what: str) -> TargetError:
    said = account.api.credentials.said
    state = token_state(account)
    if state is not None and state != "active":
        return TargetError(f"Cloudflare does not accept {said}: it is {state}{what}", MAKE_ONE)
    if state is None and refused.status == httpx.codes.UNAUTHORIZED:
        return _bad_token(account, what)
    needed = "Account > Workers Tail > Read" if "/tails" in refused.path else NEEDED
    return TargetError(
        f"{said} may not do this on account {account.id}: {_request(refused)}{what}",
        f"give it {needed}, or set {ACCOUNT} to an account that it is for",
    )


def token_state(account: "Account") -> str | None:
    """Return what Cloudflare says of the token: active, expired or disabled; None if it does not know it."""
    for path in ("/user/tokens/verify", f"/accounts/{account.id}/tokens/verify"):  # a person's, or an account's own
        try:
            found = account.api.result("GET", path)
        except (Refused, TargetError):
            continue
        return str((found or {}).get("status", "active"))
    return None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run of wrangler ended, as far as it is known."""

    code: int
    said: str
    deployed: dict[str, object] | None
    late: bool = False


_LOUD: Final = re.compile(r"^\W*\[ERROR\]\s*")
_IDLE: Final = ("If you think this is a bug", "Logs were written to", "🪵", "Cloudflare collects anonymous")
_LINES: Final = 12


def gist(said: str) -> str:
    """Return what wrangler said of its error, without colors and general advice; all of it where it marked none."""
    lines = [line.rstrip() for line in without_styles(said).splitlines()]
    lines = [line for line in lines if line.strip() and not any(word in line for word in _IDLE)]
    starts = [number for number, line in enumerate(lines) if _LOUD.match(line.strip())]
    told = lines[starts[-1] :] if starts else lines[-_LINES:]
    return "\n".join(_LOUD.sub("", line.strip()) if number == 0 else line for number, line in enumerate(told[:_LINES]))


def failed(outcome: Outcome, refused: Refused | None, account: "Account", name: str) -> TargetError:
    """Return the sentence for a run of wrangler that deployed nothing; `refused` is what the API refused it last."""
    if refused is not None:
        return trouble(refused, account, name)
    if outcome.late:
        return TargetError(
            f"wrangler did not deploy {name} in time", "try again; wrangler deploy would show where it hangs"
        )
    if outcome.code == 0:
        return TargetError(f"wrangler ended well and did not say that it deployed {name}", "run poc doctor")
    said = gist(outcome.said) or f"nothing (exit code {outcome.code})"
    return TargetError(
        f"wrangler could not deploy {name}:\n{said}", "fix the project; wrangler deploy reports the same error"
    )
