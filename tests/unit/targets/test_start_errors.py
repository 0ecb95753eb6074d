"""What is said about a runtime that does not start."""

import json
import sys
from pathlib import Path

import pytest

from poc_cli.targets import start_errors
from poc_cli.targets.start_errors import Failure, not_started

WORKER = Path("/home/ann/chat")


@pytest.fixture(autouse=True)
def _workerd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_errors, "_is_workerd", lambda _: True)


def _failure(*messages: str) -> Failure:
    said = "\n".join(json.dumps({"level": "error", "source": "entry.rs:169", "message": each}) for each in messages)
    return Failure(Path(sys.executable), WORKER, said, 1)


def test_the_log_of_the_runtime_is_told_by_its_messages() -> None:
    error = not_started(_failure("No such module", "and another"))
    assert error.message == "workerd did not start on /home/ann/chat: No such module\nand another"


def test_a_python_worker_without_its_interpreter_is_told_in_one_sentence() -> None:
    error = not_started(_failure("DNS lookup failed. host = pyodide-capnp-bin.edgeworker.net; service = x"))
    assert error.message == (
        "/home/ann/chat is a Python Worker: workerd downloads Pyodide from pyodide-capnp-bin.edgeworker.net,"
        " which it could not reach"
    )
    assert error.advice == "run it once with a network; after that it is in poc's cache"


def test_a_log_that_is_not_structured_is_told_as_it_is() -> None:
    error = not_started(Failure(Path(sys.executable), WORKER, "workerd: error: bad option", 1))
    assert error.message == "workerd did not start on /home/ann/chat: workerd: error: bad option"
