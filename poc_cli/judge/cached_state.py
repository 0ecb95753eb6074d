"""Whether what was held may have come out of a cache, which Cloudflare empties whenever it likes."""

from dataclasses import replace
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.judge.finding import Finding
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
    for event in play.of_kind(kinds.TIMED):
        if event.data.get("name") == READS_CACHE and event.id > since.get(event.actor, event.id):
            label = event.actor.removeprefix("object:")
            reason = f"it held, but {label} read a cache after it had left memory: {_MEANING}"
            return replace(finding, verdict="unknown", reason=reason, evidence=(*finding.evidence, event.id))
    return finding
