"""What is said about a project that wrangler does not build."""

from pathlib import Path

from poc_cli.targets.worker_source import WorkerSource
from poc_cli.targets.wrangler_errors import BuildFailure, explained, shortened

SOURCE = WorkerSource(Path("/home/ann/chat"), (Path("/home/ann/chat/wrangler.jsonc"),))

COMMAND_FAILED = (
    "Running custom build `vite build` failed. There are likely more logs from your build command above.: code 1"
)


def test_a_build_command_that_fails_is_told_with_what_it_printed() -> None:
    error = explained(BuildFailure(SOURCE, "wrangler", COMMAND_FAILED, "src/app.ts:3: no such module"))
    assert error.message == (
        "the build command `vite build` of /home/ann/chat/wrangler.jsonc failed: code 1"
        "\nit printed:\nsrc/app.ts:3: no such module"
    )
    assert error.advice == "run it in /home/ann/chat to see the same error"


def test_a_build_that_is_late_is_told_with_what_it_printed() -> None:
    error = explained(BuildFailure(SOURCE, "late", "", "waiting for the registry"))
    assert error.message.endswith("within 180 s\nit printed:\nwaiting for the registry")


def test_an_error_of_the_bundler_is_told_as_it_is() -> None:
    error = explained(BuildFailure(SOURCE, "build", 'src/index.ts:1:2: Expected ";"', ""))
    assert error.message == 'wrangler could not build /home/ann/chat/wrangler.jsonc:\nsrc/index.ts:1:2: Expected ";"'


def test_only_the_end_of_a_long_output_is_shown() -> None:
    assert shortened("a" * 9000) == "..." + "a" * 4000
    assert shortened("short") == "short"


def test_a_migration_that_fails_is_told_with_its_file() -> None:
    error = explained(BuildFailure(SOURCE, "data", "/home/ann/chat/migrations/0001.sql: near TABEL: syntax error", ""))
    assert error.message == (
        "the stores of /home/ann/chat/wrangler.jsonc cannot be filled:"
        " /home/ann/chat/migrations/0001.sql: near TABEL: syntax error"
    )
    assert "wrangler d1 migrations apply --local" in (error.advice or "")
