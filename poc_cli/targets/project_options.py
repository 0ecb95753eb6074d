"""How projects are built: the choices of the command line, which are the same for all projects of a run."""

from dataclasses import dataclass
from typing import Literal

RemoteBindings = Literal["simulate", "refuse"]


@dataclass(frozen=True, slots=True)
class ProjectOptions:
    """The choices; the defaults need nothing but the project."""

    build: bool = False
    """Whether the project's own build script is run first."""

    remote_bindings: RemoteBindings = "simulate"
    """What becomes of a binding with `remote = true`."""

    shows_output: bool = False
    """Whether what a build prints is shown while it runs; if it fails it is always shown."""
