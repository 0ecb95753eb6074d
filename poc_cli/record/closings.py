"""Name how a connection ended, always with its close code."""

from collections.abc import Mapping
from typing import Any


def closing(code: object, said: str) -> str:
    """Return the library's sentence about a close, with the code before it if it does not have it.

    It has the code and the reason of each close frame, but does not say 1006 if none came.
    """
    return said if code is None or str(code) in said else f"{code}, {said}"


def closing_of(data: Mapping[str, Any]) -> str:
    """Return how a recorded connection ended."""
    return closing(data.get("code"), str(data.get("said")))
