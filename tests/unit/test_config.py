"""The configuration: what counts where several say something, and how a mistake in the file is told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from poc_cli.config import Flags, WorkerFlags, find, settings
from poc_cli.errors import UsageError
from poc_cli.judge.requirements import Entry, Limit, Regress
from poc_cli.targets.worker_source import WorkerChoice

Write = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("RESULTS", "WORKER", "SLEEP", "JOBS", "COMPAT_DATE", "TARGET", "TOKEN_ENV"):
        monkeypatch.delenv(f"POC_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(folder: Path, text: str, name: str = "poc.toml") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        settings()
    return str(refused.value)


def test_without_anything_the_defaults_count(folder: Path) -> None:
    found = settings()
    assert (found.results, found.worker, found.sleep, found.jobs, found.compat_dates) == (
        Path("results"),
        None,
        None,
        500,
        (),
    )
    assert (found.file, found.folder) == (None, folder)


def test_a_flag_counts_before_the_environment_and_that_before_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "poc.toml").write_text(
        'results = "a"\nworker = "w"\nsleep = "idle"\njobs = 3\ncompat_date = "2026-01-01"\n', encoding="utf-8"
    )
    found = settings()
    assert (found.results, found.worker, found.sleep, found.jobs, found.compat_dates) == (
        Path("a"),
        WorkerChoice(Path("w")),
        "idle",
        3,
        ("2026-01-01",),
    )
    for name, value in {"RESULTS": "b", "WORKER": "v", "SLEEP": "evict", "JOBS": "4"}.items():
        monkeypatch.setenv(f"POC_{name}", value)
    monkeypatch.setenv("POC_COMPAT_DATE", "2026-02-02")
    found = settings()
    assert (found.results, found.worker, found.sleep, found.jobs, found.compat_dates) == (
        Path("b"),
        WorkerChoice(Path("v")),
        "evict",
        4,
        ("2026-02-02",),
    )
    found = settings(Flags(Path("c"), WorkerFlags(Path("u")), "idle", 5, ("2026-03-03",)))
    assert (found.results, found.worker, found.sleep, found.jobs, found.compat_dates) == (
        Path("c"),
        WorkerChoice(Path("u")),
        "idle",
        5,
        ("2026-03-03",),
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SLEEP", "deep", 'POC_SLEEP is "deep"\n  use "idle", "evict" or "everywhere"'),
        ("JOBS", "0", 'POC_JOBS is "0"\n  use a whole number, at least 1'),
        ("JOBS", "²", 'POC_JOBS is "²"\n  use a whole number, at least 1'),
        ("COMPAT_DATE", "2026-02-30", 'POC_COMPAT_DATE is "2026-02-30"\n  write it as 2026-10-01'),
    ],
)
def test_a_wrong_variable_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    assert folder.is_dir()
    monkeypatch.setenv(f"POC_{name}", value)
    with pytest.raises(UsageError) as refused:
        settings()
    assert str(refused.value) == said


def test_a_target_counts_from_a_flag_the_environment_and_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings().target.is_local
    (folder / "poc.toml").write_text('target = "wss://a.example"\ntoken_env = "A"\n', encoding="utf-8")
    assert (settings().target.url, settings().token_env) == ("https://a.example", "A")
    monkeypatch.setenv("POC_TARGET", "cloudflare")
    monkeypatch.setenv("POC_TOKEN_ENV", "B")
    assert (settings().target.word, settings().token_env) == ("cloudflare", "B")
    found = settings(Flags(target="local", token_env="C"))  # noqa: S106 - a name
    assert (found.target.word, found.token_env) == ("local", "C")


def test_a_target_that_is_none_is_told_with_its_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = refusal(folder, 'jobs = 1\ntarget = "clouflare"\n')
    assert told.startswith('poc.toml:2:10: there is no target "clouflare"')
    assert 'did you mean "cloudflare"?' in told
    (folder / "poc.toml").unlink()
    monkeypatch.setenv("POC_TARGET", "chat.example")
    with pytest.raises(UsageError, match=r'POC_TARGET: the target "chat\.example" has no scheme'):
        settings()


def test_an_empty_variable_says_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder.is_dir()
    monkeypatch.setenv("POC_JOBS", "")
    assert settings().jobs == 500


def test_paths_of_the_file_start_in_its_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".git").mkdir()
    (folder / "poc.toml").write_text('results = "runs"\nworker = "../w"\n', encoding="utf-8")
    (folder / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(folder / "a" / "b")
    found = settings()
    assert (found.results, found.worker, found.folder) == (Path("../../runs"), WorkerChoice(Path("../../../w")), folder)


def test_it_is_looked_for_as_far_as_the_repository_reaches(folder: Path) -> None:
    (folder / "poc.toml").touch()
    inner = folder / "repository" / "inner"
    inner.mkdir(parents=True)
    assert find(inner) is None
    (folder / "repository" / ".git").touch()
    assert find(inner) is None
    (folder / "repository" / "pyproject.toml").write_text("[tool.poc]\n", encoding="utf-8")
    assert find(inner) == (folder / "repository" / "pyproject.toml", ("tool", "poc"))
    (folder / "repository" / "poc.toml").touch()
    assert find(inner) == (folder / "repository" / "poc.toml", ())


@pytest.mark.parametrize("text", ["[tool.other]\n", "tool = 3\n", "[tool]\nx = [\n", "", "[project]\nname = 'poc'\n"])
def test_a_pyproject_without_tables_of_ours_is_none_of_our_business(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    assert find(folder) is None


def test_a_mistake_in_a_pyproject_is_found_at_its_place(folder: Path) -> None:
    said = refusal(folder, '[tool.ruff]\njobs = "x"\n[tool.poc]\njobs = "x"\n', "pyproject.toml")
    assert said.startswith('pyproject.toml:4:8: "jobs" must be a whole number, not the text "x"\n    4 | jobs = ')
    said = refusal(folder, "[tool.poc]\njobs = [\n", "pyproject.toml")
    assert said.startswith("pyproject.toml:2:8: not valid TOML: ")


CHECK = '[check]\nscenarios = ["hibernate"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "jbos = 3\n",
            (
                'poc.toml:1:1: "jbos" is not a key of the configuration\n    1 | jbos = 3\n        ^\n'
                '  did you mean "jobs"?'
            ),
        ),
        ("jobs = 0\n", 'poc.toml:1:8: "jobs" must be at least 1, not the number 0'),
        ("jobs = true\n", 'poc.toml:1:8: "jobs" must be a whole number, not true'),
        ('results = ""\n', 'poc.toml:1:11: "results" must not be empty'),
        ('sleep = "deep"\n', 'poc.toml:1:9: "sleep" must be "idle", "evict" or "everywhere", not the text "deep"'),
        ("compat_date = 2026-10-01\n", 'poc.toml:1:15: "compat_date" must be text in quotes, not a date or time'),
        ('compat_date = "2026-13-01"\n', 'poc.toml:1:15: the text "2026-13-01" is not a calendar date'),
        ("check = 3\n", 'poc.toml:1:9: "check" must be a table, not the number 3'),
        ("[check]\n", 'poc.toml:1:2: [check] needs "scenarios"'),
        ("[check]\nscenarios = []\n", 'poc.toml:2:13: "scenarios" must not be empty'),
        (CHECK + "requires = []\n", 'poc.toml:3:1: "requires" is not a key of [check]'),
        (CHECK + 'require = "a"\n', 'poc.toml:3:11: "require" must be a list, not the text "a"'),
        (CHECK + 'require = ["a b"]\n', 'poc.toml:3:12: "a b" is not the name of a claim'),
        (CHECK + 'require = ["a 3 of 2"]\n', 'poc.toml:3:12: "a 3 of 2" asks for 3 of 2'),
        (CHECK + 'require = ["a"]\nallow = ["a"]\n', 'poc.toml:4:10: "a" is both required and allowed to be refuted'),
        (CHECK + 'allow = ["a 1 of 2"]\n', 'poc.toml:3:10: "a" is allowed to be refuted, so it cannot require 1 of 2'),
        (CHECK + '[check.limits]\nwake_p90 = "1s"\n', 'poc.toml:4:1: "wake_p90" is not a key of [check.limits]'),
        (CHECK + "[check.limits]\nwake_p99 = 50\n", 'poc.toml:4:12: "wake_p99": a duration is written like'),
        (CHECK + "[check.limits]\nsockets = 1.5\n", 'poc.toml:4:11: "sockets" must be a whole number'),
        (CHECK + '[check.baseline]\nrun = "x"\n', 'poc.toml:3:8: [check.baseline] needs "regress"'),
        (
            CHECK + '[check.baseline]\nrun = "x"\nregress = "wake_p5 2x"\n',
            'poc.toml:5:11: "wake_p5" cannot be compared',
        ),
        (CHECK + '[check.baseline]\nrun = "x"\nregress = "wake_p50 2"\n', 'poc.toml:5:11: "wake_p50" needs the factor'),
        (
            CHECK + '[check.baseline]\nrun = "x"\nregress = "wake_p50 0.5x"\n',
            'poc.toml:5:11: "wake_p50" needs the factor',
        ),
        (CHECK + '[check.baseline]\nrun = "x"\nregress = "claims some"\n', 'poc.toml:5:11: "claims" may only be'),
    ],
)
def test_what_is_wrong_in_the_file_is_told_with_its_place(folder: Path, text: str, said: str) -> None:
    assert refusal(folder, text).startswith(said)


def test_the_gates_mean_what_is_written(folder: Path) -> None:
    (folder / "poc.toml").write_text(
        '[check]\nscenarios = ["hibernate", "storage/*"]\n'
        'require = ["a", "story/b", "c 4 of 5"]\nallow = ["d"]\n'
        '[check.limits]\nwake_p99 = "50ms"\nasleep_after = "10.5s"\nmonthly_cost = 12.5\nsockets = 100\n'
        'wakes_per_minute = 2\nin_memory = "20%"\n'
        '[check.baseline]\nrun = "before.json"\nregress = "wake_p50 2x, wake_p99 3.5x, claims none"\n',
        encoding="utf-8",
    )
    file = settings().file
    assert file is not None
    assert file.check is not None
    assert (file.check.scenarios, file.check.baseline) == (("hibernate", "storage/*"), "before.json")
    gates = file.check.gates
    assert gates.require == (Entry("a"), Entry("b", "story"), Entry("c", None, 4, 5))
    assert gates.allow == (Entry("d"),)
    assert set(gates.limits) == {
        Limit("wake_p99", 50, "50ms"),
        Limit("asleep_after", 10_500, "10.5s"),
        Limit("monthly_cost", 12.5, "$12.5"),
        Limit("sockets", 100, "100"),
        Limit("wakes_per_minute", 2, "2"),
        Limit("in_memory", 0.2, "20%"),
    }
    assert gates.regress == Regress((("wake_p50", 2), ("wake_p99", 3.5)), claims=True)


def test_without_require_every_claim_is(folder: Path) -> None:
    (folder / "poc.toml").write_text(CHECK, encoding="utf-8")
    file = settings().file
    assert file is not None
    assert file.check is not None
    assert file.check.gates.require is None


def test_a_table_names_more_of_the_worker_and_the_command_line_changes_it(folder: Path) -> None:
    (folder / "poc.toml").write_text(
        'worker = { dir = "app", config = ["a.toml", "jobs/b.toml"], env = "staging", main = "src/a.ts" }\n',
        encoding="utf-8",
    )
    written = WorkerChoice(Path("app"), ("a.toml", "jobs/b.toml"), ("staging",), "src/a.ts")
    assert settings().worker == written
    assert not settings().overrides_worker
    found = settings(Flags(worker=WorkerFlags(envs=["dev", ""])))
    assert found.worker == replace(written, envs=("dev", ""))
    assert (found.overrides_worker, found.envs) == (False, ["dev", ""])
    other = settings(Flags(worker=WorkerFlags(folder / "other")))
    assert (other.worker, other.overrides_worker) == (WorkerChoice(folder / "other"), True)


def test_a_configuration_names_the_worker_and_is_looked_for_in_its_folder_first(folder: Path) -> None:
    (folder / "app").mkdir()
    for name in ("wrangler.toml", "app/wrangler.toml", "here.toml"):
        (folder / name).touch()
    found = settings(Flags(worker=WorkerFlags(Path("app"), ["wrangler.toml", "here.toml"])))
    assert found.worker == WorkerChoice(Path("app"), ("wrangler.toml", str(folder / "here.toml")))
    assert settings(Flags(worker=WorkerFlags(configs=["here.toml"]))).worker == WorkerChoice(Path(), ("here.toml",))


def test_a_worker_that_is_no_place_is_an_error(folder: Path) -> None:
    assert "dir" in refusal(folder, "worker = { env = 'dev' }\n")
    assert "seed" in refusal(folder, "worker = { dir = '.', seed = {} }\n")
    assert "worker" in refusal(folder, "worker = 3\n")
