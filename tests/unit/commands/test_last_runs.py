"""The trend of a report: which earlier runs count, and what is said of them."""

import json
from pathlib import Path
from typing import Any

from poc_cli.commands.last_runs import SHOWN, last_runs
from poc_cli.report.html import html
from tests.unit.report.hostile import claim, document, scenario


def run_of(name: str, *scenarios: str, **changes: Any) -> Any:
    found = [scenario(each, claim("c", "held"), error=None, stopped=None) for each in scenarios]
    return document(*found, run=name, **changes)


def keep(results: Path, name: str, judged: Any, *, page: bool = False) -> Path:
    folder = results / name
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps(judged), encoding="utf-8")
    if page:
        (folder / "report.html").write_text("", encoding="utf-8")
    return folder


def test_runs_of_the_same_scenarios_before_this_one_are_told_the_latest_first(tmp_path: Path) -> None:
    keep(tmp_path, "1", run_of("1", "a", "b"), page=True)
    keep(tmp_path, "2", run_of("2", "a", "b", figures={"wake_ms": {"n": 1, "median": 1.5}}))
    keep(tmp_path, "3", run_of("3", "a"))
    (keep(tmp_path, "4", {}) / "run.json").write_text("{", encoding="utf-8")
    keep(tmp_path, "6", run_of("6", "a", "b"))
    (tmp_path / "latest").symlink_to(tmp_path / "6")
    this = keep(tmp_path, "5", run_of("5", "b", "a"))
    found = last_runs(this, run_of("5", "b", "a"))
    assert [(each.name, each.is_this, each.url, each.wake) for each in found] == [
        ("5", True, None, ""),
        ("2", False, None, "1.50 ms"),
        ("1", False, "../1/report.html", ""),
    ]
    source = html(run_of("5", "b", "a"), [], trend=found)
    assert '<a href="../1/report.html">2026-11-22 16:00:00</a>' in source
    assert "2026-11-22 16:00:00 (this run)" in source


def test_one_run_has_no_trend_and_many_have_a_short_one(tmp_path: Path) -> None:
    judged = run_of("0", "a")
    first = keep(tmp_path, "00", judged)
    (tmp_path / "latest").symlink_to(first)
    assert last_runs(first, judged) == last_runs(tmp_path / "latest", judged) == ()
    for number in range(1, SHOWN + 3):
        folder = keep(tmp_path, f"{number:02}", judged)
    assert len(last_runs(folder, judged)) == SHOWN
