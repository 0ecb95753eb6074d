"""What a run provides to its plays: the API that workers call, services, a client factory, progress and errors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from poc_cli.clients.websocket import Opener, SocketClient
from poc_cli.errors import PocError
from poc_cli.targets.attendance import Attendance
from poc_cli.targets.local_api import Api
from poc_cli.targets.worker_output import Threw

if TYPE_CHECKING:
    from poc_cli.services.services import Services


@dataclass(frozen=True, slots=True)
class RunEnvironment:
    """What all plays of a run share besides the worker.

    `services` is None if no scenario needs any; `opener` creates poc's own WebSocket clients.
    """

    api: Api
    services: "Services | None" = None
    opener: Opener = SocketClient
    variables: Mapping[str, str] = field(default_factory=dict)
    """The environment variables that scenarios use, by name (`env.TOKEN`)."""

    thrown: Callable[[], Sequence[Threw]] = tuple
    """Returns the exceptions that are in no log of a runtime: of requests to the Worker of a project."""

    mismatched: dict[str, set[int]] = field(default_factory=dict)
    """The steps of each story, by its label, that got only other messages than they expect, in its last attempt."""


@dataclass(frozen=True, slots=True)
class PlayEnvironment:
    """What a run provides to one play.

    `say` reports its phase, `fail` an error that ends the run; `attendance` records when this process or a runtime was
    late.
    """

    run: RunEnvironment
    say: Callable[[str], None]
    fail: Callable[[PocError], None]
    attendance: Attendance
