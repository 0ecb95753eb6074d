"""Measures the harness itself and writes docs/benchmarks.md, a section from each file of sections/: `make bench`."""

import importlib
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, cast

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))  # started as a file, it would find only its own folder

from poc_cli.targets.installation import WORKERD_VERSION, locate
from tests.bench.measuring import ROOT, Bench, Failed

PAGE = ROOT / "docs" / "benchmarks.md"
SECTIONS = Path(__file__).parent / "sections"

NOISY_LOAD = 0.5
"""Processes that others keep running, on average, before anything is measured: from here on the page says so."""

NOISY_CORES = 0.1
"""Cores that others use while it is measured: from here on the page says so."""


class Section(Protocol):
    """A file of sections/: where it stands on the page, and what it writes there."""

    ORDER: int

    def section(self, bench: Bench) -> str:
        """Measure, and give the section with its heading."""


def sections(names: Sequence[str]) -> dict[str, Section]:
    """Return the sections of these names, all where there are none, in the order of the page."""
    known = {file.stem for file in SECTIONS.glob("[!_]*.py")}
    if strange := set(names) - known:
        raise SystemExit(f"no section {', '.join(sorted(strange))}: there are {', '.join(sorted(known))}")
    found = {name: cast("Section", importlib.import_module(f"tests.bench.sections.{name}")) for name in names or known}
    return dict(sorted(found.items(), key=lambda each: each[1].ORDER))


def measured(names: Sequence[str]) -> list[str]:
    """Measure the sections and give their texts."""

    def say(text: str) -> None:
        print(text, file=sys.stderr)  # noqa: T201 - a script

    chosen = sections(names)
    with tempfile.TemporaryDirectory(prefix="poc-bench-") as results:
        poc = Path(sys.executable).parent / "poc"
        bench = Bench(sys.executable, str(poc), locate(say), Path(results), say)
        texts = []
        for name, each in chosen.items():
            say(f"measuring {name}")
            texts.append(each.section(bench).strip())
    return texts


def machine() -> str:
    """Return the machine in words."""
    kinds = [line.partition(":")[2].strip() for line in _cpu_lines() if line.startswith("model name")]
    kind = f" ({kinds[0]})" if kinds else ""
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores{kind}, {memory:.0f} GiB, {platform.system()} {platform.machine()}"


def _cpu_lines() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


class Others:
    """How busy others keep the machine from now on."""

    def __init__(self) -> None:
        """Begin."""
        self._load = os.getloadavg()[0]
        self._began = self._now()

    @staticmethod
    def _now() -> tuple[float, float]:
        everyone, own = psutil.cpu_times(), os.times()
        ours = own.user + own.system + own.children_user + own.children_system
        return time.monotonic(), everyone.user + everyone.nice + everyone.system - ours

    def told(self) -> str:
        """Return a sentence about them, empty where the machine was ours."""
        (began, before), (now, after) = self._began, self._now()
        return noise(self._load, max(0.0, after - before) / (now - began))


def noise(load: float, cores: float) -> str:
    """Return the sentence for a load average before, and for the cores that others used meanwhile."""
    if load <= NOISY_LOAD and cores <= NOISY_CORES:
        return ""
    return f" Others were at work: the load average was {load:.1f} before, and they used {cores:.1f} cores meanwhile."


def page(texts: Sequence[str], others: str) -> str:
    """Return the page; `others` is what it says about who else was at work."""
    head = f"""# Benchmarks

How fast poc itself is. Whole processes, measured from outside by `make bench` on {datetime.now(UTC):%Y-%m-%d}:
{machine()}, Python {platform.python_version()}, workerd {WORKERD_VERSION}.
One run to warm up, then the counted ones; each figure is the median, with the smallest and the largest in
brackets.{others}

The machine is shared, so ratios say more than seconds: those on this page are of runs that took turns. Nothing here is
tested against a limit, because such a test fails on a busy machine and passes on a fast one. `poc compare` finds out
from two runs whether a change made anything slower ([comparing.md](comparing.md))."""
    return "\n\n".join([head, *texts]) + "\n"


def main(names: Sequence[str]) -> None:
    """Measure, and write the page or print what was asked for."""
    others = Others()
    texts = measured(names)
    if not names:
        PAGE.write_text(page(texts, others.told()), encoding="utf-8")
        print(f"wrote {PAGE.relative_to(ROOT)}", file=sys.stderr)  # noqa: T201
    else:
        print("\n\n".join(texts))  # noqa: T201


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Failed as failed:
        sys.exit(f"nothing is written: {failed}")
