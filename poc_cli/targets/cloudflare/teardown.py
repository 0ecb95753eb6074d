"""The end of a deployment: keep it, or remove it from the account."""

from collections.abc import Callable
from dataclasses import dataclass

import tenacity

from poc_cli.errors import PocError, TargetError
from poc_cli.targets.cloudflare import local_records
from poc_cli.targets.cloudflare.account import Account
from poc_cli.targets.cloudflare.cloudflare_api import REMOVAL_SECONDS
from poc_cli.targets.cloudflare.marker import is_own_name, marker_of
from poc_cli.targets.cloudflare.signal_handling import removing

_CHECKS, _BETWEEN_SECONDS = 3, 0.7
"""An upload without a response may still be in progress; it appears within this time, or never."""


@dataclass(frozen=True, slots=True)
class Before:
    """What existed under the name before: nothing, or a Worker with this version."""

    existed: bool
    version: int = 0


@dataclass(slots=True)
class Teardown:
    """The end of one deployment; `reached` means that it was deployed and has responded."""

    account: Account
    record: local_records.Record
    before: Before
    say: Callable[[str], None]
    phase: Callable[[str], None]
    reached: bool = False

    def finish(self) -> None:
        """End it after success. Raises TargetError if it cannot be removed."""
        if not self.record.kept:
            self._clear()

    def finish_after(self, error: BaseException) -> None:
        """End it after an error, which the caller reports; reports only what stays on the account."""
        if self.record.kept and self.reached:
            return
        try:
            self._clear()
        except TargetError as left:
            self.say(f"{left}")
            error.add_note(left.message)
        except KeyboardInterrupt:
            self.say(f"{self.record.name} is left on the account; poc destroy {self.record.name} removes it")

    def _clear(self) -> None:
        name = self.record.name
        if self.before.existed:
            self.say(f"{name} existed on the account before and is kept; poc destroy {name} removes it")
            return
        try:
            with removing(name, self.say):
                if self._is_there():
                    self.account.remove(name, self.phase)
                local_records.forget(name)
        except PocError as error:
            raise TargetError(
                f"{name} could not be removed from the account: {error.message}",
                f"remove it later with poc destroy {name}; until then it accepts only requests with its token",
            ) from error

    def _is_there(self) -> bool:
        """Return whether this run's Worker exists; after a failed upload poc checks several times."""
        patient = Account(self.account.api.patient(REMOVAL_SECONDS), self.account.id)
        looking = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda there: not there),
            stop=tenacity.stop_after_attempt(1 if self.reached else _CHECKS),
            wait=tenacity.wait_fixed(_BETWEEN_SECONDS),
            retry_error_callback=lambda _state: False,
        )
        return bool(looking(self._is_of_this_run, patient))

    def _is_of_this_run(self, account: Account) -> bool:
        """Return whether the Worker belongs to this run: by its marker, its random name, or as a half upload."""
        name = self.record.name
        if not account.exists(name):
            return False
        marker = marker_of(account.bindings(name) or [])
        if marker is not None:
            return marker.run == self.record.run
        return is_own_name(name) or not account.is_deployed(name)
