"""Both modes of updating, with sockets kept or dropped by the stand-in: either truth is judged rightly."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.standin.serving import Policy
from tests.standin.standin import StandIn
from tests.support.command import Poc
from tests.support.mutant_runs import TOO_SLOW, TRIES
from tests.support.record import verdicts

pytestmark = [pytest.mark.live, pytest.mark.long]

DEFERRED = "redeploy-deferred/sockets-live-through-a-deferred-update"
IMMEDIATE = "redeploy/sockets-drop-in-redeploy"


@pytest.fixture
def cloud() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


def played(poc: Poc, cloud: StandIn, *words: str) -> dict[str, str]:
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    own = {"XDG_CACHE_HOME": cache, "XDG_STATE_HOME": str(poc.folder / "state")}
    for _ in range(TRIES):
        ran = poc.run("run", *words, "--json", "--target", "cloudflare", variables={**cloud.environment, **own})
        if TOO_SLOW not in ran.out:
            break
    return verdicts(ran.document())


@pytest.mark.parametrize(("deferred", "verdict"), [("keep", "held"), ("drop", "refuted")])
def test_sockets_in_a_deferred_update(poc: Poc, cloud: StandIn, deferred: str, verdict: str) -> None:
    cloud.policy.deferred = "keep" if deferred == "keep" else "drop"
    found = played(poc, cloud, "redeploy-deferred", "--code-update", "deferred:60")
    assert found[DEFERRED] == verdict
    assert found["redeploy-deferred/active-object-keeps-its-code"] == "held"
    assert found["redeploy-deferred/sleeping-object-wakes-with-the-new-code"] == "held"


def test_sockets_in_an_immediate_update(poc: Poc, cloud: StandIn) -> None:
    found = played(poc, cloud, "redeploy", "redeploy-deferred", "--code-update", "immediate")
    assert found[IMMEDIATE] == "held"
    assert DEFERRED not in found  # left out with its scenario
    cloud.policy.immediate = "keep"
    assert played(poc, cloud, "redeploy")[IMMEDIATE] != "held"


def test_what_is_under_way_what_comes_last_and_what_never_sleeps(poc: Poc, cloud: StandIn) -> None:
    assert set(played(poc, cloud, "redeploy-delays").values()) == {"held"}


def test_the_policy_of_the_stand_in_is_what_the_changelog_says() -> None:
    assert Policy() == Policy(immediate="drop", deferred="keep")
