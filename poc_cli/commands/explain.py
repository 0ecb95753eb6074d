"""`poc explain`: why an object did not sleep, or when it did, and what clients saw differently after it."""

from pathlib import Path

from poc_cli.commands.run_folder import folder_of
from poc_cli.errors import UsageError, did_you_mean
from poc_cli.history.reader import read
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.run_record import RunRecord, record
from poc_cli.record.session_record import SessionRecord
from poc_cli.report.session_view import explain_session
from poc_cli.report.sleep_explanation import ObjectInPlay, explain, in_a_line
from poc_cli.report.styled import Line, span
from poc_cli.scenario.sessions import SESSIONS


def explanation(run: Path | None, name: str | None, label: str | None, results: Path) -> list[Line]:
    """Return the explanation of sessions and of the selected objects. Raises UsageError for a name that is not there.

    If neither a play nor an object is named, those that did not sleep are explained in full and the others in a line.
    """
    recorded = record(read(folder_of(run, results) / "history.ndjson"))
    if name is None and label is None and (sessions := _sessions(recorded)):
        stories = any(play.start.data["role"] == "story" for play in recorded.plays)
        return [*sessions, *([[], *_of_objects(recorded, name, label)] if stories else [])]
    return _of_objects(recorded, name, label)


def _sessions(recorded: RunRecord) -> list[Line]:
    """Return what the sessions that were played with sleeps everywhere show."""
    plays: dict[str, list[PlayRecord]] = {}
    for play in recorded.plays:
        if play.start.data["role"] in SESSIONS:
            plays.setdefault(str(play.start.data["scenario"]), []).append(play)
    return [line for name, each in plays.items() for line in explain_session(name, SessionRecord(each))]


def _of_objects(recorded: RunRecord, name: str | None, label: str | None) -> list[Line]:
    residents = [ObjectInPlay(play, each) for play in _plays(recorded, label) for each in play.play.objects]
    meant = [each for each in residents if name is None or each.label == name]
    if not meant:
        known = dict.fromkeys(each.label for each in residents)
        raise UsageError(f'no object "{name}" in this run', did_you_mean(str(name), known))
    found: list[Line] = []
    if recorded.flaw is not None:
        found += [[span(f"the record of this run is incomplete: {recorded.flaw}", "bold magenta")], []]
    in_full = [each for each in meant if label is not None or name is not None or each.found_awake or len(meant) == 1]
    for each in in_full:
        found += [*explain(each), []]
    brief = [each for each in meant if each not in in_full]
    found += [in_a_line(each) for each in brief]
    if brief:
        found.append([span("for details: --object NAME or --play LABEL", "dim")])
    return found if found[-1] else found[:-1]


def _plays(run: RunRecord, label: str | None) -> list[PlayRecord]:
    if label is None:
        stories = [play for play in run.plays if play.start.data["role"] == "story"]
        if not stories:
            raise UsageError("this run has no play to explain")
        return stories
    found = [play for play in run.plays if play.label == label]
    if not found:
        raise UsageError(f'no play "{label}" in this run', did_you_mean(label, [play.label for play in run.plays]))
    return found
