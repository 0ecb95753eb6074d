"""Write scenario/checks.json, from which the language reads the checks: `python -m poc_cli.judge.check_table`."""

import json
from dataclasses import asdict, fields
from typing import Any

from poc_cli.files import write_whole
from poc_cli.judge.checks import CHECKS
from poc_cli.judge.load.load_checks import LOAD_CHECKS
from poc_cli.scenario.check_names import TABLE, CheckEntry


def text() -> str:
    """Return the declarations of all checks in the order of the documentation, without default values."""
    entries = [check.entry for checks in (CHECKS, LOAD_CHECKS) for check in checks.values()]
    rows = [_row(entry) for entry in sorted(entries, key=lambda entry: (entry.of_load, entry.order))]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def _row(entry: CheckEntry) -> dict[str, Any]:
    defaults = {field.name: field.default for field in fields(entry)}
    return {name: value for name, value in asdict(entry).items() if value != defaults[name]}


if __name__ == "__main__":
    write_whole(TABLE, text())
