"""What a project's files say about its objects."""

import json
from pathlib import Path

import pytest

from poc_cli.commands.scaffold import Guess, guess, path_in, plain_json
from poc_cli.errors import UsageError
from poc_cli.targets.worker_source import WorkerChoice, source

PROJECTS = Path(__file__).parent.parent.parent / "projects"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("chat", Guess(("Room", "Lobby"), "/rooms/{play}")),
        ("game", Guess(("Table",), "/table/{play}")),
    ],
)
def test_our_own_projects(name: str, found: Guess) -> None:
    assert guess(source(WorkerChoice(PROJECTS / name))) == found


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ('app.get("/rooms/:room/ws", upgrade)', "/rooms/{play}/ws"),
        ('if (url.pathname.startsWith("/parties/main/"))', "/parties/main/{play}"),
        ("const found = url.pathname.match(/^\\/api\\/room\\/([^/]+)$/)", "/api/room/{play}"),
        ('env.ROOM.idFromName(url.searchParams.get("room") ?? "lobby")', "/?room={play}"),
        ('const [, a, b] = url.pathname.split("/"); if (a === "live" && up === "websocket")', "/live/{play}"),
        ('const name = new URL(request.url).pathname.split("/")[1]', "/{play}"),
        ("export default {}", None),
    ],
)
def test_paths(code: str, path: str | None) -> None:
    assert path_in(code) == path


def test_comments_and_last_commas_are_taken_out_but_not_of_texts() -> None:
    text = '{ // one\n "a": "// no, /* no */ ,}", /* two\n */ "b": [1, 2, ], }'
    assert json.loads(plain_json(text)) == {"a": "// no, /* no */ ,}", "b": [1, 2]}


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
    assert guess(source(WorkerChoice(tmp_path))) == Guess(("Mine",), None)
