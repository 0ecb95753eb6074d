"""Do clients see the same with sleeps between the steps of a story as without?"""

from poc_cli.judge.check_registry import check
from poc_cli.judge.finding import Finding
from poc_cli.judge.session_verdict import sleep_transparency
from poc_cli.record.play_record import PlayRecord
from poc_cli.scenario.check_names import SLEEP_TRANSPARENT, CheckEntry
from poc_cli.scenario.model import Claim


@check(
    CheckEntry(
        name=SLEEP_TRANSPARENT,
        order=57,
        meaning=(
            "Clients saw the same whenever the objects slept: the steps are played several times without a sleep, and "
            "with the objects evicted in the gaps between them. What differs without a sleep does not count, nor what "
            "`ignore` names."
        ),
        seen_in_trace="whether an object slept between two steps",
        plays_sessions=True,
        beyond_state=True,
    )
)
def sleep_transparent(play: PlayRecord, claim: Claim) -> Finding:  # noqa: ARG001 - it is about all clients
    """Refuted by a difference that shows in several plays with a sleep and in none without."""
    return sleep_transparency(play)
