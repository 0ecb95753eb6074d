"""`poc cost` as its users start it: samples, profiles of one's own, recorded runs, and what is wrong with them."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.support.command import ROOT, Poc
from tests.unit.cost.test_measured import TRACE, Run

SCHEMA = json.loads((ROOT / "docs" / "cost.schema.json").read_text(encoding="utf-8"))

MINE = 'title = "mine"\nusers = 200\nrooms = 10\nhours_online = 24\nmessages_per_minute = 6\n'


def bill_of(poc: Poc, *arguments: str) -> Any:
    ran = poc.run("cost", *arguments, "--json")
    assert (ran.code, ran.err) == (0, ""), ran.err
    document = ran.document()
    Draft202012Validator(SCHEMA).validate(document)
    return document


def record(poc: Poc, *, traced: bool = True) -> Path:
    """Write a run of one play and one control into the results."""
    folder = poc.results / "20261122T200000Z-story"
    (folder / "trace").mkdir(parents=True)
    events = Run().play().play("story~claim", role="control", number=7).events
    lines = [event.line() for event in events if event is not None]
    (folder / "history.ndjson").write_text("\n".join(lines), encoding="utf-8")
    if traced:
        control = [line.replace('"ctx":1', '"ctx":7') for line in TRACE]
        (folder / "trace" / "1.jsonl").write_text("\n".join([*TRACE, *control]), encoding="utf-8")
    (poc.results / "latest").symlink_to(folder.name)
    return folder


@pytest.mark.parametrize(
    ("name", "total", "exact"),
    [
        ("example-1", 5.15, 5.08),
        ("example-2", 142.95, 138.65),
        ("example-3", 419.3, 416.51),
        ("example-4", 20.65, 10),
    ],
)
def test_the_published_examples_come_out_to_the_cent(poc: Poc, name: str, total: float, exact: float) -> None:
    found = bill_of(poc, name)
    side = found["with_hibernation" if found["api"] == "hibernation" else "without"]
    assert (found["monthly_cost"], side["total"], side["without_rounding_up"]) == (total, total, exact)


def test_without_a_profile_a_shipped_one_is_taken_and_told(poc: Poc) -> None:
    ran = poc.run("cost")
    assert ran.code == 0
    assert ran.err == "no profile given, using chat; poc cost chat --toml prints it as a start for your own\n"
    assert ran.out == poc.run("cost", "chat").out
    assert ran.out.startswith("a chat of 10,000 people in 500 rooms\n")
    assert "Prices as read on 2026-11-22: https://developers.cloudflare.com/" in ran.out


def test_a_sample_is_the_beginning_of_a_profile_of_one_s_own(poc: Poc) -> None:
    ran = poc.run("cost", "chat", "--toml")
    assert ran.code == 0
    mine = poc.folder / "mine.toml"
    mine.write_text(ran.out.replace("10_000", "20_000"), encoding="utf-8")
    assert bill_of(poc, "mine.toml")["profile"]["users"] == 20_000
    assert poc.run("cost", "--toml").out == ran.out


def test_poc_toml_names_the_profile(poc: Poc) -> None:
    (poc.folder / "sub").mkdir()
    (poc.folder / "sub" / "mine.toml").write_text(MINE, encoding="utf-8")
    (poc.folder / "poc.toml").write_text('[cost]\nprofile = "sub/mine.toml"\n', encoding="utf-8")
    assert bill_of(poc)["title"] == "mine"
    (poc.folder / "poc.toml").write_text('[cost]\nprofile = "example-1"\n', encoding="utf-8")
    assert bill_of(poc)["monthly_cost"] == 5.15


def test_a_run_is_told_and_its_month(poc: Poc) -> None:
    record(poc)
    ran = poc.run("cost", "--from", "latest", "--times", "50")
    assert ran.code == 0, ran.err
    told, memory, *_ = ran.out.splitlines()
    assert told == "this run: 2.2 requests, 0.0023 GB-s: less than 0.01 % of the free plan's day"
    assert memory == "  in memory for 28 s: 0.018 s active, 27.98 s waiting to sleep, which is not billed"
    assert "50 rooms, as busy all month as in the run\n" in ran.out
    found = bill_of(poc, "--from", "20261122T200000Z-story", "--times", "50")
    assert found["measured"]["handler_ms"] == 3
    assert found["profile"] is None
    assert found["with_hibernation"]["lines"][0]["used"] == pytest.approx(50 * 30 * 86_400 / 20 * 1.1)


def test_a_profile_takes_the_time_of_an_event_from_a_run(poc: Poc) -> None:
    record(poc)
    (poc.folder / "mine.toml").write_text(MINE, encoding="utf-8")
    before, after = bill_of(poc, "mine.toml"), bill_of(poc, "mine.toml", "--from", "latest")
    assert (before["profile"]["handler_ms"], after["profile"]["handler_ms"]) == (10, 3)
    assert after["title"] == "mine; 3 ms for each event, as measured"
    seconds = [each["with_hibernation"]["lines"][1]["used"] for each in (before, after)]
    assert seconds[1] == pytest.approx(0.3 * seconds[0])


def test_without_a_trace_bounds_are_told_as_such(poc: Poc) -> None:
    record(poc, traced=False)
    ran = poc.run("cost", "--from", "latest")
    assert ran.out.startswith("this run: 2.2 requests, at most 1.02 GB-s: at most ")
    refused = poc.run("cost", "chat", "--from", "latest")
    assert (refused.code, refused.out) == (2, "")
    assert "the run does not show how long an object is active per message" in refused.err


def test_the_report_has_it_too(poc: Poc) -> None:
    folder = record(poc)
    (poc.folder / "poc.toml").write_text('[cost]\nprofile = "example-4"\n', encoding="utf-8")
    assert poc.run("report", "--format", "html").code == 0
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "with hibernation: $20.65 (this profile)" in page
    assert "This run: 2.2 requests" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chatt"], 'poc: there is no profile "chatt"\n  did you mean "chat"?\n'),
        (
            ["nothing"],
            'poc: there is no profile "nothing"\n  known here: chat, example-1, example-2, example-3, example-4\n',
        ),
        (["none.toml"], "poc: none.toml: cannot be read: No such file or directory\n"),
        (["bad.toml"], 'poc: bad.toml:2:1: "user" is not a key of a profile\n    2 | user = 1\n'),
        (["--times", "2"], "poc: --times multiplies the rooms of a run\n"),
        (["chat", "--from", "x", "--times", "2"], "poc: no run folder x\n"),
        (["mine.toml", "--toml"], 'poc: there is no shipped profile "mine.toml"\n'),
        (["--toml", "--json"], "poc: --toml prints a profile, not a bill\n"),
    ],
)
def test_what_is_wrong_is_told(poc: Poc, arguments: list[str], said: str) -> None:
    (poc.folder / "bad.toml").write_text('title = "t"\nuser = 1\n', encoding="utf-8")
    ran = poc.run("cost", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(said), ran.err


@pytest.mark.parametrize(
    ("configured", "said"),
    [
        ('[cost]\nprofil = "chat"\n', 'poc: poc.toml:2:1: "profil" is not a key of [cost]\n'),
        ('[cost]\nprofile = "chatt"\n', "poc: poc.toml:2:11: chatt: cannot be read: No such file or directory\n"),
        ('[cost]\nprofile = "bad.toml"\n', 'poc: bad.toml:2:1: "user" is not a key of a profile\n'),
        ("cost = 3\n", 'poc: poc.toml:1:8: "cost" must be a table, not the number 3\n'),
    ],
)
def test_what_is_wrong_in_poc_toml_is_told_before_anything_is_played(poc: Poc, configured: str, said: str) -> None:
    (poc.folder / "bad.toml").write_text('title = "t"\nuser = 1\n', encoding="utf-8")
    (poc.folder / "poc.toml").write_text(configured + '[check]\nscenarios = ["hibernate"]\n', encoding="utf-8")
    for command in ("cost", "check"):
        ran = poc.run(command)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith(said), ran.err
    assert not poc.results.exists()
