"""Deploy a worker to Cloudflare for the duration of a context, and remove it at the end."""

import asyncio
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from poc_cli.errors import TargetError
from poc_cli.shipped import shipped
from poc_cli.targets.base import Fault
from poc_cli.targets.cloudflare import local_records
from poc_cli.targets.cloudflare.account import Account
from poc_cli.targets.cloudflare.account_access import connected
from poc_cli.targets.cloudflare.cloudflare_errors import Outcome
from poc_cli.targets.cloudflare.code_update import IMMEDIATE, CodeUpdate
from poc_cli.targets.cloudflare.credentials import TOKEN
from poc_cli.targets.cloudflare.deploy_config import Copy, configuration, copied
from poc_cli.targets.cloudflare.marker import NAME, VERSION, Marker, marker_of, version_of
from poc_cli.targets.cloudflare.orphans import offer
from poc_cli.targets.cloudflare.propagation import Awaited, wait
from poc_cli.targets.cloudflare.scratch import Scratch
from poc_cli.targets.cloudflare.signal_handling import interrupting
from poc_cli.targets.cloudflare.teardown import Before, Teardown
from poc_cli.targets.cloudflare.upload import TRIES, Upload, Uploader, went_through
from poc_cli.targets.installation import WRANGLER_VERSION, tools
from poc_cli.targets.worker_source import WorkerSource

Say = Callable[[str], None]

TOKEN_BYTES: Final = 32
"""Random bytes of the bearer token: 256 bits."""


def _ignore(_text: str) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to deploy and how; see `deployed`."""

    source: WorkerSource
    name: str | None = None
    keep: bool = False
    force: bool = False
    date: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    run: str = ""
    update: CodeUpdate = IMMEDIATE
    """How objects get new code; its delay is that of deferred updates that name none."""

    @property
    def is_ours(self) -> bool:
        """Whether it is the shipped worker, which reports its version."""
        return self.source.folder == shipped("worker").resolve()


class Deployment:
    """A deployed worker that responds."""

    def __init__(  # noqa: PLR0913, PLR0917 - one thing of each kind
        self, plan: Plan, copy: Copy, uploader: Uploader, url: str, version: int, token: str
    ) -> None:
        self.name = uploader.name
        self.url = url
        self.token = token
        self.headers = {"Authorization": f"Bearer {token}"}
        self.versions = {"wrangler": WRANGLER_VERSION}
        self.compatibility_date = copy.date
        self.version = version
        self._plan = plan
        self._copy = copy
        self.uploader = uploader

    @property
    def secrets(self) -> tuple[tuple[str, str], ...]:
        """Return the names and values to redact."""
        account = ((TOKEN, value) for value in self.uploader.account.api.credentials.secrets)
        return (("POC_TOKEN", self.token), *self._plan.secrets.items(), *account)

    async def redeploy(self, fault: Fault, max_delay: float | None = None, back: bool = False) -> None:  # noqa: FBT001, FBT002
        """Deploy the next version, or the one before, and return once it responds; sockets drop immediately or not yet.

        Call on the main thread. Raises TargetError if the upload fails.
        """
        deferred = CodeUpdate("deferred", self._plan.update.max_delay if max_delay is None else max_delay)
        update = deferred if fault == "deploy-deferred" else IMMEDIATE
        version = self.version + (-1 if back else 1)
        config = dict(self._copy.config)
        config["vars"] = {**config["vars"], VERSION: str(version)}
        for attempt in range(1, TRIES + 1):
            upload = self.uploader.begin(config, {}, update)  # secrets are kept
            trouble = self.uploader.trouble(upload, await _finished(upload))
            if trouble is None:
                break
            if attempt == TRIES or not went_through(upload.relay):
                raise trouble
        self.version = version
        await asyncio.to_thread(self.wait, _ignore)

    def wait(self, phase: Say) -> None:
        """Return once the edge responds with this version. Raises TargetError if it does not in time."""
        wait(Awaited(self.url, self.headers, self.version if self._plan.is_ours else None), phase)


async def _finished(upload: Upload) -> Outcome:
    """Wait for an upload without blocking the event loop; if canceled, end wrangler and wait for it."""
    waiting = asyncio.ensure_future(asyncio.to_thread(upload.finish))
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        upload.child.end()
        await asyncio.wait([waiting])
        raise


@contextmanager
def deployed(
    plan: Plan, say: Say, phase: Say = _ignore, ask: Callable[[str], bool] | None = None
) -> Iterator[Deployment]:
    """Deploy a worker and remove it at the end of the context, whatever happens, unless it is to be kept.

    `say` gets messages, `phase` the current phase, and `ask` a yes-or-no question for each leftover of earlier runs,
    which are only reported without it. Call on the main thread; SIGTERM and SIGHUP become KeyboardInterrupt.
    Raises UsageError if the plan is wrong, TargetError if Cloudflare fails.
    """
    name = local_records.checked(plan.name) if plan.name else f"poc-{secrets.token_hex(6)}"
    account_named = copied(plan.source, name, {}, None, force=plan.force).account
    home = tools(say)
    with ExitStack() as open_:
        open_.enter_context(interrupting())
        account = open_.enter_context(connected(say, account_named))
        scratch = Scratch(plan.source.folder)
        open_.callback(scratch.remove)
        uploader = Uploader(home, scratch, account, name, plan.update)
        offer(account, say, ask)
        say(f"deploying {name} to Cloudflare, account {account.id}")
        before = _before(account, name, force=plan.force)
        record = local_records.Record(name, account.id, plan.run or secrets.token_hex(6), plan.keep)
        if not before.existed:
            local_records.write(record)
            open_.enter_context(local_records.held(name))
        teardown = Teardown(account, record, before, say, phase)
        try:
            deployment = _deploy(plan, uploader, before, record, say, phase)
            teardown.reached = True
            yield deployment
        except BaseException as error:
            teardown.finish_after(error)
            raise
        teardown.finish()


def _before(account: Account, name: str, *, force: bool) -> Before:
    """Return what exists under the name. Raises TargetError if poc did not create it, unless forced."""
    if account.subdomain() is None:
        raise TargetError(
            "the account has no workers.dev subdomain yet",
            "open Workers & Pages at https://dash.cloudflare.com once, which creates one, and try again",
        )
    if not account.exists(name):
        return Before(existed=False)
    bindings = account.bindings(name) or []
    if marker_of(bindings) is None and not force:
        raise TargetError(
            f"the account already has a Worker {name} that poc did not create",
            "choose another --name; --force would overwrite it but keep its secrets and objects",
        )
    return Before(existed=True, version=version_of(bindings))


def _deploy(  # noqa: PLR0913, PLR0917 - one thing of each kind
    plan: Plan, uploader: Uploader, before: Before, record: local_records.Record, say: Say, phase: Say
) -> Deployment:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    version = before.version + 1
    marker = Marker(record.run, datetime.now(UTC), plan.keep)
    variables = {**plan.variables, VERSION: str(version), NAME: str(marker)}
    copy = copied(plan.source, uploader.name, variables, plan.date, force=plan.force)
    if copy.left_out:
        say(f"deploying a copy of {configuration(plan.source)} without {', '.join(copy.left_out)}")
    uploader.upload(copy.config, {**plan.secrets, "POC_TOKEN": token}, phase, anew=not before.existed)
    url = uploader.account.url(uploader.name, uploader.account.subdomain())
    if url is None:
        raise TargetError(f"{uploader.name} is deployed but has no URL", "see the Worker's settings in the dashboard")
    if plan.keep:  # before waiting: the token is valid already
        local_records.write(replace(record, url=url, token=token))
    deployment = Deployment(plan, copy, uploader, url, version, token)
    phase("waiting for a response")
    deployment.wait(phase)
    return deployment
