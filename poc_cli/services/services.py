"""The services of a run: builds, secrets, app servers, the gateway and the browser."""

import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from poc_cli.clients.chromium import chromium
from poc_cli.clients.subprocesses import ProgramFolder
from poc_cli.errors import TargetError
from poc_cli.history.redact import Redactor
from poc_cli.scenario.client_tables import PageSpec
from poc_cli.scenario.lint_clients import ELSEWHERE, ORIGIN, PORT, WORKER
from poc_cli.scenario.needs import needs_pages
from poc_cli.scenario.plays import Play
from poc_cli.scenario.scenario import Scenario
from poc_cli.scenario.service_tables import OriginSpec, WorkerRef
from poc_cli.scenario.templates import render_text
from poc_cli.services.build_cache import Build, built_copy
from poc_cli.services.gateway import Gateway
from poc_cli.targets.worker_source import WorkerSource, named_by

if TYPE_CHECKING:
    from poc_cli.clients.browser import Pages
    from poc_cli.services.app_server import App

_SECRET_BYTES: Final = 32


class Services:
    """The services of one run."""

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        say: Callable[[str], None],
        *,
        token: str | None = None,
        elsewhere: str | None = None,
    ) -> None:
        """Create the services that the scenarios need, and build their folders.

        `token` is the token that the shipped worker requires, `elsewhere` the URL of a deployed app.
        Raises TargetError if something is not available.
        """
        self._say = say
        self._token = token
        self.elsewhere = elsewhere
        named = {name for each in scenarios for name in each.document.secrets}
        # A deployed app has its own secrets; the environment must provide them.
        given = {} if elsewhere is None else os.environ
        self.secrets = {name: given.get(name) or secrets.token_urlsafe(_SECRET_BYTES) for name in sorted(named)}
        self.programs = ProgramFolder()
        self.gateway = Gateway()
        self._built: dict[Build, Path] = {}
        self._locks: list[int] = []
        self._apps: dict[str, App] = {}
        self.pages: Pages | None = None
        try:
            if needs_pages(scenarios):
                self._add_browser()
            for each in scenarios:
                if each.document.origin is not None and elsewhere is None:
                    self._add_app(each, each.document.origin)
        except BaseException:
            self.close()
            raise

    def _add_browser(self) -> None:
        program = chromium(self._say)
        from poc_cli.clients.browser import Pages

        hosts = [] if self.elsewhere is None else [urlsplit(self.elsewhere).hostname or ""]
        self.pages = Pages(program, self.programs, hosts)

    def _add_app(self, scenario: Scenario, spec: OriginSpec) -> None:
        from poc_cli.services.app_server import App, StartCommand
        from poc_cli.services.proxy import Proxy

        key = _key(scenario)
        if key in self._apps:
            return
        folder = self.folder(scenario, spec.dir, spec.also, spec.build)
        proxy = Proxy()
        command = partial(self._command, spec, proxy.url, proxy.foreign_url, tuple(scenario.document.secrets))
        self._apps[key] = App(StartCommand(folder, command, spec.ready, spec.within), proxy, self.programs)

    def _command(
        self, spec: OriginSpec, url: str, foreign_url: str, named: Sequence[str], port: int
    ) -> tuple[str, dict[str, str]]:
        names = {ORIGIN: url, ELSEWHERE: foreign_url, WORKER: self.gateway.url, PORT: str(port)}
        local = {} if self._token is None else {"POC_TOKEN": self._token}
        local |= {"PORT": str(port), "HOST": "127.0.0.1", "HOSTNAME": "127.0.0.1", "NODE_ENV": "production"}
        own = {name: render_text(value, names) for name, value in spec.env.items()}
        hidden = {name: self.secrets[name] for name in named}
        return render_text(spec.start, names), self.programs.environment() | local | own | hidden

    # --- for plays

    def names(self, scenario: Scenario) -> dict[str, object]:
        """Return the names that a scenario's plays can use in templates from the start."""
        if scenario.document.origin is None:
            return {}
        if self.elsewhere is not None:
            return {ORIGIN: self.elsewhere, ELSEWHERE: self.elsewhere}
        proxy = self._apps[_key(scenario)].proxy
        return {ORIGIN: proxy.url, ELSEWHERE: proxy.foreign_url}

    def app(self, scenario: Scenario) -> "App | None":
        """Return the app of a scenario, None if it has none on this machine."""
        return self._apps.get(_key(scenario)) if scenario.document.origin is not None else None

    async def ready(self, play: Play) -> None:
        """Wait until the services of a play are up. Raises TargetError if one does not come up."""
        app = self.app(play.scenario)
        if app is not None:
            await app.up()
        if self.pages is not None and any(isinstance(play.clients[name], PageSpec) for name in play.clients):
            await self.pages.ready()

    def folder(self, scenario: Scenario, name: str, also: Sequence[str], build: str | None) -> Path:
        """Return a folder that a scenario names, or its built copy. Raises TargetError if it cannot be had."""
        beside = Path(scenario.file).absolute().parent
        folder = (beside / name).resolve()
        if not folder.is_dir() and (build is not None or not folder.exists()):
            raise TargetError(f"no folder {folder}", "folders are named relative to the scenario's file")
        if build is None:
            return folder  # a folder or a worker's configuration file
        key = Build(folder, tuple((beside / each).resolve() for each in also), build)
        if key not in self._built:
            self._built[key], lock = built_copy(key, self.programs, self._say)
            self._locks.append(lock)
        return self._built[key]

    def source(self, play: Play) -> WorkerSource:
        """Return the source of a play's own worker, with its variables. Raises TargetError if it cannot be had.

        Raises ValueError if the play has no worker of its own.
        """
        if play.worker is None:
            raise ValueError("the play has no worker of its own")
        return self._source(play.scenario, play.worker)

    def _source(self, scenario: Scenario, worker: WorkerRef) -> WorkerSource:
        folder = self.folder(scenario, worker.dir, worker.also, worker.build)
        found = named_by(worker, folder, Path(scenario.file))
        names = self.names(scenario)
        variables = {name: render_text(value, names) for name, value in worker.vars.items()}
        hidden = {name: self.secrets[name] for name in scenario.document.secrets}
        return found.given(variables, hidden)

    # --- start and stop

    @contextlib.asynccontextmanager
    async def served(self, folder: Path, redactor: Redactor) -> AsyncIterator[None]:
        """Run the services while the context lasts; does not wait until they are up."""
        async with contextlib.AsyncExitStack() as open_:
            await self.gateway.start()
            open_.push_async_callback(self.gateway.stop)
            for app in self._apps.values():
                await open_.enter_async_context(app.served(folder, redactor))
            if self.pages is not None:
                self.pages.begin()
                open_.push_async_callback(self.pages.stop)
            yield

    def close(self) -> None:
        """End what still runs and remove what was created outside of the cache."""
        self.programs.close()
        for lock in self._locks:
            os.close(lock)
        self._locks.clear()


def _key(scenario: Scenario) -> str:
    """Return a key for an app: where it is and how it is built and started."""
    spec = scenario.document.origin
    table: Mapping[str, object] = {} if spec is None else spec.model_dump()
    return repr((str(Path(scenario.file).absolute().parent), table, sorted(scenario.document.secrets)))
