"""The exit codes of poc and their meanings."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of `poc`. If several apply: FAILED > REFUTED > INCONCLUSIVE > HELD."""

    HELD = 0
    REFUTED = 1
    USAGE = 2
    FAILED = 3
    INCONCLUSIVE = 4
    INTERRUPTED = 130


WORST_FIRST = (ExitCode.FAILED, ExitCode.REFUTED, ExitCode.INCONCLUSIVE, ExitCode.HELD)
"""The precedence when several runs end in one exit code."""

MEANINGS = {
    ExitCode.HELD: "every claim held",
    ExitCode.REFUTED: "a claim was refuted",
    ExitCode.USAGE: "wrong usage, scenario or configuration",
    ExitCode.FAILED: "the harness or the target failed",
    ExitCode.INCONCLUSIVE: "inconclusive: a claim is unknown, nothing was judged, or a named scenario was left out",
    ExitCode.INTERRUPTED: "interrupted",
}
