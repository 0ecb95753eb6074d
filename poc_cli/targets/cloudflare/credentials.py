"""Whose account is used, and by which token: from the environment, else from wrangler's own login."""

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

NEEDED: Final = "Account > Workers Scripts > Edit (and Account > Account Settings > Read, where no account is named)"
"""The permissions of an API token that deploying takes, in the words of Cloudflare's dashboard."""

MAKE_ONE: Final = (
    f"make an API token at https://dash.cloudflare.com/profile/api-tokens with {NEEDED}, and export it as {TOKEN}"
)

_API: Final = "https://api.cloudflare.com/client/v4"
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

_LEAST_LEFT: Final = timedelta(minutes=2)
"""A login that ends sooner would end before a small run has removed what it deployed; they last an hour."""


class Credentials(Protocol):
    """What a request to the API shows."""

    @property
    def said(self) -> str:
        """Return where they come from, for a sentence."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the values that must never be written down."""

    def bearer(self) -> str:
        """Return the token of now. Raises TargetError if there is none any more."""


@dataclass(frozen=True, slots=True, repr=False)
class ApiToken:
    """A token of the environment."""

    value: str
    said: str = f"the token in {TOKEN}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the token."""
        return (self.value,)

    def bearer(self) -> str:
        """Return the token."""
        return self.value


@dataclass(slots=True, repr=False)
class Login:
    """wrangler's own login. Its file is read anew whenever the token has run out: wrangler may have renewed it."""

    file: Path
    _value: str = ""
    _ends: datetime = _LONG_AGO

    @property
    def said(self) -> str:
        """Return where it comes from."""
        return f"wrangler's login in {self.file}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the token that was read last."""
        return (self._value,) if self._value else ()

    def bearer(self) -> str:
        """Return the access token. Raises TargetError if it has run out or cannot be read."""
        if not self._value or datetime.now(UTC) >= self._ends:
            self._read(datetime.now(UTC))
        return self._value

    def raise_if_ending(self) -> None:
        """Raise TargetError where it ends before a small run would."""
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
                f"wrangler's login has run out ({ends:%H:%M} UTC); it lasts an hour, and only wrangler may renew it",
                f"renew it with `npx wrangler whoami` and try again, or {MAKE_ONE}",
            )
        self._value, self._ends = value, ends if ends.tzinfo else ends.replace(tzinfo=UTC)


def credentials(environment: Mapping[str, str] = os.environ) -> Credentials:
    """Return what to show to the API. Raises TargetError if there is nothing, or nothing that still holds."""
    if token := environment.get(TOKEN, "").strip():
        return ApiToken(token)
    if environment.get("CLOUDFLARE_API_KEY"):
        raise TargetError("poc does not use a global API key (CLOUDFLARE_API_KEY): it may do anything", MAKE_ONE)
    folder = _wrangler_folder(environment)
    file = folder / "config" / "default.toml"
    if file.is_file():
        login = Login(file)
        login.raise_if_ending()
        return login
    if file.with_suffix(".enc").is_file():
        raise TargetError("wrangler keeps its login in the system's keyring, which poc does not open", MAKE_ONE)
    raise TargetError(f"no Cloudflare account: {TOKEN} is not set, and wrangler is not logged in", MAKE_ONE)


def _wrangler_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of wrangler's settings, as it chooses it itself."""
    home = Path(environment.get("HOME") or Path.home())
    if (home / ".wrangler").is_dir():
        return home / ".wrangler"
    given = environment.get("XDG_CONFIG_HOME")
    if given:
        return Path(given) / ".wrangler"
    return home / ("Library/Preferences" if sys.platform == "darwin" else ".config") / ".wrangler"


def base_url(environment: Mapping[str, str] = os.environ) -> str:
    """Return where the API is, without a trailing slash. Raises TargetError if a token would be sent in clear."""
    given = environment.get(BASE_URL, "").rstrip("/")
    if not given:
        return _API
    parts = urlsplit(given)
    if parts.scheme == "https" and parts.hostname:
        return given
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return given
    raise TargetError(f"{BASE_URL} is {given}", "give an https:// address; http:// is for this machine alone")
