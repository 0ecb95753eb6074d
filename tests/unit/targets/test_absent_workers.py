"""What stands for a worker that is bound and does not run."""

from poc_cli.targets.absent_workers import StandIn, referenced, stand_ins
from poc_cli.targets.bindings import Absent


def _texts(*texts: str) -> bytes:
    """Return texts as a compiled configuration holds them: each begins at a word and ends with a null byte."""
    encoded = (text.encode() + b"\0" for text in texts)
    return b"".join(each.ljust(-(-len(each) // 8) * 8, b"\0") for each in encoded)


def test_names_are_texts_of_the_configuration_and_not_parts_of_code() -> None:
    message = _texts("core:user:auth", "core:entry", "const prefix = 'core:user:'; x", "a core:user:middle")
    assert referenced(message) == {"auth"}


def test_only_what_is_not_defined_is_stood_in_for() -> None:
    message = _texts("core:user:chat", "core:user:auth", "core:user:unheard-of")
    found = stand_ins(message, ["core:user:chat", "core:entry"], [Absent("auth", ("Admin",), ("Room",))])
    assert found == [StandIn("auth", "auth", ("Admin",), ("Room",)), StandIn("unheard-of", "unheard-of")]


def test_far_workflows_go_to_the_simulators_registry() -> None:
    message = _texts("core:user:dev-registry-proxy")
    (found,) = stand_ins(message, [], [Absent("flows", has_workflows=True)])
    assert (found.label, found.entrypoints) == ("flows", ("ExternalServiceProxy",))


def test_the_code_names_the_worker_and_exports_what_is_bound() -> None:
    code = StandIn("auth", 'au"th', ("default", "Admin"), ("Room",)).code
    assert r"the worker \"au\"th\" is not connected" in code
    assert 'const part0 = failing(WorkerEntrypoint);\nexport { part0 as "Admin" };' in code
    assert 'const part1 = failing(DurableObject);\nexport { part1 as "Room" };' in code


def test_objects_of_a_stand_in_are_kept_in_memory() -> None:
    text = StandIn("rooms", "rooms", (), ("Room",)).service("absent0.js")
    assert 'name = "core:user:rooms"' in text
    assert '(className = "Room", uniqueKey = "rooms-Room", enableSql = true)' in text
    assert "durableObjectStorage = (inMemory = void)" in text
