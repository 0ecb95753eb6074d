"""What a project's files say about its objects."""

from pathlib import Path

import pytest

from poc_cli.commands.route_guess import Route
from poc_cli.commands.scaffold import guess
from poc_cli.errors import UsageError
from poc_cli.targets.worker_source import WorkerChoice, source

PROJECTS = Path(__file__).parent.parent.parent / "projects"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("chat", (None, ("Room", "Lobby"), Route("Room", "{play}", "/rooms/{play}"), True)),
        ("game", (None, ("Table",), Route("Table", "{play}", "/table/{play}"), False)),
        ("shapes/env-only", ("staging", ("Room",), Route("Room", "{play}", "/rooms/{play}"), False)),
    ],
)
def test_our_own_projects(name: str, found: tuple[str | None, tuple[str, ...], Route, bool]) -> None:
    made = guess(source(WorkerChoice(PROJECTS / name)))
    assert (made.source.envs[0], made.classes, made.route, made.speaks_json) == found


@pytest.mark.parametrize("content", ["{", "[]", '{"name": "x"}', '{"durable_objects": {"bindings": [{"name": "A"}]}}'])
def test_a_configuration_that_says_nothing_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "wrangler.jsonc").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"wrangler\.jsonc"):
        guess(source(WorkerChoice(tmp_path)))


def test_classes_of_other_workers_are_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(
        'durable_objects.bindings = [{ name = "A", class_name = "Mine" },'
        ' { name = "B", class_name = "Theirs", script_name = "other" }]\n',
        encoding="utf-8",
    )
    assert guess(source(WorkerChoice(tmp_path))).classes == ("Mine",)


def test_code_that_is_installed_or_generated_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(
        'main = "index.js"\ndurable_objects.bindings = [{ name = "A", class_name = "Mine" }]\n', encoding="utf-8"
    )
    for name in ("node_modules/x/index.js", "worker-configuration.d.ts"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text('app.get("/wrong/:room", upgrade)', encoding="utf-8")
    assert guess(source(WorkerChoice(tmp_path))).route.path is None
    (tmp_path / "index.js").write_text('app.get("/right/:room", upgrade)', encoding="utf-8")
    assert guess(source(WorkerChoice(tmp_path))).route.path == "/right/{play}"


def test_a_name_that_a_variable_of_the_configuration_has(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(
        'main = "index.js"\ndurable_objects.bindings = [{ name = "A", class_name = "Mine" }]\nvars.ROOM = "all"\n',
        encoding="utf-8",
    )
    (tmp_path / "index.js").write_text('env.A.idFromName(env.ROOM || "none"); env.OTHER.x();', encoding="utf-8")
    assert guess(source(WorkerChoice(tmp_path))).route == Route("Mine", "all", "/")


@pytest.mark.parametrize(("more", "path"), [("", "/ws"), (", run_worker_first = true", "/")])
def test_a_page_at_the_root_is_passed_by(tmp_path: Path, more: str, path: str) -> None:
    (tmp_path / "wrangler.toml").write_text(
        'main = "index.js"\ndurable_objects.bindings = [{ name = "A", class_name = "Mine" }]\n'
        f'assets = {{ directory = "public"{more} }}\n',
        encoding="utf-8",
    )
    (tmp_path / "index.js").write_text('env.A.get(env.A.idFromName("all")).fetch(request)', encoding="utf-8")
    assert guess(source(WorkerChoice(tmp_path))).route.path == path
