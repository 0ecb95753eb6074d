"""The section of the benchmarks about what a whole run takes of poc itself: its own work, and what is left at its end.

In imports: the CPU of importing typer, rich and websockets in the same minute, so that machines can be compared.
"""

import json
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.measuring import ROOT, SAMPLE_SECONDS, Bench, spread

ORDER = 15
ROUNDS = 3
IMPORTS = "import typer, rich.console, websockets.asyncio.client"


@dataclass(frozen=True, slots=True)
class Whole:
    """What one run took: CPU of poc's own process, how many plays it had, and how many of them again."""

    cpu: float
    plays: int
    again: int
    seconds: float
    at_end: float
    """Seconds from the end of the last play to the end of the process."""


def section(bench: Bench) -> str:
    """Return the section: a row for each way to sleep."""
    rows = []
    for words in (["--all"], ["--all", "--sleep", "evict"]):
        bench.say(f"  poc run {' '.join(words)}")
        units, runs = [], []
        for number in range(ROUNDS):
            units.append(_cpu([bench.python, "-c", IMPORTS])[0])
            runs.append(_whole(bench, words, bench.results / f"whole-{len(words)}-{number}"))
        unit = statistics.median(units)
        cells = [
            spread([each.cpu / unit for each in runs], 0),
            spread([each.cpu / unit / each.plays for each in runs], 3),
            spread([each.seconds for each in runs], 1),
            spread([each.at_end for each in runs], 1),
            spread([each.again for each in runs], 0),
        ]
        rows.append(f"| `poc run {' '.join(words)}` | {' | '.join(cells)} |")
    return f"""## What a whole run takes of poc itself

CPU of poc's own process, without runtimes and foreign clients, in units of what `{IMPORTS}` takes.

| command | CPU, imports | a play, imports | seconds | last play to end, seconds | plays repeated |
|---|---|---|---|---|---|
{chr(10).join(rows)}"""


def _whole(bench: Bench, words: list[str], results: Path) -> Whole:
    cpu, seconds, appeared = _cpu([bench.poc, "run", *words, "-q", "--results", str(results)], results)
    (folder,) = results.glob("2*")
    events = [json.loads(line) for line in (folder / "history.ndjson").read_bytes().splitlines()]
    ends = [each for each in events if each["kind"] == "play_end"]
    again = sum("cut_step" in each["data"] for each in ends)
    return Whole(cpu, len(ends), again, seconds, seconds - appeared - max(each["t_ns"] for each in ends) / 1e9)


def _cpu(command: list[str], results: Path | None = None) -> tuple[float, float, float]:
    """Return the CPU seconds of a command's own process, how long it went on, and when its record appeared."""
    spent = appeared = 0.0
    began = time.perf_counter()
    with psutil.Popen(command, cwd=ROOT, stdout=-3, stderr=-3) as process:
        while process.poll() is None:
            try:
                times = process.cpu_times()
                spent = times.user + times.system
            except psutil.Error:
                break
            if not appeared and results is not None and next(results.glob("2*/history.ndjson"), None) is not None:
                appeared = time.perf_counter() - began
            time.sleep(SAMPLE_SECONDS)  # a sampling interval
        process.wait()
    return spent, time.perf_counter() - began, appeared
