"""The copy of a project's configuration: nothing of production is in it, and all that the Worker needs is."""

import json
from pathlib import Path
from typing import Any

import pytest

from poc_cli.errors import TargetError, UsageError
from poc_cli.targets.cloudflare.deploy_config import Copy, copied
from poc_cli.targets.worker_source import WorkerSource
from poc_cli.targets.wrangler_config import read

BASIC = {"name": "shop", "main": "src/index.ts", "compatibility_date": "2026-10-01"}


def copy(folder: Path, table: dict[str, Any], *, env: str | None = None, force: bool = False) -> Copy:
    file = folder / "wrangler.json"
    file.write_text(json.dumps({**BASIC, **table}), encoding="utf-8")
    return copied(WorkerSource(folder, (file,), (env,)), "poc-1", {"POC_VERSION": "1"}, None, force=force)


def test_the_name_and_the_address_are_ours_and_paths_absolute(tmp_path: Path) -> None:
    made = copy(
        tmp_path,
        {
            "workers_dev": False,
            "preview_urls": True,
            "account_id": "abc",
            "tsconfig": "./ts.json",
            "assets": {"directory": "public", "binding": "ASSETS"},
            "alias": {"x": "./x.ts", "y": "zod"},
            "text_blobs": {"T": "a.txt"},
            "build": {"command": "make"},
            "vars": {"A": "1"},
        },
    )
    root = str(tmp_path)
    assert made.account == "abc"
    assert made.config == {
        "name": "poc-1",
        "workers_dev": True,
        "preview_urls": False,
        "main": f"{root}/src/index.ts",
        "compatibility_date": "2026-10-01",
        "tsconfig": f"{root}/ts.json",
        "assets": {"directory": f"{root}/public", "binding": "ASSETS"},
        "alias": {"x": f"{root}/x.ts", "y": "zod"},
        "text_blobs": {"T": f"{root}/a.txt"},
        "build": {"command": "make", "cwd": root, "watch_dir": f"{root}/src"},
        "vars": {"A": "1", "POC_VERSION": "1"},
    }


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"route": "shop.example/*"}, "its route"),
        ({"routes": [{"pattern": "shop.example", "custom_domain": True}]}, "its routes and custom domains"),
        ({"triggers": {"crons": ["* * * * *"]}}, "its cron triggers"),
        ({"queues": {"consumers": [{"queue": "orders"}]}}, "its queue consumers"),
        ({"tail_consumers": [{"service": "log"}]}, "its tail consumers"),
        ({"logpush": True}, "its logpush"),
        ({"addresses": ["a@shop.example"]}, "its e-mail addresses"),
    ],
)
def test_what_takes_traffic_from_production_is_left_out_and_told(
    tmp_path: Path, table: dict[str, Any], said: str
) -> None:
    made = copy(tmp_path, table)
    assert made.left_out == (said,)
    assert not set(table) & set(made.config)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"kv_namespaces": [{"binding": "KV", "id": "1"}]}, "kv_namespaces KV"),
        ({"kv_namespaces": [{"binding": "KV"}]}, "kv_namespaces KV"),
        ({"r2_buckets": [{"binding": "FILES", "bucket_name": "files"}]}, "r2_buckets FILES"),
        ({"d1_databases": [{"binding": "DB", "database_id": "1"}]}, "d1_databases DB"),
        ({"queues": {"producers": [{"binding": "Q", "queue": "orders"}]}}, "queues Q"),
        ({"services": [{"binding": "PAY", "service": "pay"}]}, "services PAY"),
        ({"hyperdrive": [{"binding": "PG", "id": "1"}]}, "hyperdrive PG"),
        ({"unheard_of": [{"binding": "NEW"}]}, "unheard_of NEW"),
        (
            {"durable_objects": {"bindings": [{"name": "R", "class_name": "R", "script_name": "shop"}]}},
            r"the objects of shop \(R\)",
        ),
    ],
)
def test_what_a_copy_would_write_to_is_refused_unless_forced(tmp_path: Path, table: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        copy(tmp_path, table)
    forced = copy(tmp_path, table, force=True)
    assert set(table) <= set(forced.config)


def test_a_resource_for_trying_out_is_bound_instead(tmp_path: Path) -> None:
    made = copy(tmp_path, {"kv_namespaces": [{"binding": "KV", "id": "real", "preview_id": "spare"}]})
    assert made.config["kv_namespaces"] == [{"binding": "KV", "id": "spare", "preview_id": "spare"}]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"main": None}, "no main"),
        ({"workflows": [{"name": "w"}]}, "workflows"),
        ({"containers": [{"image": "x"}]}, "containers"),
        ({"site": {"bucket": "x"}}, "Workers Site"),
        ({"migrations": [{"tag": "v1", "transferred_classes": [{"from": "A"}]}]}, "takes over the objects"),
        ({"exports": {"Room": {"transferred_from": "shop"}}}, "takes over the objects"),
    ],
)
def test_what_cannot_be_copied_is_refused_even_by_force(tmp_path: Path, table: dict[str, Any], said: str) -> None:
    with pytest.raises(TargetError, match=said):
        copy(tmp_path, table, force=True)


def test_an_environment_inherits_what_wrangler_lets_it_inherit(tmp_path: Path) -> None:
    table = {
        "vars": {"A": "top"},
        "routes": ["shop.example/*"],
        "kv_namespaces": [{"binding": "KV", "id": "real"}],
        "compatibility_flags": ["nodejs_compat"],
        "env": {"try": {"durable_objects": {"bindings": [{"name": "R", "class_name": "Room"}]}}},
    }
    made = copy(tmp_path, table, env="try")
    assert made.config["vars"] == {"POC_VERSION": "1"}
    assert made.config["compatibility_flags"] == ["nodejs_compat"]
    assert made.config["durable_objects"]["bindings"][0]["class_name"] == "Room"
    assert made.left_out == ("its routes and custom domains",)
    assert "kv_namespaces" not in made.config
    with pytest.raises(TargetError, match="it has try"):
        copy(tmp_path, table, env="other")


def test_json_with_comments_is_read(tmp_path: Path) -> None:
    file = tmp_path / "wrangler.jsonc"
    file.write_text('{\n // "a": 1,\n "b": "// no, /* no */ ,}", /* x\n y */ "c": [1, 2, ], // end\n}\n')
    assert read(file) == {"b": "// no, /* no */ ,}", "c": [1, 2]}
    (tmp_path / "wrangler.toml").write_text("a = 1\n[b]\nc = 2\n")
    assert read(tmp_path / "wrangler.toml") == {"a": 1, "b": {"c": 2}}
    file.write_text("{ /* one\ntwo */ ,")
    with pytest.raises(TargetError, match=r"wrangler\.jsonc:2:8: not valid JSON"):
        read(file)
    (tmp_path / "wrangler.toml").write_text("name = chat\n")
    with pytest.raises(TargetError, match=r'wrangler\.toml:1:8: not valid TOML(.|\n)*text stands in quotes: "chat"'):
        read(tmp_path / "wrangler.toml")
