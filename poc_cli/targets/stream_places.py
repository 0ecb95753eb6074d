"""Find the line where a worker makes the stream that it answers with, which the runtime's trace does not say."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from poc_cli.residency import RESPONSE_BODY, Pin
from poc_cli.residency.trace import Place

LARGEST: Final = 1 << 20
"""Bytes of a source file from which it is taken for a generated one and not searched."""

_MADE: Final = re.compile(r"\bnew\s+(?:Identity)?(?:TransformStream|ReadableStream|FixedLengthStream)\b")
_COMMENT: Final = re.compile(r"\s*(?://|/?\*)")


def only_stream(folder: Path, names: Iterable[str]) -> Place | None:
    """Return the only line in these files that makes a stream, None if there are none or several."""
    found: list[Place] = []
    for name in names:
        file = folder / name
        try:
            lines = file.read_text(encoding="utf-8").splitlines() if file.stat().st_size <= LARGEST else []
        except (OSError, UnicodeDecodeError):
            continue
        found += (
            Place(name, number)
            for number, line in enumerate(lines, start=1)
            if _MADE.search(line) and not _COMMENT.match(line)
        )
    return found[0] if len(found) == 1 else None


def with_line(pin: Pin, stream: Place | None) -> Pin:
    """Return the pin of a response body with the stream's line; the trace has only that of the request, if any."""
    if pin.what != RESPONSE_BODY or stream is None:
        return pin
    return replace(pin, script=stream.script, line=stream.line, package=None)
