"""A run folder that is not whole is never judged as held: the exit code is 3, and no claim stays held."""

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.command import Poc
from tests.support.record import latest, verdicts

pytestmark = pytest.mark.live

Lines = list[bytes]


@pytest.fixture(scope="module")
def whole() -> Iterator[Lines]:
    """Yield the lines of the history of one run in which every claim held."""
    with tempfile.TemporaryDirectory(prefix="poc-test-") as folder:
        poc = Poc(Path(folder))
        assert poc.run("run", "hibernate", "--sleep", "evict", "-q").code == 0
        yield (latest(poc.results) / "history.ndjson").read_bytes().splitlines(keepends=True)


def _judge(poc: Poc, history: bytes) -> tuple[int, set[str]]:
    folder = poc.folder / "run"
    folder.mkdir()
    (folder / "history.ndjson").write_bytes(history)
    ran = poc.run("judge", str(folder))
    return ran.code, set(verdicts(ran.document()).values())


def _place(lines: Lines, kind: str) -> int:
    """Return the place of the last event of a kind in the story."""
    events = [json.loads(line) for line in lines]
    return max(
        place for place, event in enumerate(events) if event["kind"] == kind and event["play"] in {"hibernate", "run"}
    )


def _without(kind: str) -> Callable[[Lines], Lines]:
    def damage(lines: Lines) -> Lines:
        place = _place(lines, kind)
        return lines[:place] + lines[place + 1 :]

    return damage


def _cut_before(kind: str) -> Callable[[Lines], Lines]:
    return lambda lines: lines[: _place(lines, kind)]


def _changed(kind: str, change: Callable[[bytes], bytes]) -> Callable[[Lines], Lines]:
    def damage(lines: Lines) -> Lines:
        place = _place(lines, kind)
        return [*lines[:place], change(lines[place]), *lines[place + 1 :]]

    return damage


DAMAGES: dict[str, Callable[[Lines], Lines]] = {
    "nothing but the first line": lambda lines: lines[:1],
    "half of it and a half line": lambda lines: [*lines[: len(lines) // 2], lines[len(lines) // 2][:20]],
    "cut before the end of the play": _cut_before("play_end"),
    "without the start of the run": _without("run_start"),
    "without the start of the play": _without("play_start"),
    "without its sleep": _without("out"),
    "without an answer": _without("received"),
    "without the end of the play": _without("play_end"),
    "an answer that is no JSON": _changed("received", lambda line: line.replace(b"{", b"[", 1)),
    "an answer that is no text": _changed("received", lambda line: line.replace(b'"data"', b'"d\xff\xfeta"')),
    "an empty line for an answer": _changed("received", lambda _: b"\n"),
    "nothing where the play began": _changed("play_start", lambda _: b"\0" * 64 + b"\n"),
    "backwards": lambda lines: lines[::-1],
    "twice": lambda lines: lines + lines,
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_history_is_an_error_and_nothing_is_held(poc: Poc, whole: Lines, kind: str) -> None:
    damaged = b"".join(DAMAGES[kind](whole))
    assert damaged != b"".join(whole)
    code, found = _judge(poc, damaged)
    assert code == 3
    assert "held" not in found


@pytest.mark.parametrize("bytes_less", [2, 5, 60])
def test_a_run_whose_end_is_missing_is_an_error_though_its_plays_are_whole(
    poc: Poc, whole: Lines, bytes_less: int
) -> None:
    folder = poc.folder / "run"
    folder.mkdir()
    (folder / "history.ndjson").write_bytes(b"".join(whole)[:-bytes_less])
    ran = poc.run("judge", str(folder))
    assert (ran.code, ran.document()["verdict"]) == (3, "error")
    told = poc.run("report", str(folder)).out.splitlines()
    complaint = "the record of this run is incomplete: the record breaks off"
    assert (told[0], told[-3]) == (complaint, complaint)
    assert told[-2].startswith(
        "the record of this run is incomplete, so it proves nothing (judged as far as recorded: "
    )
    assert all(line.endswith("  (incomplete record)") for line in told if line.startswith(("  held ", "hibernate ")))


def test_a_scenario_that_was_edited_after_the_run_is_an_error(poc: Poc, whole: Lines) -> None:
    folder = poc.folder / "run"
    folder.mkdir()
    edited = b"".join(line.replace(b'title   = \\"', b'title   = \\"Not: ') for line in whole)
    assert edited != b"".join(whole)
    (folder / "history.ndjson").write_bytes(edited)
    ran = poc.run("judge", str(folder))
    assert ran.code == 3
    assert set(verdicts(ran.document()).values()) == {"error"}
    for form in ("text", "md"):
        told = poc.run("report", str(folder), "--format", form).out
        assert "the scenario's text was edited after the run: its sha256 is " in told
        assert "feasible" not in told


def test_a_history_of_a_later_format_is_told_as_such(poc: Poc, whole: Lines) -> None:
    folder = poc.folder / "run"
    folder.mkdir()
    (folder / "history.ndjson").write_bytes(b"".join(whole).replace(b"poc.history/1", b"poc.history/2", 1))
    for command in ("judge", "report", "explain"):
        ran = poc.run(command, str(folder))
        assert (ran.code, ran.out) == (3, "")
        assert 'history.ndjson has the format "poc.history/2", but this version of poc reads poc.history/1\n' in ran.err


@pytest.mark.parametrize("content", [None, b"", b"\xff{", b"[]", b'{"schema": "poc.run/9"}'])
def test_what_stands_in_run_json_does_not_matter(poc: Poc, whole: Lines, content: bytes | None) -> None:
    folder = poc.folder / "run"
    folder.mkdir()
    (folder / "history.ndjson").write_bytes(b"".join(whole))
    if content is not None:
        (folder / "run.json").write_bytes(content)
    assert poc.run("report", str(folder)).out.splitlines()[-2].startswith("feasible: every claim held ")
    ran = poc.run("judge", str(folder / "run.json") if content is not None else str(folder))
    assert ran.code == 0
    assert (folder / "run.json").read_text(encoding="utf-8") == ran.out


def test_a_run_json_that_cannot_be_written_is_told_as_such(poc: Poc, whole: Lines) -> None:
    folder = poc.folder / "run"
    (folder / "run.json").mkdir(parents=True)
    (folder / "history.ndjson").write_bytes(b"".join(whole))
    ran = poc.run("judge", str(folder))
    assert (ran.code, ran.out) == (3, "")
    assert "run.json: Is a directory\n" in ran.err
    assert poc.run("report", str(folder)).code == 0


def test_what_was_not_damaged_is_held(poc: Poc, whole: Lines) -> None:
    assert _judge(poc, b"".join(whole)) == (0, {"held"})


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\n", b"{}\n", b"[1]\n", b"nonsense\n" * 3])
def test_what_is_no_history_is_an_error(poc: Poc, content: bytes) -> None:
    assert _judge(poc, content) == (3, set())


def test_a_folder_without_a_history_is_told_as_such(poc: Poc) -> None:
    folder = poc.folder / "run"
    folder.mkdir()
    for command in ("judge", "report"):
        ran = poc.run(command, str(folder))
        assert (ran.code, ran.out) == (3, "")
        assert "history.ndjson: No such file or directory\n  a run folder contains a history.ndjson\n" in ran.err


def test_a_damaged_run_is_reported_as_an_error(poc: Poc, whole: Lines) -> None:
    folder = poc.folder / "run"
    folder.mkdir()
    (folder / "history.ndjson").write_bytes(b"".join(whole[: len(whole) // 2]))
    for form in ("text", "md", "json"):
        assert "feasible" not in poc.run("report", str(folder), "--format", form).out
