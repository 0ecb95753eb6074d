"""`poc run --watch` on the real runtime: a new verdict after each save, and Ctrl-C ends it."""

import shutil
import signal
from pathlib import Path

import pytest

from tests.support.command import PATIENCE_SECONDS, ROOT, Poc
from tests.support.processes import until, using

pytestmark = pytest.mark.live

PROJECT = ROOT / "tests" / "projects" / "protocols"
LINE = "return socket.send(`40${JSON.stringify({ sid: session.sid })}`);"


def test_a_worker_that_is_broken_and_mended_is_judged_each_time(poc: Poc) -> None:
    project = Path(shutil.copytree(PROJECT, poc.folder / "project"))
    source = project / "src" / "chat.ts"
    right = source.read_text(encoding="utf-8")
    assert right.count(LINE) == 1
    output = poc.folder / "output.txt"
    with output.open("w") as stream:
        process = poc.start(
            "run", str(project / "chat.toml"), "--watch", stdout=stream.fileno(), stderr=stream.fileno()
        )

    def told(*verdicts: str) -> bool:
        text = output.read_text(encoding="utf-8")
        assert process.poll() is None, text
        ends = [line.partition(" (")[0] for line in text.splitlines() if " held" in line and " on local" in line]
        return ends == [*verdicts] and text.count("Ctrl-C ends it") == len(verdicts)

    held, broken = "feasible: every claim held", "inconclusive"
    with process:
        until("the first verdict", lambda: told(held))
        source.write_text(right.replace(LINE, "return socket.send('41');"), encoding="utf-8")
        until("the verdict on a broken worker", lambda: told(held, broken))
        source.write_text(right, encoding="utf-8")
        until("the verdict on the mended worker", lambda: told(held, broken, held))
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == 0
    said = output.read_text(encoding="utf-8")
    assert "Traceback" not in said
    assert said.count("poc: project/src/chat.ts changed") == 2, said
    until("nothing is left", lambda: not list(poc.temporary.iterdir()) and not using(project))
