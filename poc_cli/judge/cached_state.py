"""Whether what was held may have come out of a cache, which Cloudflare empties whenever it likes."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.finding import Finding, unknown
from poc_cli.record.play_record import PlayRecord
from poc_cli.residency import READS_CACHE
from poc_cli.scenario.check_names import entry_of
from poc_cli.scenario.model import Claim

_MEANING: Final = "entries of a cache may be dropped at any time, so that may be what survived"


def unless_from_a_cache(play: PlayRecord, claim: Claim, finding: Finding) -> Finding:
    """Return what was found, or unknown where state was held and its object read a cache after it had left memory."""
    if finding.verdict != "held" or not finding.losses or entry_of(claim.check).beyond_state:
        return finding
    since: dict[str, int] = {}
    for loss in finding.losses:
        since[f"object:{loss.label}"] = min(loss.left.id, since.get(f"object:{loss.label}", loss.left.id))
    event = _first_read(play, since)
    if event is None:
        return finding
    reason = f"it held, but {_who(event)} read a cache after it had left memory: {_MEANING}"
    return replace(finding, verdict="unknown", reason=reason, evidence=(*finding.evidence, event.id))


def unless_session_read_a_cache(plays: Iterable[PlayRecord]) -> Finding | None:
    """Return unknown where an object of a session read a cache after a sleep, None without one."""
    for play in plays:
        since: dict[str, int] = {}
        for left in play.of_kind(kinds.LEFT):
            since.setdefault(left.actor, left.id)
        event = _first_read(play, since)
        if event is not None:
            reason = f"clients saw the same, but {_who(event)} read a cache after it had left memory: {_MEANING}"
            return unknown(reason, (event.id,))
    return None


def _first_read(play: PlayRecord, since: Mapping[str, int]) -> Event | None:
    """Return the first read of a cache by an actor after an event, by the actors; None without one."""
    for event in play.of_kind(kinds.TIMED):
        if event.data.get("name") == READS_CACHE and event.id > since.get(event.actor, event.id):
            return event
    return None


def _who(event: Event) -> str:
    return event.actor.removeprefix("object:")
