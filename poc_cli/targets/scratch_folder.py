"""A folder that is gone at the end of its owner, and with this process even if that is killed."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from poc_cli.errors import TargetError
from poc_cli.targets.janitor import Janitor


class ScratchFolder:
    """A folder (0700) with a random name."""

    def __init__(self, parent: Path, *names: str) -> None:
        """Make it, with folders of these names in it. Raises TargetError where there is no room for it."""
        # Named before it is made, so that the janitor knows of it from the first moment on.
        self.folder = parent / f"poc-{secrets.token_hex(8)}"
        self._janitor = Janitor(self.folder)
        with self.filling():
            for each in (self.folder, *(self.folder / name for name in names)):
                each.mkdir(mode=0o700)

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Remove it where the body fails. Raises TargetError for an OSError."""
        try:
            yield
        except OSError as error:
            self.remove()
            raise TargetError(
                f"cannot make {self.folder}: {error.strerror}", "set TMPDIR to a folder with room in it"
            ) from error

    @property
    def exists(self) -> bool:
        """Return whether it has not been removed yet."""
        return self._janitor.waiting

    def watch(self, group: int) -> None:
        """Kill this process group too if this process dies."""
        self._janitor.watch(group)

    def remove(self) -> None:
        """Remove it, once; what runs in it must have ended."""
        if self._janitor.waiting:
            shutil.rmtree(self.folder, ignore_errors=True)
            self._janitor.dismiss()
