"""What is kept between versions, which changes of classes are taken, and how much there is room for."""

from typing import Any

import pytest

from tests.standin.account import FREE_SCRIPTS, Account, inherited
from tests.standin.migrations import Class, classes_after
from tests.standin.refusal import Refusal
from tests.standin.upload import Module, Upload

ROOM = {"name": "ROOM", "type": "durable_object_namespace", "class_name": "Room"}
SECRET = {"name": "TOKEN", "type": "secret_text", "text": "s3cret"}
NEW = {"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Room"]}]}


def _refusal(metadata: dict[str, Any], before: dict[str, Class] | None = None, tag: str | None = None) -> int:
    with pytest.raises(Refusal) as refused:
        classes_after(before or {}, tag, metadata, free=True)
    return refused.value.code


def test_secrets_are_kept_where_the_upload_says_so() -> None:
    variable = {"name": "A", "type": "plain_text", "text": "old"}
    new = {"name": "A", "type": "plain_text", "text": "new"}
    assert inherited({"bindings": [new], "keep_bindings": ["secret_text"]}, [variable, SECRET]) == (new, SECRET)
    assert inherited({"bindings": [new]}, [variable, SECRET]) == (new,)
    over = {**SECRET, "text": "other"}
    assert inherited({"bindings": [over], "keep_bindings": ["secret_text"]}, [SECRET]) == (over,)


def test_a_binding_is_inherited_or_refused() -> None:
    wanted = {"bindings": [{"name": "TOKEN", "type": "inherit"}]}
    assert inherited(wanted, [SECRET]) == (SECRET,)
    with pytest.raises(Refusal) as refused:
        inherited(wanted, [])
    assert refused.value.code == 10057


def test_a_class_keeps_its_key_under_any_name() -> None:
    first, tag = classes_after({}, None, {"migrations": NEW, "bindings": [ROOM]}, free=True)
    assert tag == "v1"
    again, _ = classes_after(first, tag, {"bindings": [ROOM]}, free=True)
    assert again == first
    step = {"renamed_classes": [{"from": "Room", "to": "Hall"}]}
    renamed, _ = classes_after(
        first, tag, {"migrations": {"old_tag": "v1", "new_tag": "v2", "steps": [step]}}, free=True
    )
    assert renamed == {"Hall": first["Room"]}
    gone, _ = classes_after(renamed, "v2", {"migrations": {"steps": [{"deleted_classes": ["Hall"]}]}}, free=True)
    assert gone == {}


def test_declared_exports_are_classes() -> None:
    exports = {"Room": {"type": "durable-object", "storage": "sqlite"}, "default": {"type": "worker"}}
    classes, tag = classes_after({}, None, {"exports": exports, "bindings": [ROOM]}, free=True)
    assert list(classes) == ["Room"]
    assert tag is None
    assert classes_after(classes, None, {"exports": exports}, free=True)[0] == classes


def test_changes_of_classes_that_cloudflare_refuses() -> None:
    old = {"new_tag": "v1", "steps": [{"new_classes": ["Room"]}]}
    assert _refusal({"migrations": old}) == 10097
    assert classes_after({}, None, {"migrations": old}, free=False)[0]["Room"].sqlite is False
    assert _refusal({"migrations": NEW}, {"Room": Class(sqlite=True)}) == 10074
    assert _refusal({"migrations": {"old_tag": "v0", **NEW}}, tag="v1") == 10079
    assert _refusal({"bindings": [ROOM]}) == 10061


def test_a_free_account_has_room_for_so_many_workers() -> None:
    account = Account()
    account.add_foreign(*(f"theirs-{number}" for number in range(FREE_SCRIPTS)))
    with pytest.raises(Refusal) as refused:
        account.new("one-more")
    assert refused.value.code == 10037
    account.free = False
    assert account.new("one-more").name == "one-more"


def test_an_account_without_a_subdomain_takes_no_worker() -> None:
    with pytest.raises(Refusal) as refused:
        Account(subdomain=None).new("a")
    assert refused.value.code == 10063


def test_foreign_workers_are_told_apart() -> None:
    account = Account()
    account.add_foreign("blog")
    script = account.new("mine")
    script.deploy(script.add(Upload({"bindings": [SECRET]}, (Module("a", "esModule", b""),))))
    account.scripts["mine"] = script
    assert account.ours == ["mine"]
    assert script.secrets == ["TOKEN"]
