"""Configurations say what a version is bound to, and no text of a Worker's can break out of them."""

from typing import Any

from tests.standin.account import Version
from tests.standin.capnp import config, text, unserved
from tests.standin.migrations import Class
from tests.standin.upload import Module


def _version(*bindings: dict[str, Any], **metadata: Any) -> Version:
    modules = (Module("index.js", "esModule", b""), Module("./a.html", "data", b""))
    return Version("id", 1, modules, bindings, metadata, "2026-11-22T00:00:00Z", "wrangler")


def test_a_configuration_holds_modules_bindings_and_classes() -> None:
    written = config(
        _version(
            {"name": "GREETING", "type": "plain_text", "text": 'say "hi"'},
            {"name": "LIMITS", "type": "json", "json": {"n": 3}},
            {"name": "TOKEN", "type": "secret_text", "text": "s3cret"},
            {"name": "ROOM", "type": "durable_object_namespace", "class_name": "Room"},
            compatibility_date="2026-10-01",
            compatibility_flags=["nodejs_compat"],
        ),
        {"Room": Class(sqlite=True, key="abc")},
        "/somewhere/disk",
        "http://127.0.0.1:1/tail",
    )
    for line in (
        '(name = "index.js", esModule = embed "module-0")',
        '(name = "./a.html", data = embed "module-1")',
        '(name = "GREETING", text = "say \\"hi\\"")',
        '(name = "LIMITS", json = "{\\"n\\": 3}")',
        '(name = "TOKEN", text = "s3cret")',
        '(name = "ROOM", durableObjectNamespace = "Room")',
        '(className = "Room", uniqueKey = "abc", enableSql = true)',
        'compatibilityDate = "2026-10-01"',
        'compatibilityFlags = ["nodejs_compat"]',
        'disk = (path = "/somewhere/disk", writable = true)',
        '(name = "COLLECTOR", text = "http://127.0.0.1:1/tail")',
    ):
        assert line in written


def test_text_stays_inside_its_quotes() -> None:
    assert text('a"b\\c') == '"a\\"b\\\\c"'
    assert text("two\nlines\t\x00") == '"two\\x0alines\\x09\\x00"'


def test_bindings_that_cannot_be_served_are_told() -> None:
    assert unserved(
        [
            {"name": "A", "type": "plain_text"},
            {"name": "B", "type": "kv_namespace"},
            {"name": "C", "type": "durable_object_namespace", "class_name": "Room"},
            {"name": "D", "type": "durable_object_namespace", "class_name": "Room", "script_name": "other"},
        ]
    ) == ["B", "D"]
