"""The table of projects in docs/your-own-worker.md has each of tests/projects/shapes."""

from poc_cli.targets.installation import WRANGLER_VERSION
from tests.support.command import ROOT
from tests.support.shapes import shapes


def test_the_documentation_lists_each_shape() -> None:
    page = (ROOT / "docs" / "your-own-worker.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    missing = [f"| {each.what} | {each.works} | {WRANGLER_VERSION} |" for each in shapes()]
    assert [row for row in missing if row not in rows] == []
