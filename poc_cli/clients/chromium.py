"""Find the Chromium for pages, or install the pinned one into the user's cache."""

import hashlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from poc_cli.errors import TargetError
from poc_cli.targets.installation import Thing, bring, cache
from poc_cli.targets.npm import node
from poc_cli.targets.process import passed_on

VERSION: Final = "153.0.0"
"""The version of the npm package @sparticuz/chromium, whose Chromium needs neither root nor system libraries."""

_HERE: Final = Path(__file__).parent / "browser"
_NAMED: Final = "POC_CHROMIUM"

_FONTS: Final = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""


@dataclass(frozen=True, slots=True)
class Chromium:
    """A Chromium; `bundled` if its libraries and fonts are next to it."""

    program: Path
    bundled: bool

    def environment(self, folder: Path) -> dict[str, str]:
        """Return its environment; it writes its files into `folder`. Raises OSError if that is not possible."""
        variables = passed_on() | {"HOME": str(folder), "TMPDIR": str(folder)}
        if self.bundled:
            fonts = folder / "fonts.conf"
            text = _FONTS.format(fonts=self.program.parent / "fonts", cache=folder / "fonts")
            fonts.write_text(text, encoding="utf-8")
            variables |= {
                "LD_LIBRARY_PATH": str(self.program.parent / "al2023" / "lib"),
                "FONTCONFIG_FILE": str(fonts),
            }
        return variables


def why_no_pages() -> tuple[str, str] | None:
    """Return why pages are not possible on this machine and what to do about it; None if they should be."""
    if importlib.util.find_spec("playwright") is None:
        return (
            "pages in a browser need the Python package playwright",
            "install it: pip install 'poc-durable-objects[browser]'",
        )
    if not os.environ.get(_NAMED) and not _is_supported():
        return (
            "poc installs a Chromium only on Linux on x86-64",
            f"set {_NAMED} to a Chromium on this machine",
        )
    return None


def chromium(say: Callable[[str], None]) -> Chromium:
    """Return the browser, installing it if necessary. Raises TargetError if that fails."""
    why = why_no_pages()
    if why is not None:
        raise TargetError(*why)
    named = os.environ.get(_NAMED)
    if named:
        program = Path(named).absolute()
        if not (program.is_file() and os.access(program, os.X_OK)):
            raise TargetError(
                f"{_NAMED} is {program}, which is not an executable file",
                "set it to a Chromium or Chrome, or unset it to use the pinned one",
            )
        # A Chromium unpacked from the same package has its libraries next to it.
        return Chromium(program, bundled=(program.parent / "al2023").is_dir())
    lock = hashlib.sha256((_HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    home = cache() / f"chromium-{VERSION}-{lock}"
    if not _program(home).is_file():
        bring(Thing("Chromium", VERSION, "about 70 MB", _program, _manifests, _unpack), home, say, None)
    return Chromium(_program(home), bundled=True)


def _is_supported() -> bool:
    return sys.platform == "linux" and os.uname().machine == "x86_64"


def _program(home: Path) -> Path:
    return home / "node_modules" / ".chromium" / "chromium"


def _manifests() -> tuple[str, str]:
    texts = [(_HERE / name).read_text(encoding="utf-8") for name in ("package.json", "package-lock.json")]
    return texts[0], texts[1]


def _unpack(home: Path) -> None:
    script = home / "unpack.mjs"
    script.write_bytes((_HERE / script.name).read_bytes())
    finished = subprocess.run(
        [str(node()), str(script)],
        cwd=home,
        env=passed_on(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if finished.returncode != 0:
        output = finished.stderr.strip()[-500:]
        raise TargetError(f"the Chromium could not be unpacked: {output}", f"set {_NAMED} to another Chromium")
