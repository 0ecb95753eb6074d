"""All that one stand-in has: its accounts, tokens and switches, what serves the Workers, and who listens to a tail."""

import asyncio
from dataclasses import dataclass, field

from tests.standin.account import Account, Script
from tests.standin.faults import Faults
from tests.standin.refusal import Refusal
from tests.standin.serving import Stage
from tests.standin.tail import Tails
from tests.standin.tokens import Token


@dataclass(frozen=True, slots=True)
class Request:
    """One request that the API got, its path after /client/v4; `status` is None where no answer was sent."""

    method: str
    path: str
    status: int | None
    fault: str | None = None


@dataclass(slots=True)
class World:
    """One of everything."""

    accounts: list[Account]
    tokens: list[Token]
    faults: Faults
    stage: Stage
    tails: Tails
    email: str = "standin@example.com"
    requests: list[Request] = field(default_factory=list)
    api: str = ""
    """The address of the API, without a path."""
    _locks: dict[tuple[str, str], asyncio.Lock] = field(default_factory=dict)

    def alone(self, account: Account, name: str) -> asyncio.Lock:
        """Return the lock of a Worker, under which it is changed."""
        return self._locks.setdefault((account.id, name), asyncio.Lock())

    def account(self, wanted: str) -> Account:
        """Return an account by its id. Raises Refusal where there is none."""
        for account in self.accounts:
            if account.id == wanted:
                return account
        raise Refusal(404, 7003, f"Could not route to /accounts/{wanted}, perhaps your object identifier is invalid?")

    def public(self, host: str) -> tuple[Account, Script] | None:
        """Return the Worker that a host name belongs to, where it is deployed and on workers.dev."""
        name, _, rest = host.partition(".")
        for account in self.accounts:
            if account.subdomain is not None and rest == f"{account.subdomain}.workers.dev":
                script = account.scripts.get(name)
                if script is not None and script.on_workers_dev and script.deployed is not None:
                    return account, script
        return None
