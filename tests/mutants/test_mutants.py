"""Each mutant worker is caught by the claims it must turn red, and by no others; the real worker by none.

Never asks which check does it: what counts is what the user reads.
"""

import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
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

SCENARIOS = ("hibernate", "resume", "connect")

AT_ONCE = 5
"""Runs side by side. Those of pinned mutants only wait, so that a few more than there are cores do no harm."""

# Claims about something else that the mutant's bug leaves no way to decide: rule 1, or a failed precondition.
# Whatever is listed neither here nor as refuted must hold.
_NO_SLEEP_IN_HIBERNATE = {
    "hibernate/sockets-survive-sleep",
    "hibernate/ping-does-not-wake",
    "hibernate/attachments-survive-sleep",
    "hibernate/storage-survives-sleep",
    "hibernate/memory-is-reset-by-sleep",
}
_NO_SLEEP_IN_RESUME = {
    "resume/message-wakes-the-room",
    "resume/broadcast-reaches-all-after-a-wake",
    "resume/messages-come-once-and-in-order",
    "resume/kv-survives-sleep",
}
_ALL_OF_CONNECT = {
    "connect/one-object-per-name",
    "connect/names-are-isolated",
    "connect/sockets-are-hibernatable",
    "connect/broadcast-reaches-the-room",
    "connect/broadcast-stays-in-the-room",
    "connect/bad-input-closes-nothing",
    "connect/close-is-answered",
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a mutant must come out as."""

    refuted: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()

    @property
    def code(self) -> int:
        """Give the exit code of the run: never that of a harness that failed."""
        return 1 if self.refuted else 4


def _expected(refuted: set[str], unknown: set[str] | None = None) -> Expected:
    return Expected(frozenset(refuted), frozenset(unknown or ()))


# The pinned ones first: they take longest, because their sleep is waited for.
TABLE = {
    "standard_api": _expected(
        {"hibernate/idle-room-sleeps", "resume/room-sleeps-before-it-is-resumed"},
        # the first look in `connect` asks whether the runtime knows the socket at all
        _NO_SLEEP_IN_HIBERNATE | _NO_SLEEP_IN_RESUME | _ALL_OF_CONNECT,
    ),
    "pending_interval": _expected(
        {"hibernate/idle-room-sleeps", "resume/room-sleeps-before-it-is-resumed"},
        _NO_SLEEP_IN_HIBERNATE | _NO_SLEEP_IN_RESUME,
    ),
    "close_on_wake": _expected(
        {"hibernate/sockets-survive-sleep", "resume/message-wakes-the-room"},
        # nobody is left to read what survived, and the control that should wake the room has no answer to wait for
        (_NO_SLEEP_IN_HIBERNATE | _NO_SLEEP_IN_RESUME)
        - {"hibernate/sockets-survive-sleep", "resume/message-wakes-the-room"},
    ),
    "attachment_not_restored": _expected({"hibernate/attachments-survive-sleep"}),
    "value_in_a_field": _expected({"hibernate/storage-survives-sleep", "resume/kv-survives-sleep"}),
    "counter_in_storage": _expected({"hibernate/memory-is-reset-by-sleep"}),
    "close_not_answered": _expected({"connect/close-is-answered"}),
    "sql_write_dropped": _expected(set(), {"hibernate/idle-room-sleeps"} | _NO_SLEEP_IN_HIBERNATE),
}

Outcomes = dict[str, "Future[Ran]"]


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="poc-test-") as folder:
        yield Path(folder)


def _play(folder: Path, name: str) -> Ran:
    worker = mutants.assemble(mutants.source(name), folder / f"worker-{name}")
    return Poc(folder / name).run("run", *SCENARIOS, "--sleep", "evict", "--json", "--worker", str(worker))


def _play_the_real_one(folder: Path) -> Ran:
    return Poc(folder / "real").run("run", *SCENARIOS, "--sleep", "evict", "--json")


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Outcomes]:
    """Give the runs of all mutants, and of the worker itself as `real`, played side by side."""
    with _folder() as folder, ThreadPoolExecutor(AT_ONCE) as places:
        played = {name: places.submit(_play, folder, name) for name in TABLE}
        played["real"] = places.submit(_play_the_real_one, folder)
        yield played


def _claims_with_a_mutant() -> list[tuple[str, str]]:
    """Give each shipped claim that names a mutant, as `scenario/claim`, with the mutant's name."""
    found: list[tuple[str, str]] = []
    for file in sorted(shipped("scenarios").rglob("*.toml")):
        scenario: dict[str, Any] = tomli.loads(file.read_text(encoding="utf-8"))
        named = [(f"{scenario['name']}/{claim['id']}", claim.get("mutant")) for claim in scenario["claim"]]
        found += [(claim, mutant) for claim, mutant in named if mutant is not None]
    return found


@pytest.mark.parametrize(("claim", "mutant"), _claims_with_a_mutant())
def test_the_mutant_that_a_claim_names_turns_it_red(outcomes: Outcomes, claim: str, mutant: str) -> None:
    assert verdicts(outcomes[mutant].result().document())[claim] == "refuted"


@pytest.mark.parametrize("name", TABLE)
def test_a_mutant_touches_no_other_claim(outcomes: Outcomes, name: str) -> None:
    expected = TABLE[name]
    ran = outcomes[name].result()
    found = verdicts(ran.document())
    reasons = {claim: f"{verdict}: {claims(ran.document())[claim]['reason']}" for claim, verdict in found.items()}
    assert {claim for claim, verdict in found.items() if verdict == "refuted"} == expected.refuted, reasons
    assert {claim for claim, verdict in found.items() if verdict == "unknown"} == expected.unknown, reasons
    assert set(found.values()) <= {"held", "refuted", "unknown"}
    assert ran.code == expected.code


def test_the_real_worker_is_caught_by_none(outcomes: Outcomes) -> None:
    ran = outcomes["real"].result()
    assert set(verdicts(ran.document()).values()) == {"held"}
    assert ran.code == 0


def test_the_table_and_the_files_agree() -> None:
    assert sorted(TABLE) == mutants.names()


@pytest.mark.parametrize("name", TABLE)
def test_a_mutant_says_what_it_must_turn_red(name: str) -> None:
    head = mutants.source(name).split("\n\n", 1)[0]
    for claim in TABLE[name].refuted:
        assert claim in head


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
