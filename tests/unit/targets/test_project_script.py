"""What is said if a project's build needs a package manager that is not there."""

import pytest

from poc_cli.errors import TargetError
from poc_cli.targets.project_script import raise_without

OFFLINE = """\
Internal Error: Error when performing the request to https://packages.example/pnpm; see
    at fetch (/opt/lib/node_modules/corepack/dist/lib/corepack.cjs:21609:11)
"""


def test_a_manager_that_corepack_does_not_fetch_is_named() -> None:
    with pytest.raises(TargetError) as raised:
        raise_without("bun", "bun run build", "/bin/sh: 1: bun: not found\n")
    assert raised.value.message == "`bun run build` needs bun, which is not on this machine"
    assert raised.value.advice == "install bun, for example by `npm install -g bun`"


def test_what_corepack_said_is_told_in_one_line() -> None:
    with pytest.raises(TargetError) as raised:
        raise_without("pnpm", "pnpm run build", OFFLINE)
    assert raised.value.message.startswith(
        "`pnpm run build` needs pnpm, which is not on this machine, and corepack could"
    )
    assert raised.value.message.endswith("packages.example/pnpm; see)")


def test_a_build_that_fails_for_another_reason_is_told_as_that() -> None:
    raise_without("pnpm", "pnpm run build", "error: src/index.ts does not compile")
