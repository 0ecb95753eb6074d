"""The commands of the documentation, and which test runs each."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.support.command import ROOT, Poc, Ran

PAGES: Final = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "scenarios" / "stack" / "README.md",
)

_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHELLS: Final = frozenset({"", "sh", "console", "yaml", "text", "bash"})
_COMMAND: Final = re.compile(r"^\s*(?:- run: |- |\$ |export \w+=\S+ && )?(?:\.venv/bin/)?(poc [a-z-].*)$")
_PLACEHOLDERS: Final = re.compile(r"[…]|\bNAME\||<[a-z]")


def blocks(page: Path, language: str) -> list[str]:
    """Return the blocks of a page that are in a language."""
    return [block for each, block in _FENCE.findall(page.read_text(encoding="utf-8")) if each == language]


def documented() -> Iterator[tuple[str, str]]:
    """Yield each command in a block with its page; what stands behind two blanks explains the command."""
    for page in PAGES:
        for language, block in _FENCE.findall(page.read_text(encoding="utf-8")):
            if language not in _SHELLS:
                continue
            for line in block.replace("\\\n", " ").splitlines():
                match = _COMMAND.match(line)
                if match is not None and not _PLACEHOLDERS.search(match[1]):
                    yield page.relative_to(ROOT).as_posix(), re.split(r"\s{2,}|\s+#\s", match[1])[0]


COMMANDS: Final = sorted(set(documented()))


def run(poc: Poc, command: str, *, variables: dict[str, str] | None = None, files: int | None = None) -> Ran:
    """Run a command as a shell would: with what it prints in a file if it says so."""
    words = shlex.split(command)
    assert words.pop(0) == "poc"
    words, _, file = (words[:-2], ">", words[-1]) if words[-2:-1] == [">"] else (words, "", "")
    ran = poc.run(*words, variables=variables, files=files)
    if file:
        (poc.folder / file).write_text(ran.out, encoding="utf-8")
    return ran


QUICK: Final = {
    "poc lint note.toml": 0,
    "poc show note.toml": 0,
    "poc cost chat": 0,
    "poc cost chat --toml > mine.toml": 0,
    "poc cost mine.toml": 0,
    "poc cost mine.toml --json": 0,
    "poc compare results/reference/local.json results/latest": 0,
    "poc report --format md": 0,
    "poc report --format junit -o junit.xml": 0,
    "poc load --sockets 9950": 2,
}
"""What needs no runtime, in an order in which it works, with its exit code; tests/cli/test_documented_commands.py."""

LONG: Final = frozenset(
    {
        "poc check --sleep evict -q",
        "poc check -o reports",
        "poc compare ../before/results/latest results/latest",
        "poc cost --from latest --times 50",
        "poc cost mine.toml --from latest",
        "poc deploy",
        "poc deploy --name chat --code-update deferred",
        "poc destroy poc-0123456789ab",
        "poc init --worker DIR",
        "poc init --worker my-chat",
        "poc lint scenarios/",
        "poc load --sockets 1000 --rooms 10 --ramp 2s --storm staggered --rounds 5",
        "poc load my-load.toml --worker ../my-worker",
        "poc record --worker ../my-app",
        "poc record --worker my-chat",
        "poc run ./scenarios/ --worker . -q",
        "poc run ./scenarios/ --worker ../before --results ../before/results -q",
        "poc run hibernate",
        "poc run hibernate --sleep everywhere --ignore boots",
        "poc run hibernate --target cloudflare",
        "poc run hibernate --target https://poc-0123456789ab.you.workers.dev",
        "poc run my-story.toml --worker ../my-app --sleep everywhere",
        "poc run note.toml",
        "poc run note.toml --sleep evict --watch",
        "poc run note.toml --sleep evict --worker ../my-worker",
        "poc run scenarios/first.toml --sleep evict",
        "poc run session.toml --sleep everywhere",
        "poc status",
    }
)
"""What is run on real workerd or against the stand-in; tests/live/test_documented_commands.py, in `make long`."""

_LOAD: Final = "thousands of sockets; tests/live/test_load.py plays it with fewer"
_UPDATES: Final = "takes minutes; tests/live/test_code_updates.py plays these stories on the stand-in"
_DEPLOYED: Final = "needs an app that is deployed"

ELSEWHERE: Final = {
    "poc load chat": _LOAD,
    "poc load churn": _LOAD,
    "poc load many-sockets": _LOAD,
    "poc load rooms": _LOAD,
    "poc load storm": _LOAD,
    "poc load rooms --cluster tcp://127.0.0.1:8786": "tests/live/test_cluster.py plays a load on a cluster of its own",
    "poc load chat --target https://chat.example.workers.dev --token-env CHAT_TOKEN --cluster tls://10.0.0.1:8786": (
        "needs an account and machines with certificates"
    ),
    "poc run --all --target local --target cloudflare": (
        "takes a quarter of an hour on the stand-in; tests/live/test_cloudflare_run.py compares both by fewer scenarios"
    ),
    'poc run ./scenarios/ --worker . --workerd 1.20261023.1 --workerd "$(npm view workerd version)"': (
        "downloads what is the latest workerd at that time; tests/live/test_runtimes.py plays on two binaries"
    ),
    "poc run redeploy redeploy-deferred redeploy-delays --target cloudflare": _UPDATES,
    "poc run redeploy-deferred --target cloudflare --code-update deferred:60": _UPDATES,
    "poc run wake-latency --sleep evict --repeat 8": "tests/cli/test_compare.py plays it once",
    "poc run stack": "tests/live/test_stack.py plays it",
    "poc run stack --target https://stack-chat.example.workers.dev --origin https://app.example": _DEPLOYED,
    "poc run scenarios/stack/tickets.toml --target cloudflare --origin https://my-app.vercel.app": _DEPLOYED,
}
"""What no test runs as it stands, with the reason."""
