"""Each mutant worker is caught by the claims it must turn red, and by no others; the real worker by none.

Never asks which check does it: what counts is what the user reads.
"""

import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tomli

from poc_cli.shipped import shipped
from tests.support import mutants
from tests.support.command import Poc, Ran
from tests.support.record import claims, verdicts

pytestmark = pytest.mark.live

AT_ONCE = 8
"""Runs side by side. They mostly wait, for a sleep or for an answer that may not come; each takes 0.6 s of a core."""

BASICS = ("hibernate", "resume", "connect")
"""What every mutant of the room's basics is played in, beside the scenarios that name it."""


def _read(file: Path) -> dict[str, Any]:
    return tomli.loads(file.read_text(encoding="utf-8"))


_SHIPPED = {scenario["name"]: scenario for scenario in map(_read, sorted(shipped("scenarios").rglob("*.toml")))}

_NAMED = [
    (f"{scenario['name']}/{claim['id']}", str(claim["mutant"]))
    for scenario in _SHIPPED.values()
    for claim in scenario["claim"]
    if "mutant" in claim
]
"""Each shipped claim that names a mutant, with the mutant."""


def _all_claims(*scenarios: str) -> set[str]:
    return {f"{name}/{claim['id']}" for name in scenarios for claim in _SHIPPED[name]["claim"]}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a mutant must come out as: whatever is listed neither as refuted nor as unknown must hold."""

    refuted: set[str]
    unknown: set[str]
    basics: bool

    @property
    def code(self) -> int:
        """Give the exit code of the run: never that of a harness that failed."""
        return 1 if self.refuted else 4


def _basic(refuted: set[str], unknown: set[str] | None = None) -> Expected:
    """Give what is expected of a mutant that is played in the basic scenarios too."""
    return Expected(refuted, (unknown or set()) - refuted, basics=True)


def _special(*refuted: str) -> Expected:
    """Give what is expected of a mutant that is played only where it is named."""
    return Expected(set(refuted), set(), basics=False)


# In the order in which they are started: the pinned ones take longest, because their sleep is waited for.
TABLE = {
    "pending_interval": _basic(
        {
            "hibernate/idle-room-sleeps",
            "resume/room-sleeps-before-it-is-resumed",
            "alarm/room-with-alarm-sleeps",
            "broadcast/crowded-room-sleeps",
            "network-drop/room-sleeps-before-the-drop",
            "push-from-backend/room-sleeps-before-the-push",
        },
        # no sleep, no verdict
        _all_claims("hibernate", "resume", "alarm", "broadcast", "network-drop", "push-from-backend"),
    ),
    "alarm_not_set": _special("alarm/alarm-fires-after-sleep", "alarm/alarm-reaches-the-clients"),
    "alarm_says_nothing": _special("alarm/alarm-reaches-the-clients"),
    "close_on_wake": _basic(
        {
            "hibernate/sockets-survive-sleep",
            "resume/message-wakes-the-room",
            "alarm/alarm-reaches-the-clients",
            "alarm/sockets-survive-alarm-wake",
            "broadcast/broadcast-finds-all-after-sleep",
            "broadcast/crowd-survives-sleep",
            "push-from-backend/push-wakes-the-room",
            "push-from-backend/push-reaches-all",
            "push-from-backend/sockets-survive-the-push",
            "wake-latency/socket-survives-fifty-sleeps",
        },
        # nobody is left to read what survived, nor to wait for the answer of a control
        _all_claims("hibernate", "resume") - {"hibernate/idle-room-sleeps", "resume/room-sleeps-before-it-is-resumed"}
        | {"push-from-backend/push-needs-the-token", "wake-latency/wakes-are-quick"},
    ),
    "standard_api": _basic(
        {
            "hibernate/idle-room-sleeps",
            "resume/room-sleeps-before-it-is-resumed",
            "auto-response/room-with-heartbeat-sleeps",
        },
        # no sleep, no verdict; and the first look in `connect` asks whether the runtime knows the socket at all
        _all_claims("hibernate", "resume", "auto-response", "connect"),
    ),
    "attachment_not_restored": _basic({"hibernate/attachments-survive-sleep"}),
    "value_in_a_field": _basic(
        {
            "hibernate/storage-survives-sleep",
            "resume/kv-survives-sleep",
            "crash/rows-survive-crash",
            "redeploy/rows-survive-redeploy",
            "restart/rows-survive-restart",
        }
    ),
    "counter_in_storage": _basic(
        {
            "hibernate/memory-is-reset-by-sleep",
            "crash/fields-are-lost-in-crash",
            "redeploy/fields-are-lost-in-redeploy",
            "restart/fields-are-lost-in-restart",
        }
    ),
    "close_not_answered": _basic({"connect/close-is-answered"}),
    "sql_write_dropped": _basic(set(), _all_claims("hibernate")),
    "write_after_the_reply": _special("crash-under-load/acknowledged-writes-survive"),
    "ghost_sockets": _special("network-drop/no-ghosts-after-a-drop", "network-drop/dropped-clients-come-back"),
    "broadcast_skips_one": _special("broadcast/broadcast-finds-all-after-sleep", "push-from-backend/push-reaches-all"),
    "replay_off_by_one": _special("reconnect-and-replay/missed-messages-come-once"),
    "slow_constructor": _special("wake-latency/wakes-are-quick"),
    "answers_twice": _special("echo/each-message-once"),
    "answers_late": _special("echo/each-message-once", "echo/messages-in-order"),
    "flood_skips_one": _special("slow-reader/slow-reader-loses-nothing"),
    "token_not_checked": _special("push-from-backend/push-needs-the-token"),
}


def _scenarios(mutant: str) -> list[str]:
    """Give the scenarios that a mutant is played in."""
    naming = [claim.partition("/")[0] for claim, name in _NAMED if name == mutant]
    return list(dict.fromkeys([*(BASICS if TABLE[mutant].basics else ()), *naming]))


def _play(folder: Path, name: str) -> Ran:
    worker = mutants.assemble(mutants.source(name), folder / f"worker-{name}")
    scenarios = _scenarios(name)
    return Poc(folder / name).run("run", *scenarios, "--sleep", "evict", "--json", "--worker", str(worker))


def _play_the_real_one(folder: Path) -> Ran:
    scenarios = sorted({scenario for mutant in TABLE for scenario in _scenarios(mutant)})
    return Poc(folder / "real").run("run", *scenarios, "--sleep", "evict", "--json")


Outcomes = dict[str, "Future[Ran]"]


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Outcomes]:
    """Give the runs of all mutants, and of the worker itself as `real`, played side by side."""
    with tempfile.TemporaryDirectory(prefix="poc-test-") as folder, ThreadPoolExecutor(AT_ONCE) as places:
        # the longest first
        played = {"real": places.submit(_play_the_real_one, Path(folder))}
        played |= {name: places.submit(_play, Path(folder), name) for name in TABLE}
        yield played


def _told(ran: Ran, verdict: str) -> dict[str, str]:
    """Give the claims of one verdict with their reasons."""
    return {name: str(claim["reason"]) for name, claim in claims(ran.document()).items() if claim["verdict"] == verdict}


@pytest.mark.parametrize(("claim", "mutant"), _NAMED)
def test_the_mutant_that_a_claim_names_turns_it_red(outcomes: Outcomes, claim: str, mutant: str) -> None:
    assert verdicts(outcomes[mutant].result().document())[claim] == "refuted"


@pytest.mark.parametrize("name", TABLE)
def test_a_mutant_touches_no_other_claim(outcomes: Outcomes, name: str) -> None:
    expected = TABLE[name]
    ran = outcomes[name].result()
    refuted, unknown = _told(ran, "refuted"), _told(ran, "unknown")
    assert refuted.keys() == expected.refuted, refuted
    assert unknown.keys() == expected.unknown, unknown
    assert _told(ran, "error") == {}
    assert ran.code == expected.code


def test_the_real_worker_is_caught_by_none(outcomes: Outcomes) -> None:
    ran = outcomes["real"].result()
    assert (_told(ran, "refuted"), _told(ran, "unknown"), _told(ran, "error")) == ({}, {}, {})
    assert ran.code == 0


def test_the_table_the_files_and_the_scenarios_agree() -> None:
    assert sorted(TABLE) == mutants.names()
    assert {mutant for _, mutant in _NAMED} <= set(TABLE)


@pytest.mark.parametrize(("claim", "mutant"), _NAMED)
def test_a_mutant_is_expected_to_turn_red_what_names_it(claim: str, mutant: str) -> None:
    assert claim in TABLE[mutant].refuted


@pytest.mark.parametrize("claim", ["hibernate/idle-room-sleeps", "resume/room-sleeps-before-it-is-resumed"])
def test_the_reason_names_the_pending_work_and_its_line(outcomes: Outcomes, claim: str) -> None:
    lines = mutants.source("pending_interval").splitlines()
    line = next(number for number, text in enumerate(lines, start=1) if "setInterval(" in text)
    reason = claims(outcomes["pending_interval"].result().document())[claim]["reason"]
    assert f"setInterval (mutant.ts:{line})" in reason


def test_storage_that_was_never_written_is_not_said_to_be_lost(outcomes: Outcomes) -> None:
    document = outcomes["sql_write_dropped"].result().document()
    cells = {cell["row"]: cell["value"] for cell in document["matrix"] if cell["column"] == "forced eviction"}
    assert cells["SQLite rows"] == "not tested"
    assert cells["KV storage"] == "survived"
