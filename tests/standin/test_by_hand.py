"""`python -m tests.standin`: prints an environment, serves, and leaves nothing behind, however it ends."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.standin import sample
from tests.standin.wrangler import Wrangler
from tests.support.command import ROOT
from tests.support.processes import until, using

pytestmark = pytest.mark.live


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_ends_clean(tmp_path: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-m", "tests.standin", "--foreign", "blog"]
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {**Wrangler.machine(), "TMPDIR": str(temporary)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(4)]
        given = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        assert list(given) == [
            "CLOUDFLARE_API_BASE_URL",
            "CLOUDFLARE_ACCOUNT_ID",
            "CLOUDFLARE_API_TOKEN",
            "POC_EDGE",
        ]
        sample.write(tmp_path / "project")
        ran = Wrangler(tmp_path / "project", given).deploy()
        assert ran.code == 0, ran.text
        assert using(temporary)
        process.send_signal(how)
        process.wait(60)
    until("nothing is left", lambda: not list(temporary.iterdir()) and not using(temporary))
