"""The Workers of a Cloudflare account: list them, find those of poc, remove one."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx
import tenacity

from poc_cli.errors import TargetError
from poc_cli.targets.cloudflare.cloudflare_api import REMOVAL_SECONDS, Api, Refused, Unreachable
from poc_cli.targets.cloudflare.cloudflare_errors import trouble
from poc_cli.targets.cloudflare.marker import Marker, marker_of

AT_ONCE: Final = 8
"""Concurrent requests. The API allows 1,200 in five minutes, enough for an account with 500 Workers."""

_ABSENT: Final = object()
"""What a request finds where nothing is."""

_CHECKS: Final = 5
"""How often to check whether a removed Worker is gone."""


@dataclass(frozen=True, slots=True)
class Found:
    """A Worker of poc on the account."""

    name: str
    marker: Marker
    url: str | None


class Account:
    """One account, by its id."""

    def __init__(self, api: Api, identity: str) -> None:
        self.api = api
        self.id = identity
        self._path = f"/accounts/{quote(identity, safe='')}/workers"

    def scripts(self) -> list[str]:
        """Return the names of all Workers. Raises TargetError if the API refuses."""
        try:
            listed = self.api.result("GET", f"{self._path}/scripts")
        except Refused as refused:
            raise trouble(refused, self) from refused
        return sorted(str(each["id"]) for each in listed or [] if isinstance(each, dict) and "id" in each)

    def bindings(self, name: str) -> list[dict[str, Any]] | None:
        """Return the bindings of a Worker, None if it does not exist. Raises TargetError if the API refuses."""
        settings = self._found(f"{self._script(name)}/settings")
        if settings is _ABSENT:
            return None
        return [each for each in (settings or {}).get("bindings") or [] if isinstance(each, dict)]

    def exists(self, name: str) -> bool:
        """Return whether a Worker exists, even half uploaded. Raises TargetError if the API refuses."""
        return self._found(f"{self._path}/services/{quote(name, safe='')}") is not _ABSENT

    def is_deployed(self, name: str) -> bool:
        """Return whether a version of a Worker is deployed, which it is not after a failed upload.

        Raises TargetError if the API refuses.
        """
        found = self._found(f"{self._script(name)}/deployments")
        return found is not _ABSENT and bool((found or {}).get("deployments"))

    def subdomain(self) -> str | None:
        """Return the account's workers.dev subdomain, None if it has none. Raises TargetError if the API refuses."""
        found = self._found(f"{self._path}/subdomain")
        return None if found is _ABSENT else (found or {}).get("subdomain") or None

    def url(self, name: str, subdomain: str | None) -> str | None:
        """Return a Worker's URL: the one from the API if it has a scheme, else the one on workers.dev."""
        try:
            worker = self.api.result("GET", f"{self._path}/workers/{quote(name, safe='')}")
        except Refused:
            worker = None
        url = ((worker or {}).get("subdomain") or {}).get("url")
        if isinstance(url, str) and urlsplit(url).scheme in {"http", "https"}:
            return url.rstrip("/")
        return f"https://{name}.{subdomain}.workers.dev" if subdomain else None

    def found(self, names: Iterable[str] | None = None) -> list[Found]:
        """Return poc's Workers among these names, or all, oldest first. Raises TargetError if the API refuses."""
        asked = self.scripts() if names is None else list(names)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            bound = list(pool.map(self.bindings, asked))
            marked = [
                (name, mark)
                for name, each in zip(asked, bound, strict=True)
                if each is not None and (mark := marker_of(each)) is not None
            ]
            subdomain = self.subdomain() if marked else None
            urls = list(pool.map(lambda pair: self.url(pair[0], subdomain), marked))
        found = [Found(name, mark, url) for (name, mark), url in zip(marked, urls, strict=True)]
        return sorted(found, key=lambda each: each.marker.at)

    def remove(self, name: str, phase: Callable[[str], None]) -> bool:
        """Remove a Worker with its objects and secrets, and check that it is gone; False if it did not exist.

        Retries for a minute. Raises TargetError if it still exists then, or if that is not known.
        """
        patient = Account(self.api.patient(REMOVAL_SECONDS), self.id)
        phase(f"removing {name}")
        was_there = patient.delete(name)
        looking = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda there: there is True),
            stop=tenacity.stop_after_attempt(_CHECKS),
            wait=tenacity.wait_exponential(0.2, max=3),
            retry_error_callback=lambda _state: True,
        )

        def still_there() -> bool:
            if not patient.exists(name):
                return False
            patient.delete(name)
            return patient.exists(name)

        if looking(still_there):
            raise TargetError(
                f"Cloudflare reports that {name} is removed but still lists it", f"try again later: poc destroy {name}"
            )
        return was_there

    def delete(self, name: str) -> bool:
        """Request the removal once; False if the Worker does not exist. Raises TargetError if the API refuses."""
        quoted = quote(name, safe="")
        # Both remove objects and secrets when forced, as documented; wrangler uses the first.
        gone = False
        for path in (f"{self._path}/services/{quoted}", f"{self._path}/scripts/{quoted}"):
            try:
                self.api.result("DELETE", f"{path}?force=true")
            except Refused as refused:
                if refused.is_absence or refused.status == httpx.codes.METHOD_NOT_ALLOWED:
                    # 404 after a retry: an earlier try removed it, and its response was lost
                    gone = gone or refused.tries > 1
                    continue
                raise trouble(refused, self) from refused
            return True
        return gone

    def _script(self, name: str) -> str:
        return f"{self._path}/scripts/{quote(name, safe='')}"

    def _found(self, path: str) -> Any:
        """Return the result of a GET, _ABSENT if there is no such thing. Raises TargetError if the API refuses."""
        try:
            return self.api.result("GET", path)
        except Refused as refused:
            if refused.is_absence:
                return _ABSENT
            raise trouble(refused, self) from refused


def chosen(api: Api, named: str | None) -> Account:
    """Return the named account, else the only one. Raises TargetError if there is none, or several."""
    if named:
        return Account(api, named)
    accounts: dict[str, str] = {}
    for path in ("/accounts?page=1&per_page=50", "/memberships?page=1&per_page=50"):
        try:
            for each in api.result("GET", path) or []:
                one = each.get("account", each)
                accounts[str(one["id"])] = str(one.get("name", ""))
        except Unreachable:
            raise
        except Refused as refused:
            if refused.status not in {httpx.codes.BAD_REQUEST, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}:
                raise trouble(refused, Account(api, "")) from refused
        if accounts:
            break
    if len(accounts) == 1:
        return Account(api, next(iter(accounts)))
    if not accounts:
        raise TargetError(
            f"{api.credentials.description} has access to no account",
            "set CLOUDFLARE_ACCOUNT_ID, or give the token Account > Account Settings > Read",
        )
    listed = "".join(f"\n    CLOUDFLARE_ACCOUNT_ID={each}   {name}" for each, name in sorted(accounts.items()))
    raise TargetError(
        f"{api.credentials.description} has access to {len(accounts)} accounts", f"choose one by setting one of{listed}"
    )
