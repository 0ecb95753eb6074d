"""`poc run --target URL` against workers that nobody watches: what they tell of themselves is all that there is."""

import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from poc_cli.history.reader import read as history_of
from poc_cli.judge.run_document import document
from tests.support import mutants
from tests.support.bare_worker import TOKEN, Bare, bare
from tests.support.black_box import black_box
from tests.support.command import Poc, Ran
from tests.support.processes import until
from tests.support.record import files, latest, verdicts

pytestmark = [pytest.mark.live, pytest.mark.long]

VARIABLES: Final = {"CHAT_TOKEN": TOKEN}
MUTANTS: Final = ("standard_api", "stale_instance", "close_on_wake")

STRANGER: Final = """\
name = "stranger"
title = "An object that is not ours, left alone."
object = { class = "Chat", name = "{play}", instance = "life.boot", sockets = "life.sockets" }
clients = { ann = "/chat/{play}" }
steps = [
  { connect = "ann" },
  { repeat = 2, steps = [ { on = "ann", send = { say = "hello" }, expect = { you = { say = "hello" } } } ] },
  { hibernate = "idle" },
  { repeat = 2, steps = [ { on = "ann", send = { say = "hello" }, expect = { you = { say = "hello" } } } ] },
]

[[claim]]
id = "sleeps"
says = "It sleeps."
check = "sleeps"

[[claim]]
id = "survives"
says = "The connection outlives it."
check = "connections-survive"
"""


@dataclass(frozen=True, slots=True)
class Done:
    """A run that is over, its folder, and the paths at which a black box was asked."""

    ran: Ran
    folder: Path
    paths: tuple[str, ...] = ()


class Runs:
    """All runs of these tests, side by side."""

    def __init__(self, folder: Path) -> None:
        """Start them all, below a folder."""
        self._folder = folder
        self._places = ThreadPoolExecutor(8)
        self._done: dict[str, Future[Done]] = {"hibernate": self._submit(self._ours, "hibernate", "hibernate")}
        for name in MUTANTS:
            self._done[name] = self._submit(self._ours, name, "hibernate", name)
        self._done |= {name: self._submit(self._stranger, name) for name in ("sleeper", "insomniac")}
        self._done["gone"] = self._submit(self._gone)

    def _submit(self, what: Any, *arguments: str) -> "Future[Done]":
        return self._places.submit(what, *arguments)

    def __getitem__(self, name: str) -> Done:
        return self._done[name].result()

    def end(self) -> None:
        """Wait for those that go on, and start no more."""
        self._places.shutdown(cancel_futures=True)

    def _ours(self, name: str, scenario: str, mutant: str | None = None) -> Done:
        here = self._folder / name
        poc = Poc(here)
        worker = None if mutant is None else mutants.assemble(mutants.source(mutant), here / "worker")
        with bare(here / "served", worker) as served:
            words = ("run", scenario, "--target", served.url, "--token-env", "CHAT_TOKEN", "--json")
            ran = poc.run(*words, variables=VARIABLES)
        return Done(ran, latest(poc.results))

    def _stranger(self, name: str) -> Done:
        poc = Poc(self._folder / name)
        (poc.folder / "stranger.toml").write_text(STRANGER, encoding="utf-8")
        with black_box(sleeps=name == "sleeper") as box:
            ran = poc.run("run", "stranger.toml", "--target", box.url, "--json")
        return Done(ran, latest(poc.results), tuple(box.paths))

    def _gone(self) -> Done:
        """Play on a worker that ends in the middle of the story."""
        poc = Poc(self._folder / "gone")
        with bare(self._folder / "gone" / "served") as served:
            ending = threading.Thread(target=self._stop_when_it_waits, args=(poc, served))
            ending.start()
            words = ("run", "hibernate", "--target", served.url, "--token-env", "CHAT_TOKEN", "--json")
            ran = poc.run(*words, variables=VARIABLES)
            ending.join()
        return Done(ran, latest(poc.results))

    @staticmethod
    def _stop_when_it_waits(poc: Poc, served: Bare) -> None:
        def waits() -> bool:
            histories = poc.results.glob("2*/history.ndjson")
            return any('"verb":"hibernate"' in each.read_text(encoding="utf-8") for each in histories)

        until("the story waits for sleep", waits)
        served.stop()


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    with tempfile.TemporaryDirectory(prefix="poc-test-") as folder:
        every = Runs(Path(folder))
        yield every
        every.end()


# --- our worker, as it is


def test_what_survives_locally_survives_at_an_address(runs: Runs) -> None:
    ran = runs["hibernate"].ran
    assert ran.code == 0
    assert set(verdicts(ran.document()).values()) == {"held"}


def test_the_sleep_is_known_by_the_instance(runs: Runs) -> None:
    (story,) = runs["hibernate"].ran.document()["scenarios"]
    assert [(sleep["oracle"], sleep["way"]) for sleep in story["sleeps"]] == [("instance", "idle")]
    assert story["sleeps"][0]["wake_ms"] > 0


def test_what_only_a_trace_shows_is_left_out_and_not_held(runs: Runs) -> None:
    (story,) = runs["hibernate"].ran.document()["scenarios"]
    assert [claim["id"] for claim in story["left_out_claims"]] == ["ping-does-not-wake"]


def test_the_run_says_where_it_was_and_where_sleep_begins_there(runs: Runs) -> None:
    judged = runs["hibernate"].ran.document()
    assert (judged["target"]["kind"], judged["target"]["oracle"]) == ("url", "instance")
    assert judged["target"]["url"].startswith("http://127.0.0.1:")
    assert judged["sleep_onset"]["awake_ms"] < judged["sleep_onset"]["asleep_ms"]
    assert judged["figures"]["round_trip_ms"]["n"] > 0


def test_the_token_is_in_no_file(runs: Runs) -> None:
    done = runs["hibernate"]
    for file in files(done.folder):
        assert TOKEN.encode() not in file.read_bytes(), file
    assert TOKEN not in done.ran.out + done.ran.err


def test_judging_the_record_again_gives_the_same(runs: Runs) -> None:
    done = runs["hibernate"]
    assert document(history_of(done.folder / "history.ndjson")) == done.ran.document()


# --- our worker, broken


@pytest.mark.parametrize("name", ["standard_api", "stale_instance"])
def test_a_worker_that_does_not_show_a_sleep_is_red(runs: Runs, name: str) -> None:
    ran = runs[name].ran
    found = verdicts(ran.document())
    assert ran.code == 1
    assert found.pop("hibernate/idle-room-sleeps") == "refuted"
    assert set(found.values()) == {"unknown"}


def test_a_worker_that_closes_its_sockets_at_the_wake_holds_nothing(runs: Runs) -> None:
    ran = runs["close_on_wake"].ran
    assert ran.code == 4
    assert set(verdicts(ran.document()).values()) == {"unknown"}


def test_a_worker_that_ends_meanwhile_is_an_error_and_nothing_is_lost(runs: Runs) -> None:
    ran = runs["gone"].ran
    assert ran.code == 3
    assert set(verdicts(ran.document()).values()) == {"error"}


# --- not our worker


def test_a_stranger_sleeps_by_the_place_that_the_scenario_names(runs: Runs) -> None:
    ran = runs["sleeper"].ran
    assert ran.code == 0, ran.err
    assert verdicts(ran.document()) == {"stranger/sleeps": "held", "stranger/survives": "held"}


def test_a_stranger_that_does_not_sleep_is_refuted_after_thirteen_seconds(runs: Runs) -> None:
    ran = runs["insomniac"].ran
    assert verdicts(ran.document()) == {"stranger/sleeps": "refuted", "stranger/survives": "unknown"}


def test_a_stranger_gets_no_rooms_and_no_questions_of_ours(runs: Runs) -> None:
    done = runs["sleeper"]
    assert [path.split("/")[1] for path in done.paths] == ["chat"]
    assert done.ran.document()["sleep_onset"] is None


# --- what cannot be played, at once and in a sentence


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--target", "http://127.0.0.1:1"], 3, "nothing listens at http://127.0.0.1:1"),
        (["--target", "https://nobody.invalid"], 3, "cannot resolve https://nobody.invalid"),
        (["--target", "{url}"], 3, "requires a token (401)\n  name the variable that contains it: --token-env NAME"),
        (["--target", "{url}", "--token-env", "WRONG"], 3, "rejects the token (401)\n  WRONG must contain"),
        (["--target", "{url}", "--token-env", "MISSING"], 2, "the variable MISSING is not set"),
        (["--target", "{tls}"], 3, "TLS error at"),
        (["--target", "{url}", "--sleep", "evict"], 2, "--sleep evict is not available on {url}"),
        (["--target", "{url}", "--worker", "."], 2, "--worker cannot be used with"),
        (["--target", "{url}", "--compat-date", "2026-10-01"], 2, "{url} has its own"),
        (["--target", "{url}", "--keep"], 2, "--keep is only for workers that poc deploys"),
        (["--target", "cloudflare", "--token-env", "CHAT_TOKEN"], 2, "gets a fresh token"),
    ],
)
def test_what_cannot_be_played_is_told_before_anything_is(
    served: Bare, poc: Poc, words: list[str], code: int, told: str
) -> None:
    def filled(text: str) -> str:
        return text.replace("{url}", served.url).replace("{tls}", served.url.replace("http:", "https:"))

    ran = poc.run("run", "connect", *map(filled, words), variables=VARIABLES | {"WRONG": "not-the-token"})
    assert ran.code == code
    assert filled(told) in ran.err
    assert not poc.results.exists()


@pytest.fixture(scope="module")
def served() -> Iterator[Bare]:
    with tempfile.TemporaryDirectory(prefix="poc-test-") as folder, bare(Path(folder) / "served") as running:
        yield running


def test_a_scenario_that_cannot_be_played_there_is_left_out_and_told(served: Bare, poc: Poc) -> None:
    ran = poc.run("run", "crash", "--target", served.url, "--token-env", "CHAT_TOKEN", variables=VARIABLES)
    assert ran.code == 4
    assert "it kills the runtime; not available on url" in ran.out


def test_a_target_may_stand_in_the_configuration(served: Bare, poc: Poc) -> None:
    (poc.folder / "poc.toml").write_text(f'target = "{served.url}"\ntoken_env = "CHAT_TOKEN"\n', encoding="utf-8")
    ran = poc.run("run", "names-isolated", "-q", variables=VARIABLES)
    assert ran.code == 0
    assert f"on url {served.url}" in ran.out


def test_an_edge_stands_for_workers_dev(served: Bare, poc: Poc) -> None:
    words = ("run", "names-isolated", "--target", "https://chat.me.workers.dev", "--token-env", "CHAT_TOKEN", "--json")
    ran = poc.run(*words, variables=VARIABLES | {"POC_EDGE": served.url})
    assert ran.code == 0
    assert ran.document()["target"]["url"] == "https://chat.me.workers.dev"
