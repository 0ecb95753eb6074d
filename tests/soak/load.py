"""Two thousand sockets that churn, sleep and wake again and again: no growth of memory or descriptors in the client.

`make soak` runs it for five minutes; `python tests/soak/load.py 60` for an hour. Never looks at latencies.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

POC = [sys.executable, "-c", "import sys; sys.argv[0] = 'poc'; from poc_cli.cli import main; main()"]

SECONDS_A_ROUND = 34
"""Twenty of churn, thirteen asleep, and the storm."""

GROWTH = 1.05
"""How much more memory the last quarter of the time may show than the second: what a gap of a few pages makes."""

SOCKETS = 2_000
"""Of scenarios/load/churn.toml."""

_MIB = 1024**2

Sample = dict[str, Any]


def main() -> None:
    """Exit 1 where the client grew, or the load did not hold."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    rounds = max(4, round(60 * minutes / SECONDS_A_ROUND))
    with tempfile.TemporaryDirectory(prefix="poc-soak-") as results:
        done = subprocess.run(
            [*POC, "load", "churn", "--rounds", str(rounds), "--results", results, "-q"],
            check=False,
            capture_output=True,
            text=True,
        )
        history = (Path(results) / "latest" / "history.ndjson").read_bytes().splitlines()
    sys.stdout.write(done.stdout + done.stderr)
    events = [json.loads(line) for line in history]
    samples = [event for event in events if event["kind"] == "load_sample" and event["data"]["open"] == SOCKETS]
    grown = [name for name in ("client", "runtime") if _grew(name, samples)]
    sys.exit(1 if done.returncode or "client" in grown else 0)


def _grew(name: str, samples: list[Sample]) -> bool:
    """Return memory and descriptors of a process in each quarter, with all sockets open, and whether either grew."""
    uses = [sample["data"]["uses"][name] for sample in samples]
    quarters = [uses[place * len(uses) // 4 : (place + 1) * len(uses) // 4] for place in range(4)]
    memory = [median(use["rss"] for use in quarter) / _MIB for quarter in quarters]
    files = [median(use["files"] for use in quarter) for quarter in quarters]
    told = ", ".join(f"{mib:.1f} MiB {count:.0f} files" for mib, count in zip(memory, files, strict=True))
    grew = bool(memory[3] > GROWTH * memory[1] or files[3] > files[1])
    seconds = (samples[-1]["t_ns"] - samples[0]["t_ns"]) / 1e9
    sys.stdout.write(f"{name}, by quarters of {seconds / 60:.0f} minutes: {told}{' GREW' if grew else ''}\n")
    return grew


if __name__ == "__main__":
    main()
