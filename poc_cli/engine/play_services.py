"""Who hears of a play while it goes on, and what stands beside its worker.

Never speaks itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poc_cli.clients.client import Opener, SocketClient
from poc_cli.errors import PocError
from poc_cli.targets.attendance import Attendance
from poc_cli.targets.local_api import Api

if TYPE_CHECKING:
    from poc_cli.services.services import Abroad


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears of a play while it goes on: of its phase, and of a failure that ends the whole run.

    `api` is what the play itself hears from: the calls that its worker makes. `attendance` tells when nobody heard
    anything, because this process or the runtime stood still. `abroad` is what a run has beside that,
    None where no scenario needs it. `opener` makes the clients of our own.
    """

    say: Callable[[str], None]
    fail: Callable[[PocError], None]
    api: Api
    attendance: Attendance
    abroad: "Abroad | None" = None
    opener: Opener = SocketClient
