"""The mark by which a Worker on the account is known to be one of poc's: a plain variable in the upload itself."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from poc_cli import __version__

NAME: Final = "POC_DEPLOYMENT"
"""The variable."""

VERSION: Final = "POC_VERSION"
"""The variable that a redeploy raises."""

_FORM: Final = re.compile(r"poc (?P<poc>\S+) run=(?P<run>[\w.-]+) at=(?P<at>\S+) (?P<kept>kept|passing)")
_OWN_NAME: Final = re.compile(r"poc-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Marker:
    """Which run deployed it, when, and whether it was to stay; `poc` is the version of poc."""

    run: str
    at: datetime
    kept: bool
    poc: str = __version__

    def __str__(self) -> str:
        """Return the text of the variable."""
        at = f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return f"poc {self.poc} run={self.run} at={at} {'kept' if self.kept else 'passing'}"


def parse(text: str) -> Marker | None:
    """Read the variable's text; None if it is none of poc's."""
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
    """Return the mark among what a Worker is bound to; None if it is not one of poc's."""
    text = _variable(bindings, NAME)
    return None if text is None else parse(text)


def version_of(bindings: list[dict[str, Any]]) -> int:
    """Return the version that a Worker of poc's says it is, 0 where it says none."""
    text = _variable(bindings, VERSION) or ""
    return int(text) if text.isascii() and text.isdigit() else 0


def _variable(bindings: list[dict[str, Any]], name: str) -> str | None:
    for each in bindings:
        if each.get("name") == name and each.get("type") == "plain_text":
            return str(each.get("text"))
    return None


def is_own_name(name: str) -> bool:
    """Return whether poc makes up names of this form."""
    return _OWN_NAME.fullmatch(name) is not None
