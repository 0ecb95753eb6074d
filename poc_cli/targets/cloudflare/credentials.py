"""The credentials for Cloudflare's API: from the environment, else from wrangler's login."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

import tomli

from poc_cli.errors import TargetError

TOKEN: Final = "CLOUDFLARE_API_TOKEN"  # noqa: S105 - the name of a variable
ACCOUNT: Final = "CLOUDFLARE_ACCOUNT_ID"
BASE_URL: Final = "CLOUDFLARE_API_BASE_URL"

NEEDED: Final = f"Account > Workers Scripts > Edit (and Account > Account Settings > Read, unless {ACCOUNT} is set)"
"""The permissions that an API token needs for deployments, as Cloudflare's dashboard names them."""

MAKE_ONE: Final = (
    f"create an API token at https://dash.cloudflare.com/profile/api-tokens with {NEEDED}, and export it as {TOKEN}"
)

_API: Final = "https://api.cloudflare.com/client/v4"
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

_LEAST_LEFT: Final = timedelta(minutes=2)
"""A login must last at least as long as a small run with its removal; logins last an hour."""


class Credentials(Protocol):
    """The credentials of a request to the API."""

    @property
    def description(self) -> str:
        """Return where they come from, for messages."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the values to redact."""

    def bearer(self) -> str:
        """Return the current token. Raises TargetError if it has expired."""


@dataclass(frozen=True, slots=True, repr=False)
class ApiToken:
    """A token from the environment."""

    value: str
    description: str = f"the token in {TOKEN}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the token."""
        return (self.value,)

    def bearer(self) -> str:
        """Return the token."""
        return self.value


@dataclass(slots=True, repr=False)
class Login:
    """wrangler's login. Its file is read again once the token has expired, as wrangler may have renewed it."""

    file: Path
    _value: str = ""
    _ends: datetime = _LONG_AGO

    @property
    def description(self) -> str:
        """Return where it comes from, for messages."""
        return f"wrangler's login in {self.file}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the token that was read last."""
        return (self._value,) if self._value else ()

    def bearer(self) -> str:
        """Return the access token. Raises TargetError if it has expired or cannot be read."""
        if not self._value or datetime.now(UTC) >= self._ends:
            self._read(datetime.now(UTC))
        return self._value

    def raise_if_ending(self) -> None:
        """Raise TargetError if it expires before a small run would end."""
        self._read(datetime.now(UTC) + _LEAST_LEFT)

    def _read(self, until: datetime) -> None:
        try:
            table = tomli.loads(self.file.read_text(encoding="utf-8"))
            value, ends = str(table["oauth_token"]), datetime.fromisoformat(str(table["expiration_time"]))
        except (OSError, ValueError, KeyError) as error:
            raise TargetError(
                f"wrangler's login cannot be read from {self.file}: {type(error).__name__}",
                f"log in again, or {MAKE_ONE}",
            ) from None
        if (ends if ends.tzinfo else ends.replace(tzinfo=UTC)) <= until:
            raise TargetError(
                f"wrangler's login has expired ({ends:%H:%M} UTC); it lasts an hour, and only wrangler can renew it",
                f"renew it with `npx wrangler whoami` and try again, or {MAKE_ONE}",
            )
        self._value, self._ends = value, ends if ends.tzinfo else ends.replace(tzinfo=UTC)


def credentials(environment: Mapping[str, str] = os.environ) -> Credentials:
    """Return the credentials. Raises TargetError if there are none, or they have expired."""
    if token := environment.get(TOKEN, "").strip():
        return ApiToken(token)
    if environment.get("CLOUDFLARE_API_KEY"):
        raise TargetError(
            "poc does not use a global API key (CLOUDFLARE_API_KEY), because it has all permissions", MAKE_ONE
        )
    folder = _wrangler_folder(environment)
    file = folder / "config" / "default.toml"
    if file.is_file():
        login = Login(file)
        login.raise_if_ending()
        return login
    if file.with_suffix(".enc").is_file():
        raise TargetError("wrangler stores its login in the system's keyring, which poc does not read", MAKE_ONE)
    raise TargetError(f"no Cloudflare account: {TOKEN} is not set, and wrangler is not logged in", MAKE_ONE)


def _wrangler_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of wrangler's settings, chosen as wrangler does."""
    home = Path(environment.get("HOME") or Path.home())
    if (home / ".wrangler").is_dir():
        return home / ".wrangler"
    given = environment.get("XDG_CONFIG_HOME")
    if given:
        return Path(given) / ".wrangler"
    return home / ("Library/Preferences" if sys.platform == "darwin" else ".config") / ".wrangler"


def base_url(environment: Mapping[str, str] = os.environ) -> str:
    """Return the API's base URL without a trailing slash. Raises TargetError if it is not encrypted."""
    given = environment.get(BASE_URL, "").rstrip("/")
    if not given:
        return _API
    parts = urlsplit(given)
    if parts.scheme == "https" and parts.hostname:
        return given
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return given
    raise TargetError(f"{BASE_URL} is {given}", "use an https:// address; http:// is only allowed for this machine")
