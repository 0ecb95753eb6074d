"""The section of the benchmarks about `poc load`: its client beside a bare loop, and many sockets from end to end."""

import json
import os
import subprocess
from typing import Any

from tests.bench import load_client
from tests.bench.measuring import ROOT, Bench, ratios, spread

ORDER = 40
RUNS = 2

LOADS = {
    "`poc load many-sockets`, 9,500 in one room": ["many-sockets"],
    "`poc load many-sockets --rooms 50`, 190 in each": ["many-sockets", "--rooms", "50"],
}

Row = dict[str, Any]


def section(bench: Bench) -> str:
    """Return the section: the ratio of the clients, and a row for each load."""
    bench.say("  the client of poc load beside a bare loop")
    found = load_client.measured()
    quotients = spread(ratios(found["load"], found["bare"]))
    rows = "\n".join(_rows(bench, name, words) for name, words in LOADS.items())
    return f"""## Many sockets

Echoes a second at {load_client.SOCKETS} sockets of one room, in {load_client.TURNS} turns of {load_client.SECONDS:g} s:

| client | echoes a second |
|---|---|
| a bare loop: `websockets` on uvloop, one task a socket | {spread(found["bare"], 0)} |
| the client of `poc load`, with marks, histograms and the account of every message | {spread(found["load"], 0)} |

The second is {quotients} times the first, within a turn. The runtime is the limit of both.

Whole loads, {RUNS} each: opened over 5 s, asleep by the idle timer, woken by one message, then a broadcast to all.

| load | opened in, s | broadcast to all after, s | KiB a socket, client | KiB, workerd | verdict | load average |
|---|---|---|---|---|---|---|
{rows}"""


def _rows(bench: Bench, name: str, words: list[str]) -> str:
    bench.say(f"  poc load {' '.join(words)}")
    runs = [_run(bench, words) for _ in range(RUNS)]
    rows = [run for run in runs if run]
    if not rows:
        return f"| {name} | does not fit this machine's limit of open files | | | | | |"
    listed = [" / ".join(str(row[key]) for row in rows) for key in rows[0]]
    return f"| {name} | {' | '.join(listed)} |"


def _run(bench: Bench, words: list[str]) -> Row | None:
    command = [bench.poc, "load", *words, "--json", "--results", str(bench.results)]
    average = os.getloadavg()[0]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)
    if not done.stdout:
        return None
    document = json.loads(done.stdout)
    (load,) = document["load"]
    stages = {stage["verb"]: stage for stage in load["stages"]}
    each = {process["name"]: process["kib_a_socket"] for process in load["processes"]}
    return {
        "opened": f"{stages['ramp']['seconds']:.2f}",
        "reached": f"{stages['storm']['reached_ms'] / 1000:.2f}",
        "client": each["client"],
        "runtime": each["runtime"],
        "verdict": document["verdict"],
        "average": f"{average:.1f}",
    }
