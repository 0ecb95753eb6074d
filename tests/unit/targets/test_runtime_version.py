"""The version that a run records is the one that the binary says."""

import json
import stat
from pathlib import Path

import pytest

from poc_cli.targets.runtime_version import RuntimeVersion

SAYS = "#!/bin/sh\necho workerd 2026-10-23\n"


def binary(folder: Path, text: str = SAYS, *, version: str | None = None) -> Path:
    """Write a program as the binary of an npm package of this version, or of none."""
    file = folder / "package" / "bin" / "workerd"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(stat.S_IRWXU)
    if version is not None:
        package = {"name": "@cloudflare/workerd-linux-64", "version": version}
        (folder / "package" / "package.json").write_text(json.dumps(package), encoding="utf-8")
    return file


def test_a_binary_of_npm_has_the_version_of_its_package(tmp_path: Path) -> None:
    assert RuntimeVersion(binary(tmp_path, version="1.20261023.1")).text() == "1.20261023.1"


def test_a_binary_on_its_own_has_the_date_that_it_says(tmp_path: Path) -> None:
    assert RuntimeVersion(binary(tmp_path)).text() == "2026-10-23"


def test_a_package_that_has_another_binary_is_not_believed(tmp_path: Path) -> None:
    assert RuntimeVersion(binary(tmp_path, version="1.20261117.1")).text() == "2026-10-23"


@pytest.mark.parametrize(
    "text", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho something else\n", "#!/bin/sh\necho workerd of mine\n", "none"]
)
def test_a_program_that_tells_no_version_has_none(tmp_path: Path, text: str) -> None:
    assert RuntimeVersion(binary(tmp_path, text, version="1.20261117.1")).text() == "unknown"


@pytest.mark.parametrize("text", ["[]", "{}", "not json", '{"name": 1, "version": 2}'])
def test_a_package_that_is_not_workerds_is_not_believed(tmp_path: Path, text: str) -> None:
    file = binary(tmp_path)
    (tmp_path / "package" / "package.json").write_text(text, encoding="utf-8")
    assert RuntimeVersion(file).text() == "2026-10-23"
