"""Finds the folders that come with poc: the worker and the scenarios."""

from pathlib import Path
from typing import Literal

from poc_cli.errors import PocError

_PACKAGE = Path(__file__).parent


def shipped(name: Literal["worker", "scenarios"]) -> Path:
    """Return the folder as an absolute path: the checkout's, else the one inside the installed package.

    Raises PocError where neither is there, which means a broken installation.
    """
    checkout = _PACKAGE.parent
    folder = checkout / name if (checkout / "worker" / "local.capnp").is_file() else _PACKAGE / "_shipped" / name
    if not folder.is_dir():
        raise PocError(f"this installation of poc has no folder {folder}", "install poc-durable-objects again")
    return folder
