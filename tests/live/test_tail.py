"""`wrangler tail` beside a deployment: its events arrive one by one, and the account has no tail afterwards."""

import asyncio
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from poc_cli.targets.cloudflare.deployment import Deployment, Plan, deployed
from poc_cli.targets.cloudflare.tail import tail
from poc_cli.targets.worker_source import source_or_shipped
from tests.standin.faults import Fault
from tests.standin.standin import StandIn

pytestmark = pytest.mark.live


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    with StandIn() as standin:
        for name, value in standin.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        yield standin


async def _who(deployment: Deployment) -> dict[str, Any]:
    headers = {**deployment.headers, "Host": deployment.url.removeprefix("https://")}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(os.environ["POC_EDGE"] + "/room/a", headers=headers, content=b'{"op":"who"}')
    told: dict[str, Any] = answer.json()
    return told


def test_events_are_told_and_a_redeploy_raises_the_version(cloud: StandIn) -> None:
    async def use(deployment: Deployment) -> None:
        came = asyncio.Event()
        events: list[dict[str, Any]] = []

        def listener(event: dict[str, Any]) -> None:
            events.append(event)
            came.set()

        async with tail(deployment, listener) as told:
            assert told.failure is None
            while not came.is_set():  # what happens before wrangler listens is not told
                assert (await _who(deployment))["version"] == "1"
        assert events[0]["scriptName"] == deployment.name
        assert cloud.account.live_tails == []
        await deployment.redeploy("deploy")
        assert (await _who(deployment))["version"] == "2"
        cloud.faults.set(Fault("lost", method="POST", path="/versions", count=1))
        await deployment.redeploy("deploy")
        assert (await _who(deployment))["version"] == "3"

    with deployed(Plan(source_or_shipped(None)), lambda _line: None) as deployment:
        asyncio.run(use(deployment))
        assert cloud.account.scripts[deployment.name].secrets == ["POC_TOKEN"]
    assert cloud.account.ours == []


def test_a_tail_that_is_refused_says_so_and_ends_nothing(cloud: StandIn) -> None:
    async def use(deployment: Deployment) -> None:
        async with tail(deployment, lambda _event: None) as told:
            assert told.failure is not None
            assert "403" in told.failure

    with deployed(Plan(source_or_shipped(None)), lambda _line: None) as deployment:
        cloud.faults.set(Fault("status", status=403, path="/tails"))
        asyncio.run(use(deployment))
        cloud.faults.clear()
    assert cloud.account.ours == []


@pytest.mark.usefixtures("cloud")
def test_wrangler_writes_no_secret_into_its_own_folder() -> None:
    plan = Plan(source_or_shipped(None), secrets={"POC_API_KEY": "key-canary-0123456789abcdef"})
    with deployed(plan, lambda _line: None) as deployment:
        folder = deployment.uploader.scratch.folder
        written = [file for file in folder.rglob("*") if file.is_file()]
        assert any(file.suffix == ".log" for file in written)  # its log, with all that it tells
        for file in written:
            content = file.read_bytes()
            assert not any(secret.encode() in content for _, secret in deployment.secrets), file
    assert not folder.exists()
