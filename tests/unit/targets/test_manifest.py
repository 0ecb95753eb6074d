"""The part of a lock that installs one package."""

import json

import pytest

from poc_cli.errors import PocError
from poc_cli.shipped import shipped
from poc_cli.targets.installation import WORKERD_VERSION, WRANGLER_VERSION, part


def test_wrangler_comes_with_what_it_needs_and_nothing_else() -> None:
    lock = (shipped("worker") / "package-lock.json").read_text(encoding="utf-8")
    manifest, own = part(lock, "wrangler")
    assert json.loads(manifest)["dependencies"] == {"wrangler": WRANGLER_VERSION}
    packages, whole = json.loads(own)["packages"], json.loads(lock)["packages"]
    assert packages["node_modules/workerd"]["version"] == WORKERD_VERSION
    assert {"node_modules/miniflare", "node_modules/esbuild", "node_modules/sharp"} <= packages.keys()
    assert "node_modules/typescript" not in packages
    assert all(packages[at] == {key: whole[at][key] for key in whole[at] if key != "dev"} for at in packages if at)


def test_what_a_package_has_inside_goes_before_what_lies_beside_it() -> None:
    packages = {
        "node_modules/a": {"version": "1.0.0", "dependencies": {"b": "*"}},
        "node_modules/a/node_modules/b": {"version": "2.0.0", "dependencies": {"c": "*"}},
        "node_modules/b": {"version": "1.0.0"},
        "node_modules/c": {"version": "1.0.0"},
    }
    _, own = part(json.dumps({"lockfileVersion": 3, "packages": packages}), "a")
    assert list(json.loads(own)["packages"]) == [
        "",
        "node_modules/a",
        "node_modules/a/node_modules/b",
        "node_modules/c",
    ]


def test_a_package_that_is_not_there_is_told() -> None:
    with pytest.raises(PocError, match=r"package-lock\.json has no a"):
        part('{"lockfileVersion": 3, "packages": {}}', "a")
