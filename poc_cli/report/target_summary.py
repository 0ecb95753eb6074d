"""Where a run was played, in words: the target, who answered, and where sleep begins if that shows."""

from typing import Any

Document = dict[str, Any]


def where(document: Document) -> str:
    """Return the target with its versions, and the Cloudflare locations that answered."""
    target = document["target"]
    versions = ", ".join(f"{name} {version}" for name, version in (target.get("versions") or {}).items())
    colos = ", ".join(target.get("colos") or ())
    told = [part for part in (versions, f"answered by {colos}" if colos else "") if part]
    kind = target.get("kind", "no target")
    address = f"{kind} {target['url']}" if target.get("url") else str(kind)
    return address + (f" ({'; '.join(told)})" if told else "")


def sleep_onset(document: Document) -> str | None:
    """Return where sleep begins in a black box, as rooms of poc's own have shown it; None where there were none."""
    onset = document.get("sleep_onset")
    if onset is None:
        return None
    kind, rooms = document["target"].get("kind", "no target"), f"{onset['rooms']} rooms of poc's own"
    if onset["asleep_ms"] is None:
        longest = onset["longest_ms"] / 1000
        return f"no sleep was seen within {longest:.2f} s on {kind}: measured from outside, by {rooms}"
    begins = f"{onset['asleep_ms'] / 1000:.2f} s after the last event, on {kind}"
    if onset["awake_ms"] is None:
        return f"sleep begins before {begins} (measured from outside, by {rooms})"
    return f"sleep begins between {onset['awake_ms'] / 1000:.2f} and {begins} (measured from outside, by {rooms})"


def repeats(document: Document) -> str | None:
    """Return how many performances were repeated, and why; None where none was, or an older run does not tell."""
    told = document.get("repeats")
    if not told or not told["repeated"]:
        return None
    many = f"{told['repeated']:,} of {_performances(told['performances'])}"
    if not told["late"]:
        return f"{many}, not for lateness"
    first = told["first"]
    which = "" if told["late"] == told["repeated"] else f"{told['late']:,} of them "
    return f"{many}, {which}because this machine was too slow (the first, {first['play']}: {first['reason']})"


def _performances(number: int) -> str:
    return "1 performance" if number == 1 else f"{number:,} performances"


def counts(document: Document) -> str:
    """Return how many claims and scenarios came out how; what did not occur is not told, except that none held."""
    found = {name: number for name, number in document["counts"].items() if number or name == "held"}
    return ", ".join(counted(name, number) for name, number in found.items())


def counted(name: str, number: int) -> str:
    """Return one of the counts in words."""
    if name == "claims_left_out":
        return f"{number:,} {'claim' if number == 1 else 'claims'} left out"
    return f"{number:,} {name.replace('_', ' ')}"
