"""Upload a version of a worker to the account with wrangler."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from poc_cli.errors import TargetError
from poc_cli.targets.cloudflare.account import Account
from poc_cli.targets.cloudflare.api_relay import Relay
from poc_cli.targets.cloudflare.cloudflare_errors import MIGRATION_CONFLICTS, Outcome, failed
from poc_cli.targets.cloudflare.code_update import IMMEDIATE, CodeUpdate
from poc_cli.targets.cloudflare.scratch import Scratch
from poc_cli.targets.cloudflare.wrangler import Child, start

TRIES: Final = 3
"""Runs of wrangler for one upload whose response is lost."""


@dataclass(slots=True)
class Upload:
    """A running wrangler."""

    child: Child
    relay: Relay
    open_: ExitStack

    def finish(self) -> Outcome:
        """Wait for wrangler and for its pending requests."""
        with self.open_:
            return self.child.finish()


@dataclass(frozen=True, slots=True)
class Uploader:
    """Uploads of one deployment."""

    home: Path
    scratch: Scratch
    account: Account
    name: str
    update: CodeUpdate = IMMEDIATE
    """How objects that are there already get the code of the first upload."""

    def begin(self, config: Mapping[str, Any], secrets: Mapping[str, str], update: CodeUpdate | None = None) -> Upload:
        """Start an upload; call on the main thread. Raises TargetError if wrangler does not start."""
        with ExitStack() as open_:
            relay = open_.enter_context(Relay(self.account.api))
            words = ["deploy", "--config", str(self.scratch.write(config)), *(update or self.update).words]
            if secrets:
                words += ["--secrets-file", str(open_.enter_context(self.scratch.secrets(secrets)))]
            child = start(
                self.home, self.scratch, words, self.scratch.variables(relay.url, self.account.id, relay.token)
            )
            return Upload(child, relay, open_.pop_all())

    def trouble(self, upload: Upload, outcome: Outcome) -> TargetError | None:
        """Return the error of an upload, None if it succeeded."""
        if outcome.code == 0 and outcome.deployed is not None:
            return None
        if upload.relay.failure is not None:
            return upload.relay.failure
        return failed(outcome, upload.relay.last, self.account, self.name)

    def upload(
        self, config: Mapping[str, Any], secrets: Mapping[str, str], phase: Callable[[str], None], *, anew: bool
    ) -> None:
        """Upload and wait; with `anew` nothing existed before, so that a half upload may be removed.

        Raises TargetError if the upload fails.
        """
        for attempt in range(1, TRIES + 1):
            phase("uploading")
            upload = self.begin(config, secrets)
            outcome = upload.finish()
            trouble = self.trouble(upload, outcome)
            if trouble is None:
                return
            if not went_through(upload.relay):
                raise trouble
            if attempt == TRIES:
                raise TargetError(
                    f"Cloudflare accepted the upload of {self.name} {TRIES} times without confirming it",
                    "try again later; see https://www.cloudflarestatus.com",
                )
            if anew and not self.account.is_deployed(self.name):
                self.account.remove(self.name, phase)


def went_through(relay: Relay) -> bool:
    """Return whether an upload was refused because an earlier one succeeded whose response was lost.

    wrangler reads the current state when it starts, so running it again is right.
    """
    last = relay.last
    return last is not None and last.code in MIGRATION_CONFLICTS and last.tries > 1
