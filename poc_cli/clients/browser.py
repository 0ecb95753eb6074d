"""The headless Chromium of a run; each page has its own browser context."""

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
    """The browser of a run, started once."""

    def __init__(self, chromium: Chromium, programs: ProgramFolder, hosts: Sequence[str]) -> None:
        """Initialize with the program and the remote hosts that pages may reach; starts nothing."""
        self._chromium = chromium
        self._programs = programs
        self._hosts = hosts
        self._playwright: Playwright | None = None
        self._starting: asyncio.Task[Browser] | None = None

    def begin(self) -> None:
        """Start the browser without waiting for it."""
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
            # Retrieve the exception even if nobody waits any more, or asyncio logs it.
            self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def context(self) -> "BrowserContext":
        """Return a new browser context. Raises TargetError if the browser did not start."""
        self.begin()
        if self._starting is None:
            raise TargetError("the browser was not started")
        browser = await asyncio.shield(self._starting)
        return await browser.new_context(service_workers="block")

    async def ready(self) -> None:
        """Wait until the browser runs. Raises TargetError if it does not start."""
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
            info = await session.send("SystemInfo.getProcessInfo")
            for process in info["processInfo"]:
                if process["type"] == "browser":
                    self._programs.watch(process["id"])
        except (Error, OSError) as error:
            lines = str(error).strip().splitlines()
            raise TargetError(
                f"the browser {self._chromium.program} did not start: {lines[0] if lines else error}",
                "set POC_CHROMIUM to another Chromium",
            ) from error
        return browser

    def _arguments(self) -> list[str]:
        allowed = ", ".join(f"EXCLUDE {host}" for host in ("127.0.0.1", *self._hosts))
        # Chromium's sandbox needs privileges that a container lacks; the pages are the user's own.
        return ["--no-sandbox", f"--host-resolver-rules=MAP localhost 127.0.0.1, MAP * ~NOTFOUND, {allowed}"]

    async def stop(self) -> None:
        """Stop the browser; the program folder kills what does not end in time."""
        starting, self._starting = self._starting, None
        if starting is not None:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
        with contextlib.suppress(Exception):  # the driver may have been killed already
            async with asyncio.timeout(_ENDS_WITHIN_SECONDS):
                if starting is not None and starting.done() and not starting.cancelled() and not starting.exception():
                    await starting.result().close()
                if self._playwright is not None:
                    await self._playwright.stop()


@contextlib.contextmanager
def _temporary(folder: str) -> Iterator[None]:
    """Set TMPDIR in this process while the driver starts, because it inherits the environment."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = folder
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
