"""Sentences about a run and its claims, for every report format."""

from collections.abc import Iterator, Sequence
from typing import Final

from poc_cli.judge.document_types import ClaimDocument, RunDocument


def where(document: RunDocument) -> str:
    """Return the target with its versions and the Cloudflare locations that answered."""
    target = document["target"]
    versions = ", ".join(f"{name} {version}" for name, version in (target.get("versions") or {}).items())
    colos = ", ".join(target.get("colos") or ())
    details = [part for part in (versions, f"answered by {colos}" if colos else "") if part]
    kind = target.get("kind", "no target")
    address = f"{kind} {target['url']}" if target.get("url") else str(kind)
    place = address + (f" ({'; '.join(details)})" if details else "")
    worker = worker_of(document)
    return place if worker is None else f"{place} with {worker}"


def worker_of(document: RunDocument) -> str | None:
    """Return which worker was played, None if that is not recorded or is the address itself."""
    workers = document.get("workers") or []
    if len(workers) > _WORKERS:
        return f"{len(workers)} workers"
    return " and ".join(workers) or None


_WORKERS: Final = 2
"""Workers that a summary names; each scenario names its own."""


def sleep_onset(document: RunDocument) -> str | None:
    """Return when idle sleep begins on a black box, measured with canaries; None if there were none."""
    onset = document.get("sleep_onset")
    if onset is None:
        return None
    kind, rooms = document["target"].get("kind", "no target"), f"{onset['rooms']} canary rooms"
    if onset["asleep_ms"] is None:
        longest_ms = onset["longest_ms"] or 0.0
        return f"no sleep was seen within {longest_ms / 1000:.2f} s on {kind}: measured from outside with {rooms}"
    begins = f"{onset['asleep_ms'] / 1000:.2f} s after the last event, on {kind}"
    if onset["awake_ms"] is None:
        return f"sleep begins before {begins} (measured from outside with {rooms})"
    return f"sleep begins between {onset['awake_ms'] / 1000:.2f} and {begins} (measured from outside with {rooms})"


def repeats(document: RunDocument) -> str | None:
    """Return how many plays were repeated and why; None if none was, or an older run does not record it."""
    counts_ = document.get("repeats")
    if not counts_ or not counts_["repeated"]:
        return None
    many = f"{counts_['repeated']:,} of {_plays(counts_['performances'])}"
    first = counts_["first"]
    if not counts_["late"] or first is None:
        return f"{many}, not because of lateness"
    which = "" if counts_["late"] == counts_["repeated"] else f"{counts_['late']:,} of them "
    return f"{many}, {which}because this machine was too slow (first {first['play']}: {first['reason']})"


def _plays(number: int) -> str:
    return "1 play" if number == 1 else f"{number:,} plays"


_WAYS: Final = {
    "idle": "the idle sleep",
    "evict": "the eviction",
    "crash": "the crash",
    "server": "the restart",
    "object": "the restart",
    "deploy": "the redeployment",
    "deploy-deferred": "the deferred redeployment",
    "drop": "the dropped connection",
}

_LISTED: Final = 3
"""How many sleeps and faults of a claim are listed; run.json has all."""


def rests_on(claim: ClaimDocument) -> str:
    """Return the sleeps and faults that a verdict rests on, "" for none or a run of an older version."""
    losses = claim.get("rests_on", [])
    found = [_WAYS.get(each["way"], each["way"]) + f" of {each['object']}{_at(each['line'])}" for each in losses]
    more = [f"{len(found) - _LISTED:,} more"] if len(found) > _LISTED else []
    return ", ".join([*found[:_LISTED], *more])


def _at(line: int | None) -> str:
    return "" if line is None else f" (line {line})"


def counts(document: RunDocument) -> str:
    """Return the non-zero counts of claims and scenarios by verdict; `held` is always included."""
    found = ((name, number) for name, number in numbers(document) if number or name == "held")
    return ", ".join(counted(name, number) for name, number in found)


def numbers(document: RunDocument) -> Iterator[tuple[str, int]]:
    """Yield the counts of a run with their names; refutations that are known have a count of their own."""
    claims = [claim for scenario in document["scenarios"] for claim in scenario["claims"]]
    known = sum(is_known(claim) for claim in claims)
    for name, number in document["counts"].items():
        if isinstance(number, int):
            yield name, max(0, number - known) if name == "refuted" else number
    yield KNOWN, known


def is_known(claim: ClaimDocument) -> bool:
    """Return whether a claim is refuted as its scenario says that it is here."""
    return claim["verdict"] == "refuted" and claim["known"] == "refuted"


KNOWN: Final = "known"


def counted(name: str, number: int) -> str:
    """Return one count with its name, for example `3 held`."""
    if name == KNOWN:
        return f"{number:,} known {'defect' if number == 1 else 'defects'}"
    if name == "claims_left_out":
        return f"{number:,} {'claim' if number == 1 else 'claims'} left out"
    return f"{number:,} {name.replace('_', ' ')}"


def known_defect(claim: ClaimDocument) -> str:
    """Return what to say about a claim that its scenario lists as a known defect, "" for any other."""
    if claim["known"] is None:
        return ""
    return {"refuted": "known defect", "held": "known defect is gone"}.get(claim["verdict"], "")


def evidence_text(ids: Sequence[int], most: int) -> str:
    """Return the events of evidence, of which at most `most` are listed."""
    listed = ", ".join(str(each) for each in sorted(ids)[:most])
    more = f" and {len(ids) - most} more" if len(ids) > most else ""
    return f"event{'s' if len(ids) > 1 else ''} {listed}{more}"
