"""The session of a scenario for the page: a strip with a cell for each gap, and the losses."""

from poc_cli.judge.document_types import GapDocument, LossDocument, SessionDocument
from poc_cli.report.html.safe import address
from poc_cli.report.html.view_model import Gap, Loss, Session
from poc_cli.report.session_view import MEANINGS, advice, remarks, states, value_text


def session_of(session: SessionDocument | None) -> Session | None:
    """Return the view of a session, None where none was played."""
    if session is None:
        return None
    return Session(
        gaps=tuple(_gap(each) for each in session["gaps"]),
        legend=tuple(Gap(state, MEANINGS[state]) for state in states(session)),
        losses=tuple(_loss(each) for each in session["losses"]),
        remarks=tuple(remarks(session)),
    )


def _gap(gap: GapDocument) -> Gap:
    words = f"between lines {gap['after_line']} and {gap['before_line']}: {MEANINGS[gap['state']]}"
    return Gap(gap["state"], words)


def _loss(loss: LossDocument) -> Loss:
    return Loss(
        where=f"Evicted {loss['where']}",
        says=loss["says"],
        expected=value_text(loss["expected"]),
        seen=value_text(loss["seen"]),
        looks_like=loss["looks_like"],
        url=address(loss["read"]),
        advice=advice(loss),
    )
