"""What counts as left behind: what a dead run of this machine had, and what is too old to be anybody's."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from poc_cli.targets.cloudflare import local_records
from poc_cli.targets.cloudflare.account import Account
from poc_cli.targets.cloudflare.marker import NAME, Marker
from poc_cli.targets.cloudflare.orphans import describe_age, leftovers, offer
from tests.support.cloudflare_api import Script, api, well

W = "/accounts/acc/workers"
ONE, TWO = "poc-000000000001", "poc-000000000002"


@pytest.fixture(autouse=True)
def _state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def account(**workers: tuple[bool, float]) -> tuple[Account, Script]:
    """Return an account with Workers of poc's by name: kept or not, and how many hours old."""
    script = Script().on(f"GET {W}/scripts", well([{"id": name.replace("_", "-")} for name in workers]))
    for name, (kept, hours) in workers.items():
        mark = str(Marker("r", datetime.now(UTC) - timedelta(hours=hours), kept))
        bindings = {"bindings": [{"type": "plain_text", "name": NAME, "text": mark}]}
        script.on(f"GET {W}/scripts/{name.replace('_', '-')}/settings", well(bindings))
    return Account(api(script), "acc"), script


def names(found: Account) -> list[str]:
    return [each.name for each in leftovers(found)]


def test_what_a_dead_run_of_this_machine_had_is_left() -> None:
    local_records.write(local_records.Record(ONE, "acc", "r", kept=False))
    here, _ = account(**{ONE.replace("-", "_"): (False, 0.1)})
    assert names(here) == [ONE]
    with local_records.held(ONE):  # the run lives
        assert names(here) == []


def test_what_another_machine_has_is_left_only_when_it_is_old() -> None:
    here, _ = account(**{ONE.replace("-", "_"): (False, 1.0), TWO.replace("-", "_"): (False, 7.0)})
    assert names(here) == [TWO]


def test_what_was_to_stay_is_not_left() -> None:
    local_records.write(local_records.Record("mine", "acc", "r", kept=True))
    here, script = account(**{ONE.replace("-", "_"): (True, 100.0), "mine": (True, 100.0), "shop": (True, 1.0)})
    assert names(here) == []
    assert f"GET {W}/scripts/shop/settings" not in script.asked  # no name of poc's: it is not asked about


def test_half_an_upload_is_left_and_a_record_of_nothing_is_forgotten() -> None:
    local_records.write(local_records.Record(ONE, "acc", "r", kept=False))
    local_records.write(local_records.Record(TWO, "acc", "r", kept=False))
    local_records.write(local_records.Record("other", "another account", "r", kept=False))
    here = Account(api(Script().on(f"GET {W}/scripts", well([{"id": ONE}]))), "acc")
    assert [(each.name, each.age) for each in leftovers(here)] == [(ONE, None)]
    assert set(local_records.records()) == {ONE, "other"}


def test_it_is_removed_only_where_somebody_says_so() -> None:
    local_records.write(local_records.Record(ONE, "acc", "r", kept=False))
    here, script = account(**{ONE.replace("-", "_"): (False, 0.1)})
    said: list[str] = []
    offer(here, said.append, None)
    offer(here, said.append, lambda _question: False)
    assert said == [f"{ONE}, left by an earlier run 6 min ago: poc destroy {ONE} removes it"] * 2
    script.on(f"DELETE {W}/services/{ONE}?force=true", well())
    offer(here, said.append, lambda question: question.endswith("Remove it?"))
    assert said[-1] == f"removed {ONE}"
    assert local_records.records() == {}


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (172800, "2 d")]
)
def test_lengths_of_time(seconds: int, text: str) -> None:
    assert describe_age(timedelta(seconds=seconds)) == text
