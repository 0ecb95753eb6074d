"""Records the reference run that `poc compare` is shown with: `make reference` writes results/reference/local.json."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
"""The checkout."""

REFERENCE = ROOT / "results" / "reference" / "local.json"


def recorded(command: list[str]) -> str:
    """Play every shipped scenario and give the text of its run.json. Raises SystemExit where it is no reference."""
    with tempfile.TemporaryDirectory(prefix="poc-reference-") as results:
        # in the checkout, so that files are named as they are there
        arguments = [*command, "run", "--all", "--json", "--results", results]
        ran = subprocess.run(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)
    if ran.returncode:
        sys.exit(f"no reference: the run ended with {ran.returncode}, and every claim must hold; see poc run --all")
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
    text = recorded(sys.argv[1:] or ["poc"])
    REFERENCE.parent.mkdir(parents=True, exist_ok=True)
    REFERENCE.write_text(text, encoding="utf-8")
    sys.stderr.write(f"wrote {REFERENCE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
