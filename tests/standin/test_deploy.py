"""The real wrangler deploys to the stand-in, and what it deployed is really served."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from websockets.exceptions import ConnectionClosed

from tests.standin import sample
from tests.standin.account import Account
from tests.standin.public import ask, get, socket, version
from tests.standin.standin import StandIn
from tests.standin.tokens import Token
from tests.standin.wrangler import Wrangler
from tests.support.processes import until, using

pytestmark = pytest.mark.live


def test_from_deploy_to_delete(cloud: StandIn, wrangler: Wrangler, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"SECRET": "s3cret"}), encoding="utf-8")
    cloud.account.add_foreign("blog")
    deployed = wrangler.deploy("--secrets-file", str(secrets))
    assert deployed.code == 0, deployed.text
    assert deployed.record("deploy")["targets"] == [f"https://{cloud.host('sample')}"]
    assert deployed.record("deploy")["version_id"] == cloud.account.scripts["sample"].versions[-1].id
    assert (cloud.account.ours, cloud.running) == (["sample"], ["sample"])
    assert cloud.account.scripts["sample"].secrets == ["SECRET"]
    assert get(cloud, "sample").json() == {
        "url": f"https://{cloud.host('sample')}/about",
        "version": "1",
        "colo": "LAX",
    }

    with socket(cloud, "sample") as client:
        assert client.response is not None
        assert client.response.headers["cf-ray"].endswith("-LAX")
        before = ask(client)
        assert (before["count"], before["version"], before["secret"]) == (1, "1", "s3cret")
        sample.write(wrangler.folder, "2")
        assert wrangler.deploy().code == 0
        with pytest.raises(ConnectionClosed) as dropped:
            client.recv(timeout=30)
        assert dropped.value.rcvd is None  # no close frame: 1006
    with socket(cloud, "sample") as client:
        after = ask(client)
        assert (after["count"], after["version"], after["secret"]) == (2, "2", "s3cret")
        assert after["instance"] != before["instance"]
        client.close(1000)

    removed = wrangler.run("delete", "--name", "sample", "--force")
    assert removed.code == 0, removed.text
    assert (cloud.account.ours, list(cloud.account.scripts), cloud.running) == ([], ["blog"], [])
    assert not list(cloud.folder.glob("*/sample"))
    assert get(cloud, "sample").status_code == 404
    assert get(cloud, "blog").text == "blog is none of yours"

    assert wrangler.deploy().code == 0
    with socket(cloud, "sample") as client:
        assert ask(client)["count"] == 1  # its objects went with it
    assert all(each.status is not None and each.status < 500 for each in cloud.requests)


def test_objects_may_be_declared_as_exports(cloud: StandIn, wrangler: Wrangler) -> None:
    exports = {"Room": {"type": "durable-object", "storage": "sqlite"}}
    for number in ("1", "2"):
        sample.write(wrangler.folder, number, migrations=None, exports=exports)
        deployed = wrangler.deploy()
        assert deployed.code == 0, deployed.text
        with socket(cloud, "sample") as client:
            answer = ask(client)
        assert (str(answer["count"]), answer["version"]) == (number, number)


def test_secrets_and_versions(cloud: StandIn, wrangler: Wrangler, tmp_path: Path) -> None:
    assert wrangler.deploy().code == 0
    bulk = tmp_path / "bulk.json"
    bulk.write_text(json.dumps({"SECRET": "first", "OTHER": "x"}), encoding="utf-8")
    assert wrangler.run("secret", "bulk", str(bulk), "--name", "sample").code == 0
    listed = wrangler.run("secret", "list", "--name", "sample", "--format", "json")
    assert sorted(each["name"] for each in json.loads(listed.out)) == ["OTHER", "SECRET"]
    assert "first" not in listed.text
    assert wrangler.run("secret", "delete", "OTHER", "--name", "sample").code == 0
    assert cloud.account.scripts["sample"].secrets == ["SECRET"]
    with socket(cloud, "sample") as client:
        assert ask(client)["secret"] == json.loads(bulk.read_text(encoding="utf-8"))["SECRET"]
    sample.write(wrangler.folder, "2")
    uploaded = wrangler.run("versions", "upload")
    assert uploaded.code == 0, uploaded.text
    assert version(cloud, "sample") == "1"
    stored = uploaded.record("version-upload")["version_id"]
    assert wrangler.run("versions", "deploy", f"{stored}@100%", "--name", "sample", "--yes").code == 0
    until("the new version answers", lambda: version(cloud, "sample") == "2")
    shown = wrangler.run("deployments", "status", "--name", "sample", "--json")
    assert stored in shown.out


def test_a_worker_may_call_loopback(cloud: StandIn, wrangler: Wrangler) -> None:
    assert wrangler.deploy().code == 0
    answer = get(cloud, "sample", f"/call/{quote(f'{cloud.api}/user', safe='')}")
    assert answer.json()["errors"][0]["code"] == 9106


def test_several_accounts(tmp_path: Path) -> None:
    accounts = [Account("Mine"), Account("Shop", subdomain="shop"), Account("Theirs", subdomain="theirs")]
    token = Token("t", accounts=frozenset(each.id for each in accounts[:2]))
    with StandIn(accounts=accounts, tokens=[token]) as cloud:
        sample.write(tmp_path / "project")
        environment = {**cloud.environment, "CLOUDFLARE_ACCOUNT_ID": ""}
        wrangler = Wrangler(tmp_path / "project", environment)
        who = json.loads(wrangler.run("whoami", "--json").out)
        assert [each["name"] for each in who["accounts"]] == ["Mine", "Shop"]
        undecided = wrangler.deploy()
        assert undecided.code == 1
        assert "More than one account" in undecided.text
        environment["CLOUDFLARE_ACCOUNT_ID"] = accounts[1].id
        assert wrangler.deploy().code == 0
        assert [each.ours for each in accounts] == [[], ["sample"], []]
        environment["CLOUDFLARE_ACCOUNT_ID"] = accounts[2].id
        refused = wrangler.deploy()
        assert refused.code == 1
        assert "Authentication error [code: 10000]" in refused.text


def test_a_wrangler_that_is_killed_leaves_a_stand_in_that_ends_clean(tmp_path: Path) -> None:
    with StandIn() as cloud:
        sample.write(tmp_path / "project")
        wrangler = Wrangler(tmp_path / "project", cloud.environment)
        with wrangler.start("deploy") as process:
            until("it asks", lambda: bool(cloud.requests))
            process.kill()
    until("nothing is left", lambda: not using(cloud.folder))
