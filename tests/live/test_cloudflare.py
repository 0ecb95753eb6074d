"""`poc run --target cloudflare` from end to end: deployed by the real wrangler to a stand-in, played, torn down."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.standin.standin import StandIn
from tests.standin.tokens import Token
from tests.support.command import Poc, Ran
from tests.support.record import files, latest, verdicts

pytestmark = pytest.mark.live

CANARY = "canary-3b8d5f10c7e64a29"
"""The API token of these tests; it must turn up nowhere."""

NEED_THIS_MACHINE = ("api-call", "crash", "pin-fetch")


@pytest.fixture
def cloud() -> Iterator[StandIn]:
    with StandIn(tokens=[Token(CANARY)]) as standin:
        standin.account.add_foreign("blog")
        yield standin


def run(poc: Poc, cloud: StandIn, *words: str) -> Ran:
    home = poc.folder / "home"
    home.mkdir(exist_ok=True)
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    own = {"HOME": str(home), "XDG_CACHE_HOME": cache, "XDG_STATE_HOME": str(poc.folder / "state")}
    ran = poc.run("run", *words, "--target", "cloudflare", variables={**cloud.environment, **own})
    assert CANARY not in ran.out + ran.err
    return ran


def test_it_is_deployed_played_and_torn_down(poc: Poc, cloud: StandIn) -> None:
    ran = run(poc, cloud, "hibernate", "redeploy", "drop-state", *NEED_THIS_MACHINE, "--json")
    judged = ran.document()
    left = {scenario["name"]: scenario["left_out"] for scenario in judged["scenarios"] if scenario["left_out"]}
    assert left.keys() == set(NEED_THIS_MACHINE)
    assert all(reason.endswith("not available on cloudflare") for reason in left.values())
    assert ran.code == 4, ran.err  # for what was left out
    assert set(verdicts(judged).values()) == {"held"}
    assert judged["target"]["kind"] == "cloudflare"
    assert judged["target"]["url"].endswith(".workers.dev")
    assert judged["target"]["colos"]
    assert cloud.account.ours == []
    assert "blog" in cloud.account.scripts
    for file in files(latest(poc.results)):
        assert CANARY.encode() not in file.read_bytes(), file
