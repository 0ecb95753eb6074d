"""What the benchmarks do with what they have measured, and which sections they find."""

import json
from pathlib import Path

import pytest

from poc_cli.targets.installation import WORKERD_VERSION
from tests.bench import bench, measuring, provisioning

FOLDER = Path(bench.__file__).parent


def test_a_spread_is_told_by_its_median_and_its_extremes() -> None:
    assert measuring.spread([3.0, 1.0, 2.0]) == "2.00 (1.00 to 3.00)"
    assert measuring.spread([12_345.0], 0) == "12,345 (12,345 to 12,345)"


def test_ratios_are_within_a_round() -> None:
    assert measuring.ratios([2.0, 9.0], [1.0, 3.0]) == (2.0, 3.0)


def test_commands_take_turns_and_the_first_round_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def run(command: measuring.Command) -> float:
        order.append(command[0])
        return float(len(order))

    monkeypatch.setattr(measuring, "seconds", run)
    taken = measuring.alternated({"one": ["a"], "other": ["b"]}, rounds=2)
    assert order == ["a", "b", "a", "b", "b", "a"]
    assert taken == {"one": (3.0, 6.0), "other": (4.0, 5.0)}


def test_runs_that_failed_are_told_and_too_many_of_them_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = iter([1.0, None, 2.0, None, 3.0, None, None])

    def run(_: measuring.Command, __: object) -> float:
        if (found := next(outcomes)) is None:
            raise measuring.Failed("too late")
        return found

    monkeypatch.setattr(measuring, "seconds", run)
    assert measuring.timed(["a"], runs=2) == measuring.Timed((2.0, 3.0), failed=2)
    with pytest.raises(measuring.Failed, match="too late"):
        measuring.timed(["a"], runs=2, spare=1)


def test_each_file_of_sections_is_one_in_the_order_that_it_says() -> None:
    found = bench.sections([])
    assert {"commands", "peers", "quoted"} <= found.keys()
    orders = [each.ORDER for each in found.values()]
    assert orders == sorted(set(orders))
    assert list(bench.sections(["quoted"])) == ["quoted"]
    with pytest.raises(SystemExit, match="no section nothing: there are"):
        bench.sections(["nothing"])


def test_the_page_says_that_others_were_at_work() -> None:
    assert bench.noise(load=0.5, cores=0.1) == ""
    assert "load average was 1.3" in bench.noise(load=1.3, cores=0.0)
    assert "they used 0.7 cores" in bench.noise(load=0.0, cores=0.7)
    assert " Others." in bench.page(["## One"], " Others.")
    assert bench.page(["## One", "## Two"], "").endswith("## One\n\n## Two\n")


def test_miniflare_starts_the_runtime_that_poc_pins_and_its_lock_names_no_registry() -> None:
    assert provisioning.WORKERD == WORKERD_VERSION
    packages = json.loads((FOLDER / "miniflare" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
