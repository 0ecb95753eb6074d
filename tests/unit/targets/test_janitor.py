"""What the janitor does when its owner is killed: the groups that it watches die, and the folder goes."""

import subprocess
import sys
from pathlib import Path

import psutil

from tests.support.processes import until

# Without a parent-death signal, so that it is the janitor alone that ends the child.
_OWNER = """
import subprocess, sys, time
from pathlib import Path
from poc_cli.targets.janitor import Janitor

janitor = Janitor(Path(sys.argv[1]))
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
janitor.watch(child.pid)
print(child.pid, flush=True)
time.sleep(600)
"""


def test_what_it_watches_dies_with_a_killed_owner_and_the_folder_goes(tmp_path: Path) -> None:
    folder = tmp_path / "left"
    folder.mkdir()
    (folder / "file").write_text("x")
    with subprocess.Popen([sys.executable, "-c", _OWNER, str(folder)], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        child = psutil.Process(int(owner.stdout.readline()))
        owner.kill()
    until("the child has gone", lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    until("the folder has gone", lambda: not folder.exists())
