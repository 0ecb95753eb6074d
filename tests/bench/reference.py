"""Records the reference run that `poc compare` is shown with, and the verdicts of what `--all` leaves out.

`make reference` writes results/reference/local.json, a run.json, and others.json, the verdicts of the other scenarios.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
"""The checkout."""

REFERENCE = ROOT / "results" / "reference" / "local.json"


OTHERS = ROOT / "results" / "reference" / "others.json"

LEFT_OUT: tuple[tuple[str, ...], ...] = (
    ("run", "--tag", "slow", "--tag", "stack"),
    *(("load", name) for name in ("chat", "churn", "many-sockets", "rooms", "storm")),
)
"""The commands that play what `--all` leaves out."""


def recorded(command: list[str], *words: str) -> str:
    """Play shipped scenarios and give the text of the run.json. Raises SystemExit where it is no reference."""
    with tempfile.TemporaryDirectory(prefix="poc-reference-") as results:
        # in the checkout, so that files are named as they are there
        arguments = [*command, *words, "--json", "--results", results]
        ran = subprocess.run(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)
    if ran.returncode:
        sys.exit(
            f"no reference: the run ended with {ran.returncode}, and every claim must hold; see poc {' '.join(words)}"
        )
    document = json.loads(ran.stdout)
    places = places_in(ran.stdout)
    if places:
        sys.exit(f"no reference: the run names places on this machine: {', '.join(places)}")
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def places_in(text: str) -> list[str]:
    """Return which folders of this machine a text names."""
    known = {str(ROOT), str(Path.home()), tempfile.gettempdir(), os.environ.get("POC_WORKERD", "")}
    return sorted(place for place in known if len(place) > 1 and place in text)


def main() -> None:
    """Write the reference."""
    command = sys.argv[1:] or ["poc"]
    write(REFERENCE, recorded(command, "run", "--all"))
    runs = [verdicts_of(json.loads(recorded(command, *words))) for words in LEFT_OUT]
    write(OTHERS, json.dumps({"runs": runs}, indent=1) + "\n")


def verdicts_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return what docs/claims.md needs of a run."""
    return {
        "started": document["started"],
        "target": {name: document["target"][name] for name in ("kind", "versions")},
        "scenarios": [
            {
                "name": each["name"],
                "left_out": each["left_out"],
                "claims": [{name: claim[name] for name in ("id", "verdict", "known")} for claim in each["claims"]],
            }
            for each in document["scenarios"]
        ],
    }


def write(file: Path, text: str) -> None:
    """Write a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    sys.stderr.write(f"wrote {file.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
