"""Find the folders that ship with poc: the worker and the scenarios."""

from pathlib import Path
from typing import Literal

from poc_cli.errors import PocError

_PACKAGE = Path(__file__).parent


def shipped(name: Literal["worker", "scenarios"]) -> Path:
    """Return the absolute path of a shipped folder: in the checkout, else inside the installed package.

    Raises PocError if neither exists, which means a broken installation.
    """
    checkout = _PACKAGE.parent
    folder = checkout / name if (checkout / "worker" / "local.capnp").is_file() else _PACKAGE / "_shipped" / name
    if not folder.is_dir():
        raise PocError(f"this installation of poc has no folder {folder}", "reinstall poc-durable-objects")
    return folder
