"""A temporary folder that is removed even if this process is killed."""

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
        """Create it with subfolders of these names. Raises TargetError if that fails."""
        # The janitor starts before the folder is created, so that it is always cleaned up.
        self.folder = parent / f"poc-{secrets.token_hex(8)}"
        self._janitor = Janitor(self.folder)
        with self.filling():
            for each in (self.folder, *(self.folder / name for name in names)):
                each.mkdir(mode=0o700)

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Remove the folder and raise TargetError if the body raises OSError."""
        try:
            yield
        except OSError as error:
            self.remove()
            raise TargetError(
                f"cannot create {self.folder}: {error.strerror}", "set TMPDIR to a folder with free space"
            ) from error

    @property
    def exists(self) -> bool:
        """Return whether it has not been removed."""
        return self._janitor.waiting

    def watch(self, group: int) -> None:
        """Kill this process group too if this process dies."""
        self._janitor.watch(group)

    def remove(self) -> None:
        """Remove it if it still exists; processes that use it must have ended."""
        if self._janitor.waiting:
            shutil.rmtree(self.folder, ignore_errors=True)
            self._janitor.dismiss()
