"""The marker that identifies poc's Workers on an account: a plain-text variable."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from poc_cli import __version__

NAME: Final = "POC_DEPLOYMENT"
"""The name of the marker variable."""

VERSION: Final = "POC_VERSION"
"""The variable that a redeploy increments."""

_FORM: Final = re.compile(r"poc (?P<poc>\S+) run=(?P<run>[\w.-]+) at=(?P<at>\S+) (?P<kept>kept|passing)")
_OWN_NAME: Final = re.compile(r"poc-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Marker:
    """The run that deployed it, when, whether it is kept, and the version of poc."""

    run: str
    at: datetime
    kept: bool
    poc: str = __version__

    def __str__(self) -> str:
        """Return the text of the variable."""
        at = f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return f"poc {self.poc} run={self.run} at={at} {'kept' if self.kept else 'passing'}"


def parse(text: str) -> Marker | None:
    """Parse the variable's text; None if poc did not write it."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    try:
        at = datetime.fromisoformat(found["at"])
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    return Marker(found["run"], at, found["kept"] == "kept", found["poc"])


def marker_of(bindings: list[dict[str, Any]]) -> Marker | None:
    """Return the marker among a Worker's bindings; None if the Worker is not poc's."""
    text = _variable(bindings, NAME)
    return None if text is None else parse(text)


def version_of(bindings: list[dict[str, Any]]) -> int:
    """Return the POC_VERSION among a Worker's bindings, 0 if there is none."""
    text = _variable(bindings, VERSION) or ""
    return int(text) if text.isascii() and text.isdigit() else 0


def _variable(bindings: list[dict[str, Any]], name: str) -> str | None:
    for each in bindings:
        if each.get("name") == name and each.get("type") == "plain_text":
            return str(each.get("text"))
    return None


def is_own_name(name: str) -> bool:
    """Return whether a name has the form that poc generates."""
    return _OWN_NAME.fullmatch(name) is not None
