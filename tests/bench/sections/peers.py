"""The section of the benchmarks that measures poc beside what one would write instead, by turns in one run."""

from poc_cli.shipped import shipped
from poc_cli.targets.npm import node
from tests.bench import provisioning
from tests.bench.measuring import ROOT, Bench, alternated, peak_mib, ratios, spread

ORDER = 20
ROUNDS = 9

FOLDER = ROOT / "tests" / "bench"
IMPORTS = "typer, rich.console, websockets.asyncio.client"
START = "Python that imports typer, rich.console and websockets.asyncio.client"
FLOOR = "a script on raw workerd, `by_hand.py`"
PEER = f"a script on Miniflare {provisioning.VERSION}, `miniflare/hib.mjs`"
OURS = "`poc run hibernate --sleep evict`"


def section(bench: Bench) -> str:
    """Return the section: a row for each, and the ratios to the start of Python and to the script."""
    installed = provisioning.miniflare(bench.say)
    commands = {
        START: [bench.python, "-c", f"import {IMPORTS}"],
        FLOOR: [bench.python, str(FOLDER / "by_hand.py"), str(bench.workerd)],
        PEER: [str(node()), str(FOLDER / "miniflare" / "hib.mjs"), str(installed), str(shipped("worker"))],
        OURS: [bench.poc, "run", "hibernate", "--sleep", "evict", "--results", str(bench.results)],
    }
    taken = alternated(commands, ROUNDS)
    rows = "\n".join(
        f"| {name} | {spread(values)} | {spread(ratios(values, taken[START]))} "
        f"| {spread(ratios(values, taken[FLOOR]), 1)} | {peak_mib(commands[name]):.0f} |"
        for name, values in taken.items()
    )
    times_start, times_peer = (spread(ratios(taken[OURS], taken[name])) for name in (START, PEER))
    return f"""## Beside what one would write instead

The same worker, the same assertions, a forced sleep: two sockets, a row, an attachment; evicted; the row, the
attachment, the sockets and another instance. Whole processes that took turns in {ROUNDS} rounds; ratios within a round.
The first row is no peer: it is what any command takes that has these three libraries loaded and does nothing.

| what | seconds | times the imports | times the script | peak memory, MiB |
|---|---|---|---|---|
{rows}

So a forced `hibernate` takes {times_start} times as long as the imports, and {times_peer} times as long as the
script on Miniflare.

All three run workerd {provisioning.WORKERD}. Of the two scripts, an assertion says whether they passed. poc plays the
story and its two controls in that time, proves the sleep from the runtime's trace, writes the record and judges it:
seven claims. A control is watched for 0.05 s before its pinned object is called pinned."""
