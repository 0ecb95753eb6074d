"""The section of the benchmarks about poc's commands."""

from poc_cli.exit_codes import ExitCode
from tests.bench.measuring import Bench, Failed, peak_mib, spread, timed

ORDER = 10

LINES = (
    ("--help", 10),
    ("lint ./scenarios/", 5),
    ("run hibernate --sleep evict", 10),
    ("run hibernate", 3),
    ("run tests/bench/hundred.toml --sleep everywhere", 3),
    ("run --all --sleep evict", 3),
    ("run --all", 3),
    ("judge RUN", 5),
    ("report RUN --format html", 5),
)
"""What is typed, and how often it is counted. RUN is the run of `run --all` before it."""

JUDGED = (ExitCode.HELD, ExitCode.REFUTED, ExitCode.INCONCLUSIVE)
"""How `judge` may end: it takes as long whatever the verdicts are."""


def section(bench: Bench) -> str:
    """Return the section: a row for each command."""
    rows = "\n".join(_row(bench, line, runs) for line, runs in LINES)
    return f"""## Commands

| command | seconds | runs | peak memory, MiB |
|---|---|---|---|
{rows}

- `run hibernate` waits for the runtime's own idle timer (10.00 s); its control watches 11 s beside it. In `run --all`
  one control must be watched for 13 s before `sleeps` may be called refuted, and in both modes.
- `run tests/bench/hundred.toml --sleep everywhere` plays a session of 100 messages by 5 clients 14 times, 11 of them
  with sleeps in some of its 109 gaps.
- `judge RUN` and `report RUN` read the record of all scenarios again; RUN is that of the `run --all` above them.
- A failed run is reported but not counted: on a busy machine a few of hundreds of plays may be too late.
- Memory is the sum of the proportional set sizes (PSS) of poc and every process that it started, sampled every 20 ms.
  `run --all` has up to eleven runtimes at once, 60 MiB each."""


def _row(bench: Bench, line: str, runs: int) -> str:
    bench.say(f"  poc {line}")
    words = [str(bench.results / "latest") if word == "RUN" else word for word in line.split()]
    if words[0] == "run":
        words += ["--results", str(bench.results)]
    elif words[0] == "report":
        words += ["-o", str(bench.results / "report.html")]
    command = [bench.poc, *words]
    memory = f"{peak_mib(command):.0f}"
    try:
        found = timed(command, runs, fine=JUDGED if words[0] == "judge" else (0,))
    except Failed as failed:
        bench.say(f"  no figure: {failed}")
        return f"| `poc {line}` | too many runs failed: measure on a quiet machine | | {memory} |"
    counted = f"{runs}, and {found.failed} failed" if found.failed else str(runs)
    return f"| `poc {line}` | {spread(found.values)} | {counted} | {memory} |"
