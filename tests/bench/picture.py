"""Takes the picture of the report that the README shows: `make picture` writes docs/report.png from a fresh run."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.browser import chromium

ROOT = Path(__file__).parent.parent.parent
"""The checkout."""

PICTURE = ROOT / "docs" / "report.png"

SCENARIOS = ("hibernate", "crash", "pin-interval")
"""A sleep, a fault, and an object that work keeps awake: what the timelines are for."""

WIDTH, HEIGHT = 1280, 1500


def main() -> None:
    """Play, report, and take the picture."""
    poc = sys.argv[1] if len(sys.argv) > 1 else "poc"
    with tempfile.TemporaryDirectory(prefix="poc-picture-") as name:
        folder = Path(name)
        results = folder / "results"
        subprocess.run([poc, "run", *SCENARIOS, "-q", "--results", str(results)], cwd=ROOT, check=True)
        subprocess.run([poc, "report", str(results / "latest"), "--format", "html"], cwd=ROOT, check=True)
        with chromium(folder) as browser:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.goto((results / "latest" / "report.html").resolve().as_uri())
            page.screenshot(path=PICTURE)
    sys.stderr.write(f"wrote {PICTURE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
