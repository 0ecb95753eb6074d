"""What a project binds: what is simulated, and which workers are not there."""

from typing import Any

import pytest

from poc_cli.errors import TargetError
from poc_cli.targets.bindings import Absent, Binding, absent, bindings_of, notes, raise_if_remote

THERE = ["chat"]


def _of(*bindings: dict[str, object]) -> tuple[Binding, ...]:
    return bindings_of([{"name": "chat", "bindings": bindings}])


def test_remote_bindings_are_told_in_one_line() -> None:
    found = _of(
        {"name": "KV", "type": "kv_namespace", "remote": True},
        {"name": "FILES", "type": "r2_bucket", "remote": True},
        {"name": "LOCAL", "type": "d1"},
        {"name": "BROWSER", "type": "browser", "remote": True},
        {"name": "INDEX", "type": "vectorize", "remote": True},
        {"name": "AI", "type": "ai"},
    )
    (note,) = notes(found, THERE)
    assert note == (
        "poc: nothing on Cloudflare is used: KV, FILES are empty simulations; BROWSER starts a Chrome on this machine;"
        " INDEX (vectorize), AI (ai) fail when used"
    )


def test_a_type_without_a_simulator_fails_when_used() -> None:
    assert notes(_of({"name": "NEW", "type": "invented_in_2030", "remote": True}), THERE) == [
        "poc: nothing on Cloudflare is used: NEW (invented_in_2030) fails when used"
    ]


def test_bindings_that_are_not_remote_are_not_told() -> None:
    assert notes(_of({"name": "KV", "type": "kv_namespace"}, {"name": "GREETING", "type": "plain_text"}), THERE) == []


def test_remote_bindings_can_be_refused() -> None:
    raise_if_remote(_of({"name": "KV", "type": "kv_namespace"}), "wrangler.jsonc")
    with pytest.raises(TargetError, match=r"which poc does not use: KV \(kv_namespace\)"):
        raise_if_remote(_of({"name": "KV", "type": "kv_namespace", "remote": True}), "wrangler.jsonc")


ABSENT = _of(
    {"name": "AUTH", "type": "service", "service": "auth"},
    {"name": "ADMIN", "type": "service", "service": "auth", "entrypoint": "Admin"},
    {"name": "SELF", "type": "service", "service": "chat"},
    {"name": "FAR", "type": "durable_object_namespace", "class_name": "Room", "script_name": "rooms"},
    {"name": "ROOMS", "type": "durable_object_namespace", "class_name": "Room"},
    {"name": "FLOW", "type": "workflow", "class_name": "Flow", "script_name": "flows"},
    {"name": "tail consumer", "type": "tail", "service": "logs"},
)


def test_workers_that_are_bound_and_do_not_run_are_known_with_what_is_expected_of_them() -> None:
    assert absent(ABSENT, THERE) == (
        Absent("auth", entrypoints=("Admin",)),
        Absent("flows", has_workflows=True),
        Absent("logs"),
        Absent("rooms", classes=("Room",)),
    )
    (note,) = notes(ABSENT, THERE)
    assert note == (
        "poc: [not connected] AUTH (auth), ADMIN (auth#Admin), FAR (rooms#Room), FLOW (flows#Flow),"
        " tail consumer (logs): no such worker runs here, and calls to it fail"
    )


def test_a_worker_of_the_same_project_is_there() -> None:
    both: list[dict[str, Any]] = [
        {"name": "chat", "bindings": [{"name": "AUTH", "type": "service", "service": "auth"}]},
        {"name": "auth", "bindings": []},
    ]
    assert absent(bindings_of(both), ["chat", "auth"]) == ()
