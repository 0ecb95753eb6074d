"""Deploys, runs and removes again and again while a fifth of the answers of Cloudflare's API fail.

`python -m tests.soak.deployments [ROUNDS]`; fifty take a quarter of an hour. Never waits for luck: faults have a seed.
"""

import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from poc_cli.exit_codes import ExitCode
from tests.standin.faults import Fault
from tests.standin.standin import StandIn
from tests.support.command import Poc, Ran

FAILING = 0.2
"""Of all answers."""

LATE = Fault("slow", ms=300, probability=0.05)
"""RunEnvironment those that fail."""

HALF = Fault("half", probability=0.05)
"""Of the uploads, in place of another failure."""

LIE = """
name    = "lie"
title   = "What no worker does: without it, a run in which nothing is refuted could be one that looks at nothing."
clients = { ann = "/room/{play}?name=ann" }
steps = [
  { connect = "ann" },
  { on = "ann", send = { op = "echo", text = "one" }, expect = { text = "another" }, within = "1s", claim = "lie" },
]
[[claim]]
id   = "lie"
says = "One message is answered by another."
"""

Verdicts = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Tally:
    """What has come of all rounds."""

    right: int = 0
    undeployed: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    asked: int = 0
    wrong: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the figures."""
        faults = ", ".join(f"{number} {name}" for name, number in sorted(self.struck.items()))
        told = f"{self.struck.total()} of {self.asked} answers went wrong ({faults}); {self.right} right outcomes"
        told += f", {self.undeployed.total()} not deployed, {len(self.wrong)} wrong, {len(self.left)} with remains"
        return told + f", {len(self.foreign)} with harm to others"


def main() -> None:
    """Exit 1 where a round left anything, touched what is not poc's, or judged otherwise than without faults."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    tally, began = Tally(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="poc-soak-") as name, StandIn() as cloud:
        poc = Poc(Path(name))
        (poc.folder / "lie.toml").write_text(LIE, encoding="utf-8")
        cloud.account.add_foreign("blog")
        others = cloud.account.scripts["blog"].versions[-1].id
        expected = _verdicts(_play(poc, cloud))
        if ("lie/lie", "refuted") not in expected or {verdict for _, verdict in expected} != {"held", "refuted"}:
            sys.exit(f"without faults it comes out as {expected} already")
        for number in range(1, rounds + 1):
            asked = len(cloud.requests)
            cloud.faults.set(*_faults(), seed=number)
            cloud.faults.struck.clear()
            ran = _play(poc, cloud)
            _note_faults(tally, cloud, len(cloud.requests) - asked)
            cloud.faults.clear()
            _note_outcome(tally, number, ran, expected)
            _note_remains(tally, number, poc, cloud)
            if "blog" not in cloud.account.scripts or cloud.account.scripts["blog"].versions[-1].id != others:
                tally.foreign.append(f"round {number}")
            _say(f"round {number} of {rounds}, {time.monotonic() - began:.0f} s: {tally}")
    for line in [
        *tally.wrong,
        *tally.left,
        *tally.foreign,
        *(f"{n} times: {why}" for why, n in tally.undeployed.items()),
    ]:
        _say(line)
    sys.exit(1 if tally.wrong or tally.left or tally.foreign else 0)


def _faults() -> list[Fault]:
    """Return what goes wrong: each kind with the same chance, a fifth of all answers together."""
    kinds = [
        Fault("status", status=500),
        Fault("status", status=429, retry_after=1),
        Fault("reset"),
        Fault("lost"),
    ]
    passed = (1 - FAILING) ** (1 / len(kinds))  # each is drawn for only where none before it has struck
    return [HALF, *(Fault(**{**_told(each), "probability": 1 - passed}) for each in kinds), LATE]


def _told(fault: Fault) -> dict[str, object]:
    return {"kind": fault.kind, "status": fault.status, "retry_after": fault.retry_after}


def _play(poc: Poc, cloud: StandIn) -> Ran:
    own = {"HOME": str(poc.folder), "XDG_STATE_HOME": str(poc.folder / "state")}
    cache = {"XDG_CACHE_HOME": str(Path.home() / ".cache")}
    return poc.run(
        "run", "connect", "lie.toml", "--target", "cloudflare", "--json", variables=cloud.environment | cache | own
    )


def _verdicts(ran: Ran) -> Verdicts:
    scenarios = ran.document()["scenarios"]
    return tuple((f"{each['name']}/{claim['id']}", claim["verdict"]) for each in scenarios for claim in each["claims"])


def _note_faults(tally: Tally, cloud: StandIn, asked: int) -> None:
    tally.asked += asked
    tally.struck.update(str(each.status) if each.kind == "status" else each.kind for each in cloud.faults.struck)


def _note_outcome(tally: Tally, number: int, ran: Ran, expected: Verdicts) -> None:
    if not ran.out:  # nothing was played, so nothing is claimed
        said = next((line for line in ran.err.splitlines() if line.startswith("poc: ")), ran.err)
        if ran.code == ExitCode.FAILED:
            tally.undeployed.update([said])
        else:
            tally.wrong.append(f"round {number}: exit code {ran.code}: {said}")
    elif (found := _verdicts(ran)) != expected or ran.code != ExitCode.REFUTED:
        tally.wrong.append(f"round {number}: exit code {ran.code}, {dict(found)}: {ran.err}")
    else:
        tally.right += 1


def _note_remains(tally: Tally, number: int, poc: Poc, cloud: StandIn) -> None:
    """Note what a round left, and remove it, so that the next one does not meet it."""
    records = list((poc.folder / "state").glob("poc/deployments/*.json"))
    found = [*cloud.account.ours, *map(str, cloud.account.live_tails), *map(str, [*records, *poc.temporary.iterdir()])]
    if found:
        tally.left.append(f"round {number}: {', '.join(found)}")
    for name in cloud.account.ours:
        del cloud.account.scripts[name]
    for record in records:
        record.unlink()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
