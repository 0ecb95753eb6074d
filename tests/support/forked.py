"""Run poc many times and import it once: a process that has imported it is forked for each command.

For tests that are about what a run finds; how poc starts is tested elsewhere. Importing takes 0.9 s of processor time
on a slow machine, half of what a small run takes (measured).
"""

import multiprocessing
import os
import sys
import tempfile
from pathlib import Path
from typing import ClassVar, Final

from tests.support.command import PATIENCE_SECONDS, Poc, Ran

_CONTEXT: Final = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.support.forked_modules"])


class ForkedPoc(Poc):
    """Runs commands in forks of a process that has imported what a run needs."""

    patience: ClassVar[float] = PATIENCE_SECONDS

    def run(self, *arguments: str, variables: dict[str, str] | None = None, files: int | None = None) -> Ran:
        """Run a command to its end. A traceback on either stream is a failure whatever is tested."""
        if files is not None:  # a fork has the limits of the tests
            return super().run(*arguments, variables=variables, files=files)
        out, err = self.temporary.with_name("out.txt"), self.temporary.with_name("err.txt")
        child = _CONTEXT.Process(
            target=self.command, args=(arguments, self.folder, self.environment(variables), out, err)
        )
        child.start()
        child.join(self.patience)
        code = child.exitcode
        if code is None:
            child.kill()
            child.join()
            raise TimeoutError(f"poc {' '.join(arguments)} took more than {self.patience} s")
        child.close()
        ran = Ran(code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))
        assert "Traceback" not in ran.out + ran.err, ran.out + ran.err
        return ran

    @staticmethod
    def command(arguments: tuple[str, ...], folder: Path, environment: dict[str, str], out: Path, err: Path) -> None:
        """Be the command: with its streams, its folder and its variables. Ends the process."""
        for stream, file in ((0, Path(os.devnull)), (1, out), (2, err)):
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(descriptor, stream)
            os.close(descriptor)
        sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115
        sys.stdout, sys.stderr = (open(stream, "w", encoding="utf-8") for stream in (1, 2))  # noqa: PTH123, SIM115
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        tempfile.tempdir = None  # asked again, with these variables
        sys.argv = ["poc", *arguments]
        from poc_cli.cli import main

        main()
