"""Runs the same again and again and compares the verdicts. `make soak` runs it; about seven minutes."""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

POC = Path(sys.executable).parent / "poc"


def main() -> None:
    """Exit 1 where two runs of the same differ in any verdict."""
    differing = 0
    for words, times in ((("hibernate", "--sleep", "evict"), 100), (("--all",), 20)):
        outcomes = Counter(_verdicts(words) for _ in range(times))
        differing += len(outcomes) > 1
        for verdicts, number in outcomes.most_common():
            odd = [name for name, verdict in verdicts if verdict != "held"]
            sys.stdout.write(f"poc run {' '.join(words)}: {number} of {times}: {', '.join(odd) or 'all held'}\n")
    sys.exit(1 if differing else 0)


def _verdicts(words: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    with tempfile.TemporaryDirectory(prefix="poc-soak-") as results:
        done = subprocess.run(
            [str(POC), "run", *words, "--json", "--results", results], capture_output=True, check=False, text=True
        )
    scenarios = json.loads(done.stdout)["scenarios"]
    return tuple((f"{each['name']}/{claim['id']}", claim["verdict"]) for each in scenarios for claim in each["claims"])


if __name__ == "__main__":
    main()
