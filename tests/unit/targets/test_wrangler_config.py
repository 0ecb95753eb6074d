"""Which classes a configuration declares, and which option shows those that it does not."""

from pathlib import Path

import pytest

from poc_cli.targets.worker_source import WorkerChoice, WorkerSource, source
from poc_cli.targets.wrangler_config import classes_of, fallback_name, only_environment, where_declared

IN_DEV = '[env.dev]\ndurable_objects.bindings = [{ name = "R", class_name = "Room" }]\n'
IN_TEST = '[env.test]\ndurable_objects.bindings = [{ name = "R", class_name = "Room" }]\n'
ELSEWHERE = 'durable_objects.bindings = [{ name = "R", class_name = "Room", script_name = "rooms" }]\n'
OWN = 'durable_objects.bindings = [{ name = "R", class_name = "Room" }]\n'


def _project(folder: Path, text: str, *envs: str) -> WorkerSource:
    folder.mkdir(exist_ok=True)
    (folder / "wrangler.toml").write_text(text, encoding="utf-8")
    return source(WorkerChoice(folder, envs=envs))


@pytest.mark.parametrize(
    ("table", "classes"),
    [
        ({"durable_objects": {"bindings": [{"name": "A", "class_name": "Mine"}]}}, ["Mine"]),
        ({"durable_objects": {"bindings": [{"name": "A", "class_name": "Theirs", "script_name": "other"}]}}, []),
        (
            {
                "name": "app",
                "durable_objects": {"bindings": [{"name": "A", "class_name": "Mine", "script_name": "app"}]},
            },
            ["Mine"],
        ),
        ({"exports": {"Room": {"type": "durable-object", "storage": "sqlite"}, "Api": {"type": "worker"}}}, ["Room"]),
        (
            {
                "migrations": [
                    {"new_sqlite_classes": ["A", "B"], "new_classes": ["C"]},
                    {"deleted_classes": ["B"], "renamed_classes": [{"from": "C", "to": "D"}]},
                ]
            },
            ["A", "D"],
        ),
        ({"durable_objects": [], "migrations": "v1", "exports": None}, []),
    ],
)
def test_the_classes_of_a_configuration(table: dict[str, object], classes: list[str]) -> None:
    assert classes_of(table) == classes


def test_the_only_environment_with_objects_is_used_if_none_is_named(tmp_path: Path) -> None:
    assert only_environment(_project(tmp_path, f"[env.other]\n{IN_DEV}")) == "dev"
    assert only_environment(_project(tmp_path, f'migrations = [{{ new_classes = ["Room"] }}]\n{IN_DEV}')) == "dev"
    assert only_environment(_project(tmp_path, f'exports.Room.type = "durable-object"\n{IN_DEV}')) is None
    assert only_environment(_project(tmp_path, IN_DEV, "other")) is None
    assert only_environment(_project(tmp_path, IN_DEV, "")) is None  # the top level, by its name
    assert only_environment(_project(tmp_path, IN_DEV + IN_TEST)) is None
    assert only_environment(_project(tmp_path, OWN + IN_DEV)) is None
    assert only_environment(_project(tmp_path, "not toml")) is None


def test_several_environments_are_named_for_a_choice(tmp_path: Path) -> None:
    found = where_declared(_project(tmp_path, IN_DEV + IN_TEST))
    assert found == "its configuration binds one in an environment only: choose it with --env dev or --env test"
    found = where_declared(_project(tmp_path, OWN.replace("Room", "Lobby") + IN_DEV), "Room")
    assert found == "its configuration binds Room in an environment only: choose it with --env dev"
    assert where_declared(_project(tmp_path, OWN), "Gone") is None


def test_a_class_of_another_worker_is_found_beside_it(tmp_path: Path) -> None:
    front = _project(tmp_path / "front", ELSEWHERE)
    assert where_declared(front) == (
        'Room is a class of the worker "rooms": add the configuration of that worker with --config'
    )
    _project(tmp_path / "back", f'name = "rooms"\n{OWN}')
    expected = (
        'Room is a class of the worker "rooms": run both with --config wrangler.toml --config ../back/wrangler.toml'
    )
    assert where_declared(front) == expected
    assert where_declared(front, "Room") == expected
    assert where_declared(front, "Other") is None


def test_a_worker_without_a_name_gets_the_same_in_each_run(tmp_path: Path) -> None:
    (file,) = _project(tmp_path, OWN).configs
    assert [fallback_name(file, index) for index in (0, 1)] == ["worker", "worker-2"]
    for text in ('name = "app"\n', '[env.dev]\nname = "app-dev"\n', "not toml"):
        file.write_text(text, encoding="utf-8")
        assert fallback_name(file, 0) is None
