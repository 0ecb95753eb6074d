"""Lines of a pipe reach the file without secrets, and the listener whole, however they are cut."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from poc_cli.errors import PocError
from poc_cli.history.redact import MASK, Hit, Redactor, Secret
from poc_cli.targets import line_reader
from poc_cli.targets.line_reader import LineReader

KEY = "sk_live_0a1B2c3D4e5F6g7H8i9J"


class Pipe:
    """A pump and the end of the pipe that a runtime would write to."""

    def __init__(
        self,
        file: Path,
        *,
        largest: int = 1 << 20,
        secrets: list[Secret] | None = None,
        rewrite: Callable[[bytes], bytes] | None = None,
    ) -> None:
        """Open both."""
        self._file = file
        self.lines: list[bytes] = []
        self.leaks: list[tuple[bytes, set[Hit]]] = []
        descriptor, self._end = os.pipe()
        redactor = Redactor([Secret("API_KEY", KEY)] if secrets is None else secrets)
        self.pump = LineReader(
            descriptor,
            file,
            redactor,
            self.lines.append,
            largest=largest,
            leaked=lambda line, seen: self.leaks.append((line, seen)),
            rewrite=rewrite,
        )

    def write(self, *chunks: bytes) -> None:
        """Write chunks, each of which is read before the next one comes."""
        for chunk in chunks:
            for at in range(0, len(chunk), 1 << 15):
                os.write(self._end, chunk[at : at + (1 << 15)])
                self.pump.drain()

    def kept(self) -> str:
        """End the pipe and return what is in the file."""
        self.end()
        return self._file.read_text()

    def end(self) -> None:
        """Close the runtime's end and read what is left."""
        if self._end >= 0:
            os.close(self._end)
            self._end = -1
            self.pump.drain()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "worker.log"


@pytest.fixture
async def pipe(file: Path) -> AsyncIterator[Pipe]:
    made = Pipe(file)
    yield made
    made.end()


@pytest.mark.parametrize("at", range(1, len(KEY)))
async def test_a_secret_cut_between_two_chunks_is_masked(pipe: Pipe, at: int) -> None:
    pipe.write(b"key " + KEY[:at].encode(), KEY[at:].encode() + b" end\nnext ", b"line\n")
    assert pipe.kept() == f"key {MASK} end\nnext line\n"
    assert pipe.lines == [f"key {KEY} end".encode(), b"next line"]


async def test_the_lines_of_a_key_are_masked_by_themselves(file: Path) -> None:
    body = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"]
    pem = "\n".join(["-----BEGIN PRIVATE KEY-----", *body, "-----END PRIVATE KEY-----", ""])
    pipe = Pipe(file, secrets=[Secret("PRIVATE_KEY", pem)])
    for line in pem.splitlines():
        pipe.write(line.encode() + b"\n")
    kept = pipe.kept()
    assert not any(line in kept for line in body)


async def test_a_line_with_a_secret_is_told_with_the_name_and_without_the_value(pipe: Pipe) -> None:
    pipe.write(b"one\ntwo " + KEY.encode() + b"\nthree\n")
    assert pipe.leaks == [(f"two {MASK}".encode(), {Hit("API_KEY", strong=True)})]


async def test_a_log_without_an_end_fills_no_disk_and_is_read_on(file: Path) -> None:
    pipe = Pipe(file, largest=10_000)
    pipe.write(b"x" * 99 + b"\n", *[b"y" * 999 + b"\n"] * 20, b"last " + KEY.encode() + b"\n")
    kept = pipe.kept()
    assert pipe.pump.is_full
    assert len(kept) < 10_200
    assert kept.splitlines()[-1] == "[poc: worker.log reached its limit of 0 MiB; the rest is discarded]"
    assert len(pipe.lines) == 22
    assert len(pipe.leaks) == 1, "what is not kept is still looked through"


@pytest.mark.parametrize("before", [0, 5, 20, 60])
async def test_a_line_without_an_end_is_cut_and_shows_no_half_of_a_secret(
    file: Path, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    monkeypatch.setattr(line_reader, "LONGEST_LINE", 2_000)
    pipe = Pipe(file)
    pipe.write(b"x" * (1_990 - before) + KEY[:15].encode(), KEY[15:].encode() + b"y" * 100, b"z" * 3_000, b"\nnext\n")
    kept, after = pipe.kept().splitlines()
    assert set(kept) <= set("x" + MASK)
    assert after == "next"


def test_a_link_in_place_of_the_file_is_not_followed(file: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    file.symlink_to(victim)
    with pytest.raises(PocError, match="cannot write"):
        asyncio.run(_open(file))
    assert victim.read_text() == "mine"


async def _open(file: Path) -> None:
    Pipe(file)


async def test_a_line_may_be_rewritten_or_left_out_and_is_searched_as_it_is_written(file: Path) -> None:
    lines = {b"dull\n": b"", b"told\n": b"threw " + KEY.encode() + b"\n  at x\n"}
    pipe = Pipe(file, rewrite=lambda line: lines.get(line, line))
    pipe.write(b"one\ndull\nto", b"ld\ntwo\n")
    assert pipe.kept() == f"one\nthrew {MASK}\n  at x\ntwo\n"
    assert pipe.leaks == [(f"threw {MASK}".encode(), {Hit("API_KEY", strong=True)})]
