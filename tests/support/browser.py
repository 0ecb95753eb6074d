"""The Chromium that the html report is tested in: the one that make unpacks, or one that POC_CHROMIUM names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

UNPACKED: Final = Path(__file__).parent.parent / "browser" / "node_modules" / ".chromium"

_FONTS: Final = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""


def executable() -> Path:
    """Return the program. Raises FileNotFoundError with what to do where there is none."""
    named = os.environ.get("POC_CHROMIUM")
    program = Path(named) if named else UNPACKED / "chromium"
    if not program.is_file() or not program.stat().st_size:
        raise FileNotFoundError(f"no browser at {program}: run `make test`, or name one in POC_CHROMIUM")
    return program


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """Yield a browser that keeps what it writes in a folder; it ends with the block."""
    program = executable()
    fonts = folder / "fonts.conf"
    fonts.write_text(_FONTS.format(fonts=program.parent / "fonts", cache=folder / "fonts"), encoding="utf-8")
    own = {"LD_LIBRARY_PATH": str(program.parent / "al2023" / "lib"), "FONTCONFIG_FILE": str(fonts)}
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)}
    if "POC_CHROMIUM" not in os.environ:
        environment |= own
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs rights that a container does not give; the pages are ours.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"], env={**environment})
        try:
            yield browser
        finally:
            browser.close()
