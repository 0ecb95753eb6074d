"""`--sleep everywhere` on real workerd: healthy workers are transparent, and those that lose something are not."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support import mutants
from tests.support.command import ROOT, Poc
from tests.support.twins import HEALTHY, SESSIONS, Listed, Twin, listed, played, twins

pytestmark = pytest.mark.live

SESSION = Path(__file__).parent.parent / "everywhere" / "room.toml"
QUICK = ("value_in_a_field", "close_on_wake")
"""Those that every run of the suite plays: a lost value and a lost connection."""


def scenario(tmp_path: Path, *words: str) -> dict[str, Any]:
    """Play the session and return its part of run.json."""
    poc = Poc(tmp_path / "play")
    ran = poc.run("run", str(SESSION), "--sleep", "everywhere", "--json", *words)
    found: dict[str, Any] = ran.document()["scenarios"][0]
    return found


def mutant(tmp_path: Path, name: str) -> dict[str, Any]:
    worker = mutants.assemble(mutants.source(name), tmp_path / "worker")
    return scenario(tmp_path, "--worker", str(worker))


def test_the_shipped_worker_is_transparent(tmp_path: Path) -> None:
    found = scenario(tmp_path)
    (claim,) = found["claims"]
    assert claim["verdict"] == "held", claim["reason"]
    assert {each["state"] for each in found["session"]["gaps"]} == {"kept"}


@pytest.mark.parametrize("name", QUICK)
def test_a_worker_that_loses_something_is_refuted(tmp_path: Path, name: str) -> None:
    found = mutant(tmp_path, name)
    assert found["verdict"] == "refuted", found["claims"][0]["reason"]
    assert found["session"]["losses"][0]["confirmed"]


@pytest.mark.long
@pytest.mark.parametrize("mutant", listed(), ids=lambda mutant: f"{mutant.theme}-{mutant.name}")
def test_so_is_each_one_of_the_list_by_the_session_of_its_theme(tmp_path: Path, mutant: Listed) -> None:
    found = verdict(played(Poc(tmp_path / "play"), mutant.session, "--worker", str(mutant.assembled(tmp_path))))
    assert found.startswith(mutant.verdict), found


@pytest.mark.long
@pytest.mark.parametrize("theme", sorted({each.theme for each in listed()}))
def test_by_which_the_shipped_worker_is_not(tmp_path: Path, theme: str) -> None:
    found = verdict(played(Poc(tmp_path / "play"), Listed(theme, "").session))
    assert found.startswith("held"), found


def verdict(found: dict[str, Any]) -> str:
    assert found["claims"], found["error"]
    (claim,) = found["claims"]
    return f"{claim['verdict']}: {claim['reason']}"


def test_a_project_with_ids_clocks_and_lists_in_any_order_is_transparent(tmp_path: Path) -> None:
    found = verdict(played(Poc(tmp_path / "play"), SESSIONS / "presence.toml"))
    assert found.startswith("held"), found


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in HEALTHY if name != "presence"])
def test_so_is_each_other_healthy_project(tmp_path: Path, name: str) -> None:
    found = verdict(played(Poc(tmp_path / "play"), SESSIONS / f"{name}.toml"))
    assert found.startswith("held"), found


@pytest.mark.long
@pytest.mark.parametrize("twin", twins(), ids=lambda twin: str(twin.name))
def test_its_twin_that_loses_one_visible_field_is_not(tmp_path: Path, twin: Twin) -> None:
    worker = twin.copied(tmp_path)
    session = SESSIONS / f"{twin.project}.toml"
    found = verdict(played(Poc(tmp_path / "play"), session, "--worker", str(worker)))
    assert found.startswith("refuted"), f"{twin.loses}: {found}"


ORIGIN_APP = Path(__file__).parent.parent / "projects" / "origin-app"


@pytest.mark.long
@pytest.mark.parametrize(("mutant_name", "expected"), [(None, "held"), ("value_in_a_field", "refuted")])
def test_programs_are_compared_by_the_frames_of_their_sockets(
    tmp_path: Path, mutant_name: str | None, expected: str
) -> None:
    words = ["--ignore", "boots"]
    if mutant_name is not None:
        words += ["--worker", str(mutants.assemble(mutants.source(mutant_name), tmp_path / "worker"))]
    found = verdict(played(Poc(tmp_path / "play"), ORIGIN_APP / "program.toml", *words))
    assert found.startswith(expected), found


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.parametrize(("mutant_name", "expected"), [(None, "held"), ("sockets_in_a_field", "refuted")])
def test_so_are_pages(tmp_path: Path, mutant_name: str | None, expected: str) -> None:
    shutil.copytree(ORIGIN_APP / "app", tmp_path / "app")
    story = (ORIGIN_APP / "page.toml").read_text(encoding="utf-8")
    # Its app is down for a while, which is a step that is to fail.
    kept = [line for line in story.splitlines() if "app-is-down" not in line and '"down"' not in line]
    text = "\n".join(kept).partition("[[claim]]")[0]
    text = re.sub(r', claim = "[a-z-]+"', "", text).replace("../../../worker", str(ROOT / "worker"))
    (tmp_path / "page.toml").write_text(
        text.replace(f'"{ROOT}', f'"{os.path.relpath(ROOT, tmp_path)}'), encoding="utf-8"
    )
    words = ["--ignore", "boots"]
    if mutant_name is not None:
        words += ["--worker", str(mutants.assemble(mutants.source(mutant_name), tmp_path / "worker"))]
    found = verdict(played(Poc(tmp_path / "play"), tmp_path / "page.toml", *words))
    assert found.startswith(expected), found
