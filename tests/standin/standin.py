"""The stand-in as tests use it: `with StandIn() as cloud`, in a thread of its own, so that poc can run beside it."""

import asyncio
import contextlib
import secrets
import shutil
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from poc_cli.targets.installation import locate
from poc_cli.targets.janitor import Janitor
from tests.standin.account import Account
from tests.standin.api import PREFIX, application
from tests.standin.edge import Edge, Place
from tests.standin.faults import Faults
from tests.standin.serving import Policy, Stage
from tests.standin.tail import Tails
from tests.standin.tokens import Token
from tests.standin.world import Request, World

STARTS_WITHIN_SECONDS = 30.0
"""A guard; it takes a few milliseconds."""


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


class StandIn:
    """One Cloudflare of one's own."""

    def __init__(
        self,
        *,
        accounts: Sequence[Account] = (),
        tokens: Sequence[Token] = (),
        faults: Faults | None = None,
        ports: tuple[int, int] = (0, 0),
    ) -> None:
        """Take what is there at the start: one empty free account and one token that may do all, unless it is said.

        `ports` are those of the API and of the edge; 0 is any that is free.
        """
        self.folder = Path(tempfile.gettempdir()) / f"standin-{secrets.token_hex(8)}"
        self._janitor: Janitor | None = None
        stage = Stage(locate(_say), self.folder)
        self._world = World(
            list(accounts) or [Account()],
            list(tokens) or [Token(f"standin-{secrets.token_hex(16)}")],
            faults or Faults(),
            stage,
            Tails(),
        )
        self._ports = ports
        self._edge_port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._enough: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="stand-in", daemon=True)
        self._started = threading.Event()
        self._failed: BaseException | None = None

    def __enter__(self) -> Self:
        """Start, and wait until it listens."""
        self._janitor = Janitor(self.folder)
        self.folder.mkdir(mode=0o700)
        self._thread.start()
        if not self._started.wait(STARTS_WITHIN_SECONDS):
            raise TimeoutError("the stand-in did not start in time; the machine may be too busy")
        if self._failed is not None:
            self._clear()
            raise self._failed
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all Workers and stop."""
        if self._loop is not None and self._enough is not None and self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # it ended by itself just now
                self._loop.call_soon_threadsafe(self._enough.set)
        self._thread.join()
        self._clear()

    def _clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._janitor is not None and self._janitor.waiting:
            self._janitor.dismiss()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - told by the thread that waits for us
            self._failed = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        world = self._world
        self._loop, self._enough = asyncio.get_running_loop(), asyncio.Event()
        runner = web.AppRunner(application(world), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        edge = Edge(self._find)
        try:
            site = web.TCPSite(runner, "127.0.0.1", self._ports[0])
            await site.start()
            world.api = f"http://127.0.0.1:{runner.addresses[0][1]}"
            world.stage.collector = f"{world.api}/_standin/tail"
            self._edge_port = await edge.start(self._ports[1])
            self._started.set()
            await self._enough.wait()
        finally:
            await edge.close()
            await world.tails.close()
            await world.stage.close()
            await runner.cleanup()

    async def _find(self, host: str, path: str) -> Place | None:
        found = self._world.public(host)
        if found is None:
            return None
        account, script = found
        found_at = await self._world.stage.port(account, script, path)
        return None if found_at is None else Place(*found_at)

    @property
    def policy(self) -> Policy:
        """Return what becomes of sockets at an update of either mode; it can be changed."""
        return self._world.stage.policy

    @property
    def api(self) -> str:
        """Return the address of the API."""
        return f"{self._world.api}{PREFIX}"

    @property
    def edge(self) -> str:
        """Return the address at which all public host names are answered."""
        return f"http://127.0.0.1:{self._edge_port}"

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that make wrangler and poc use the stand-in: its first account and token."""
        return {
            "CLOUDFLARE_API_BASE_URL": self.api,
            "CLOUDFLARE_ACCOUNT_ID": self.account.id,
            "CLOUDFLARE_API_TOKEN": self._world.tokens[0].value,
            "POC_EDGE": self.edge,
        }

    @property
    def account(self) -> Account:
        """Return the first account: its scripts, `ours`, `live_tails`."""
        return self._world.accounts[0]

    @property
    def accounts(self) -> list[Account]:
        """Return all accounts."""
        return self._world.accounts

    @property
    def tokens(self) -> list[Token]:
        """Return all tokens; the list may be changed."""
        return self._world.tokens

    @property
    def faults(self) -> Faults:
        """Return the switches for what goes wrong."""
        return self._world.faults

    @property
    def requests(self) -> list[Request]:
        """Return what the API was asked so far, in the order of its answers."""
        return self._world.requests

    @property
    def running(self) -> list[str]:
        """Return the names of Workers that have a living workerd."""
        return self._world.stage.running

    @property
    def listening(self) -> list[str]:
        """Return the ids of tails that somebody follows."""
        return self._world.tails.listening

    def told(self, name: str) -> int:
        """Return how many events of a Worker of the first account were sent to tails."""
        return self._world.tails.told[f"{self.account.id}/{name}"]

    def host(self, name: str) -> str:
        """Return the public host name of a Worker of the first account."""
        return f"{name}.{self.account.subdomain}.workers.dev"

    def log(self, name: str) -> str:
        """Return what a Worker's workerd has said."""
        return self._world.stage.serving(self.account, name).log
