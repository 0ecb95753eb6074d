"""Judge a session that was played with sleeps in its gaps: clients must see what they see without a sleep."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from poc_cli.judge.claims import ClaimFinding
from poc_cli.judge.document_types import GapDocument, LossDocument, SessionDocument
from poc_cli.judge.session_verdict import evidence_of, pins_in, sleep_transparency
from poc_cli.judge.session_words import describe, describe_sleeps, looks_like, path_text
from poc_cli.record.client_view import Sight
from poc_cli.record.json_values import value_at
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.run_record import RunRecord
from poc_cli.record.session_record import SessionRecord, Suspicion
from poc_cli.scenario.check_names import SLEEP_TRANSPARENT
from poc_cli.scenario.model import Claim
from poc_cli.scenario.sessions import SESSIONS, UNDISTURBED, left_out_of_session
from poc_cli.scenario.values import MISSING

CLAIM: Final = Claim(
    id="transparent-to-sleep",
    says="Clients see the same, whenever the objects sleep.",
    source="https://developers.cloudflare.com/durable-objects/best-practices/websockets/#websocket-hibernation-api",
    check=SLEEP_TRANSPARENT,
)
"""It is judged by `--sleep everywhere` for every scenario."""

LEFT_OUT: Final = "--sleep everywhere judges what clients see, not this claim"


def with_sessions(run: RunRecord, stories: Sequence[list[PlayRecord]]) -> list[list[PlayRecord]]:
    """Return the performances of each story with its session attached; a session alone stands for its story."""
    sessions = {_subject(plays[0]): plays for plays in _sessions_of(run)}
    found = [[_with(story, sessions.pop(_subject(story), None)) for story in each] for each in stories]
    return [*found, *([_with(_standing_for(plays), plays)] for plays in sessions.values())]


def is_session(play: PlayRecord) -> bool:
    """Return whether a play is a performance of a session, not of a story."""
    return play.start.data["role"] in SESSIONS


def judge_session(play: PlayRecord) -> list[ClaimFinding]:
    """Return the findings on a session that was played without its story."""
    finding = sleep_transparency(play)
    return [ClaimFinding(claim, finding, None, (finding,)) for claim in _claims(play)]


def left_out_of_claims(play: PlayRecord) -> Mapping[str, str]:
    """Return the claims that a session alone leaves out, each with the reason."""
    judged = {claim.id for claim in _claims(play)}
    return {claim.id: LEFT_OUT for claim in play.scenario.document.claim if claim.id not in judged}


def _claims(play: PlayRecord) -> list[Claim]:
    return [claim for claim in play.scenario.document.claim if claim.check == SLEEP_TRANSPARENT] or [CLAIM]


def _sessions_of(run: RunRecord) -> list[list[PlayRecord]]:
    found: dict[tuple[object, ...], list[PlayRecord]] = {}
    for play in run.plays:
        if is_session(play):
            found.setdefault(_subject(play), []).append(play)
    return [*found.values()]


def _subject(play: PlayRecord) -> tuple[object, ...]:
    return tuple(play.start.data[name] for name in ("scenario", "file", "sha256"))


def _with(story: PlayRecord, plays: list[PlayRecord] | None) -> PlayRecord:
    return story if plays is None else replace(story, session=SessionRecord(plays))


def _standing_for(plays: list[PlayRecord]) -> PlayRecord:
    """Return the performance that stands for the story in run.json: one without a sleep that came to its end."""
    awake = [play for play in plays if play.start.data["role"] == UNDISTURBED]
    return next((play for play in awake if play.outcome == "done"), plays[0])


def session_document(session: SessionRecord) -> SessionDocument:
    """Return the session as run.json has it."""
    decided = session.broken_step is None or bool(session.confirmed)
    usable = decided and session.repeats
    return {
        "undisturbed": len(session.undisturbed),
        "disturbed": len(session.disturbed) if session.undisturbed else 0,
        "unusable": len(session.unusable),
        "masked_share": round(session.reference.masked_share, 4) if session.undisturbed else None,
        "left_out": [
            {"line": each.line, "verb": each.verb, "reason": each.reason}
            for each in left_out_of_session(session.known[0].plays[0])
        ],
        "gaps": [_gap(session, gap) for gap in session.gaps] if usable else [],
        "losses": [_loss(session, each) for each in session.to_confirm] if usable else [],
    }


def _gap(session: SessionRecord, gap: int) -> GapDocument:
    steps = session.steps
    mine = [one for each in session.disturbed for one in each.states.get(gap, ())]
    return {
        "gap": gap,
        "after_line": steps[gap].position.line,
        "before_line": steps[gap + 1].position.line,
        "state": session.state_of(gap),
        "alone": any(each.sleeps.gaps == (gap,) for each in session.disturbed),
        "pins": pins_in(session, gap),
        "before_alarm": any(one.get("alarm_in_ms") is not None for one in mine),
    }


def _loss(session: SessionRecord, each: Suspicion) -> LossDocument:
    difference, sleeps = each.difference, session.sleeps_of(each)
    what, page = looks_like(difference)
    return {
        "gaps": list(sleeps.gaps),
        "objects": list(sleeps.objects),
        "where": describe_sleeps(session.steps, sleeps),
        "says": describe(each),
        "client": difference.client,
        "kind": difference.kind,
        "path": path_text(difference.path),
        "expected": _value(difference.expected, difference.path),
        "seen": _value(difference.seen, difference.path),
        "seen_in": each.seen,
        "of": each.of,
        "confirmed": each.is_confirmed,
        "looks_like": what,
        "read": page,
        "evidence": list(evidence_of(each)),
    }


def _value(sight: Sight | None, path: tuple[str | int, ...]) -> Any:
    found = MISSING if sight is None else value_at(sight.value, path)
    return None if found is MISSING else found
