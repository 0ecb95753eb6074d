"""Connect to the API and choose the account."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from poc_cli.targets.cloudflare.account import Account, chosen
from poc_cli.targets.cloudflare.cloudflare_api import Api, client_for
from poc_cli.targets.cloudflare.credentials import ACCOUNT, base_url, credentials


@contextmanager
def connected(say: Callable[[str], None], account: str | None = None) -> Iterator[Account]:
    """Yield the account of the environment, else of the project, else the only one. Raises TargetError without one."""
    shown, base = credentials(), base_url()
    with client_for(base) as client:
        yield chosen(Api(base, shown, say, client), os.environ.get(ACCOUNT, "").strip() or account)
