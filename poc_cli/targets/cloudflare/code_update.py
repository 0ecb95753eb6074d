"""When Durable Objects that are in memory get the code of a new version: at once, or once they hibernate."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from poc_cli.errors import UsageError

DEFAULT_SECONDS: Final = 300
LONGEST_SECONDS: Final = 86_400
"""developers.cloudflare.com/durable-objects/deployments/durable-objects-code-updates"""

_WRITTEN: Final = re.compile(r"(?P<mode>immediate|deferred)(?::(?P<seconds>[0-9]{1,6}))?")


@dataclass(frozen=True, slots=True)
class CodeUpdate:
    """A mode of updating, and after how many seconds a deferred update is applied to an object that stays active."""

    mode: Literal["immediate", "deferred"]
    max_delay: float = DEFAULT_SECONDS

    @property
    def words(self) -> tuple[str, ...]:
        """Return the options of wrangler, which wants a delay with every deferred update."""
        delay = f" {self.max_delay:g}s" if self.mode == "deferred" else ""
        return ("--durable-objects-code-update-mode", f"{self.mode}{delay}")


IMMEDIATE: Final = CodeUpdate("immediate")


def code_update(text: str) -> CodeUpdate:
    """Return what `--code-update` means. Raises UsageError."""
    match = _WRITTEN.fullmatch(text)
    advice = 'write "immediate", "deferred" or "deferred:SECONDS", for example deferred:60'
    if match is None or (match["mode"] == "immediate" and match["seconds"]):
        raise UsageError(f'--code-update "{text}" is not a mode of updating', advice)
    if match["mode"] == "immediate":
        return IMMEDIATE
    seconds = int(match["seconds"] or DEFAULT_SECONDS)
    if seconds > LONGEST_SECONDS:
        raise UsageError(f"--code-update {text} is longer than a day", f"at most deferred:{LONGEST_SECONDS}")
    return CodeUpdate("deferred", seconds)
