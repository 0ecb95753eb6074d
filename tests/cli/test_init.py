"""`poc init` by its real entry point: what it writes can be read and played, and what is there stays."""

import shutil
from pathlib import Path

import pytest

from poc_cli import __version__
from poc_cli.config_file import read
from poc_cli.shipped import shipped
from tests.support.command import ROOT, Poc

FILES = ["poc.toml", "scenarios/first.toml", ".github/workflows/feasibility.yml"]


def test_it_writes_three_files_and_asks_nothing(poc: Poc) -> None:
    ran = poc.run("init")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        *(f"wrote {name}" for name in FILES),
        "added results/ to .gitignore",
        "",
        "next: poc run scenarios/first.toml, then edit the lines marked CHANGE",
        "",
        "poc is not on PyPI: set the variable POC_REQUIREMENT of the repository to what pip installs, such as",
        f"  git+https://HOST/OWNER/poc@v{__version__}",
    ]
    configured = read(poc.folder / "poc.toml", "poc.toml", ())
    assert configured.check is not None
    assert configured.check.scenarios == ("scenarios/",)
    assert poc.run("lint", "scenarios/").out == "scenarios/first.toml: ok\n"


def test_at_the_root_of_a_repository_of_packages_it_asks_which_one_is_meant(poc: Poc) -> None:
    for name in ("packages/rooms", "node_modules/other"):
        (poc.folder / name).mkdir(parents=True)
        (poc.folder / name / "wrangler.jsonc").write_text("{}", encoding="utf-8")
    ran = poc.run("init")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "poc: no wrangler configuration is here, but packages/rooms has one, so nothing was written\n"
        "  poc init --worker packages/rooms writes a scenario for it; --force goes without one\n"
    )
    assert poc.run("init", "--force").code == 0


def test_below_the_root_of_a_repository_it_says_that_no_workflow_is_read_there(poc: Poc) -> None:
    (poc.folder / ".git").mkdir()
    (poc.folder / "rooms").mkdir()
    assert poc.run("init", "rooms").out.count("\n  poc init --worker rooms\n") == 1
    assert "GitHub reads" not in poc.run("init").out


@pytest.mark.live
def test_in_an_empty_folder_everything_that_it_writes_holds(poc: Poc) -> None:
    assert poc.run("init").code == 0
    ran = poc.run("check", "--sleep", "evict", "-q")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.live
def test_in_a_copy_of_our_worker_the_first_scenario_holds(poc: Poc) -> None:
    project = poc.folder / "project"
    shutil.copytree(shipped("worker"), project, ignore=shutil.ignore_patterns("node_modules"))
    assert poc.run("init", "project").code == 0
    ran = poc.run("run", "project/scenarios/first.toml", "--worker", "project", "--sleep", "evict", "-q")
    assert ran.code == 0, ran.out + ran.err
    assert ran.out.startswith("feasible: every claim held (3 held)")


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_there_stays_and_none_is_written_beside_it(poc: Poc, name: str) -> None:
    own = poc.folder / name
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("mine", encoding="utf-8")
    ran = poc.run("init", variables={"CI": "true"})
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"poc: {name} already exists, so nothing was written\n  poc init --force overwrites it\n"
    assert _files(poc.folder) == [name]
    assert own.read_text(encoding="utf-8") == "mine"
    forced = poc.run("init", "--force")
    assert (forced.code, forced.err) == (0, "")
    assert f"overwrote {name}" in forced.out
    assert own.read_text(encoding="utf-8") != "mine"
    assert _files(poc.folder) == sorted([*FILES, ".gitignore"])


def _files(folder: Path) -> list[str]:
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file())


def test_settings_in_pyproject_are_not_hidden(poc: Poc) -> None:
    (poc.folder / "pyproject.toml").write_text('[tool.poc]\nsleep = "evict"\n', encoding="utf-8")
    ran = poc.run("init")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("poc: pyproject.toml already has [tool.poc], which a poc.toml would override")
    assert poc.run("init", "--force").code == 0


def test_a_link_is_replaced_and_not_followed(poc: Poc) -> None:
    elsewhere = poc.folder / "elsewhere"
    (poc.folder / "poc.toml").symlink_to(elsewhere)
    assert poc.run("init").code == 2
    assert poc.run("init", "--force").code == 0
    assert not elsewhere.exists()


def test_what_cannot_be_written_is_said(poc: Poc) -> None:
    (poc.folder / "scenarios").write_text("a file", encoding="utf-8")
    ran = poc.run("init")
    assert ran.code == 3
    assert ran.err.startswith("poc: cannot write scenarios/first.toml: ")
    assert poc.run("init", "nowhere").code == 2


def test_the_workflow_can_use_an_action(poc: Poc) -> None:
    assert poc.run("init", "--action", "someone/poc@0123456789abcdef0123456789abcdef01234567").code == 0
    workflow = (poc.folder / FILES[2]).read_text(encoding="utf-8")
    assert "      - uses: someone/poc@0123456789abcdef0123456789abcdef01234567\n" in workflow
    assert "pip" not in workflow


@pytest.mark.parametrize(
    "action", ["poc", "a/b", "a/b@", "a/b@c\n      - run: x", "a/b@c # d", "../b@c", "a/b@${{ x }}"]
)
def test_what_is_no_address_of_an_action_is_refused(poc: Poc, action: str) -> None:
    ran = poc.run("init", "--action", action)
    assert ran.code == 2
    assert "is not the address of an action" in ran.err
    assert _files(poc.folder) == []


def test_for_a_project_it_writes_what_the_projects_files_say(poc: Poc) -> None:
    shutil.copytree(ROOT / "tests" / "projects" / "chat", poc.folder / "chat")
    ran = poc.run("init", "--worker", "chat")
    assert (ran.code, ran.err) == (0, "")
    text = (poc.folder / "scenarios" / "first.toml").read_text(encoding="utf-8")
    for line in (
        'worker = "../chat"',
        'object = { class = "Room", name = "{play}" }',
        'clients = { ann = "/rooms/{play}" }',
        '  { on = "ann", send = { type = "hello" } },',
    ):
        assert f"\n{line}" in text
    assert "This worker declares Room, Lobby." in text
    assert '\nworker = "chat"\n' in (poc.folder / "poc.toml").read_text(encoding="utf-8")
    assert poc.run("lint", "scenarios/").out == "scenarios/first.toml: ok\n"


def test_what_every_room_must_do_is_written_on_request(poc: Poc) -> None:
    assert poc.run("init", "--stories").code == 0
    assert poc.run("lint", "scenarios/").out == "scenarios/any-room.toml: ok\nscenarios/first.toml: ok\n"
    shutil.copytree(ROOT / "tests" / "projects" / "chat", poc.folder / "chat")
    assert poc.run("init", "chat", "--stories").code == 0
    text = (poc.folder / "chat" / "scenarios" / "any-room.toml").read_text(encoding="utf-8")
    for line in (
        'worker  = ".."',
        'object  = { class = "Room", name = "{play}" }',
        'clients.tab   = "/rooms/{play}"     # the same person, in another tab',
        'vars.ask    = { type = "hello" }',
    ):
        assert f"\n{line}\n" in text
    assert "\nmutant" not in text
    assert poc.run("lint", "chat/scenarios/any-room.toml").out == "chat/scenarios/any-room.toml: ok\n"


@pytest.mark.live
def test_in_a_copy_of_our_worker_it_holds(poc: Poc) -> None:
    project = poc.folder / "project"
    shutil.copytree(shipped("worker"), project, ignore=shutil.ignore_patterns("node_modules"))
    assert poc.run("init", "project", "--stories").code == 0
    ran = poc.run("run", "project/scenarios/any-room.toml", "--worker", "project", "--sleep", "evict", "-q")
    assert ran.code == 0, ran.out + ran.err
    assert ran.out.startswith("feasible: every claim held (6 held)")


def test_a_worker_that_is_not_there_is_told_and_nothing_written(poc: Poc) -> None:
    ran = poc.run("init", "--worker", "nowhere")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("poc: there is no folder nowhere\n")
    assert _files(poc.folder) == []


@pytest.mark.parametrize("there", [None, "node_modules\n", "node_modules"])
def test_results_are_not_committed(poc: Poc, there: str | None) -> None:
    ignored = poc.folder / ".gitignore"
    if there is not None:
        ignored.write_text(there, encoding="utf-8")
    assert "added results/ to .gitignore" in poc.run("init").out
    assert ignored.read_text(encoding="utf-8") == ("" if there is None else "node_modules\n") + "results/\n"
    assert "gitignore" not in poc.run("init", "--force").out
    assert ignored.read_text(encoding="utf-8").count("results") == 1


def test_a_wrangler_project_is_seen_and_its_options_are_kept(poc: Poc) -> None:
    project = Path(shutil.copytree(ROOT / "tests" / "projects" / "shapes" / "env-only", poc.folder / "app"))
    assert poc.run("init", "app").code == 0
    assert _written(project)[0] == 'worker = { dir = "..", env = "staging" }'
    assert _written(project)[1] == 'worker = { dir = ".", env = "staging" }'
    (project / "wrangler.toml").rename(project / "wrangler.prod.toml")
    ran = poc.run("init", "--worker", "app/wrangler.prod.toml", "--env", "staging", "--force")
    assert "poc record --worker app/wrangler.prod.toml --env staging -o scenarios/session.toml" in ran.out
    assert "poc run scenarios/session.toml --sleep everywhere" in ran.out
    assert _written(poc.folder)[0] == 'worker = { dir = "../app", config = "wrangler.prod.toml", env = "staging" }'
    shutil.copytree(ROOT / "tests" / "projects" / "chat", poc.folder / "chat")
    (poc.folder / "chat" / "wrangler.jsonc").rename(poc.folder / "chat" / "wrangler.prod.jsonc")
    assert poc.run("init", "--worker", "chat/wrangler.prod.jsonc", "--force").code == 0
    assert _written(poc.folder) == ('worker = "../chat/wrangler.prod.jsonc"', 'worker = "chat/wrangler.prod.jsonc"')


def _written(folder: Path) -> tuple[str, str]:
    """Return what the first scenario and poc.toml say about the worker."""
    texts = [(folder / name).read_text(encoding="utf-8").splitlines() for name in (FILES[1], FILES[0])]
    first, second = (next(line for line in lines if line.startswith("worker = ")) for lines in texts)
    return first, second


@pytest.mark.parametrize(
    ("lock", "step"),
    [
        ("package-lock.json", '      - run: npm ci\n        working-directory: "app"\n'),
        ("pnpm-lock.yaml", "      - run: corepack enable && pnpm install --frozen-lockfile\n"),
    ],
)
def test_the_workflow_installs_what_the_project_needs(poc: Poc, lock: str, step: str) -> None:
    project = Path(shutil.copytree(ROOT / "tests" / "projects" / "shapes" / "env-only", poc.folder / "app"))
    assert poc.run("init", "--worker", "app").code == 0
    assert "npm" not in (poc.folder / FILES[2]).read_text(encoding="utf-8")
    (project / "package.json").write_text('{ "dependencies": { "hono": "4" } }', encoding="utf-8")
    (project / lock).touch()
    assert poc.run("init", "--worker", "app", "--force").code == 0
    assert step in (poc.folder / FILES[2]).read_text(encoding="utf-8")


@pytest.mark.live
@pytest.mark.parametrize("name", ["chat", "game"])
def test_the_first_scenario_of_a_project_holds_at_once(poc: Poc, name: str) -> None:
    project = Path(shutil.copytree(ROOT / "tests" / "projects" / name, poc.folder / name))
    assert poc.run("init", name).code == 0
    ran = poc.run("run", f"{project.name}/scenarios/first.toml", "--sleep", "evict", "-q")
    assert ran.code == 0, ran.out + ran.err
    assert ran.out.startswith("feasible: every claim held (2 held)")
