"""One headless Chromium for a run, in which each page has a context of its own."""

import asyncio
import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from poc_cli.clients.chromium import Chromium
from poc_cli.clients.subprocesses import ProgramFolder
from poc_cli.errors import TargetError

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Playwright

_ENDS_WITHIN_SECONDS: Final = 5.0


class Pages:
    """The browser; started once, ended with the context."""

    def __init__(self, chromium: Chromium, programs: ProgramFolder, hosts: Sequence[str]) -> None:
        """Take the program, and the hosts beside this machine that pages may reach; nothing is started yet."""
        self._chromium = chromium
        self._programs = programs
        self._hosts = hosts
        self._playwright: Playwright | None = None
        self._starting: asyncio.Task[Browser] | None = None

    def begin(self) -> None:
        """Start it, and do not wait for it."""
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
            # Those who waited may all be gone by the time it fails.
            self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def context(self) -> "BrowserContext":
        """Return a fresh context. Raises TargetError if there is no browser."""
        self.begin()
        if self._starting is None:
            raise TargetError("the browser was not started")
        browser = await asyncio.shield(self._starting)
        return await browser.new_context(service_workers="block")

    async def ready(self) -> None:
        """Wait until it runs. Raises TargetError if it does not start."""
        self.begin()
        if self._starting is not None:
            await asyncio.shield(self._starting)

    async def _start(self) -> "Browser":
        from playwright.async_api import Error, async_playwright

        folder = self._programs.folder / "browser"
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            variables = self._chromium.environment(folder)
            with _temporary(str(folder)):
                self._playwright = await async_playwright().start()
            browser = await self._playwright.chromium.launch(
                executable_path=self._chromium.program,
                args=self._arguments(),
                env={**variables},
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
            session = await browser.new_browser_cdp_session()
            told = await session.send("SystemInfo.getProcessInfo")
            for process in told["processInfo"]:
                if process["type"] == "browser":
                    self._programs.watch(process["id"])
        except (Error, OSError) as error:
            said = str(error).strip().splitlines()
            raise TargetError(
                f"the browser {self._chromium.program} did not start: {said[0] if said else error}",
                "name another Chromium in POC_CHROMIUM",
            ) from error
        return browser

    def _arguments(self) -> list[str]:
        allowed = ", ".join(f"EXCLUDE {host}" for host in ("127.0.0.1", *self._hosts))
        # Chromium's own sandbox needs rights that a container does not give; the pages are the user's own.
        return ["--no-sandbox", f"--host-resolver-rules=MAP localhost 127.0.0.1, MAP * ~NOTFOUND, {allowed}"]

    async def stop(self) -> None:
        """End it; what does not end in time is killed by those who clear up after us."""
        starting, self._starting = self._starting, None
        if starting is not None:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
        with contextlib.suppress(Exception):  # a driver that was ended from outside can no longer be asked
            async with asyncio.timeout(_ENDS_WITHIN_SECONDS):
                if starting is not None and starting.done() and not starting.cancelled() and not starting.exception():
                    await starting.result().close()
                if self._playwright is not None:
                    await self._playwright.stop()


@contextlib.contextmanager
def _temporary(folder: str) -> Iterator[None]:
    """Let what is started meanwhile put its temporary files there: the driver takes our environment as it is."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = folder
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
