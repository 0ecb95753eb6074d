"""`poc explain`: why an object did not sleep, or when it did."""

from pathlib import Path

from poc_cli.commands.run_folder import folder_of
from poc_cli.errors import UsageError, did_you_mean
from poc_cli.history.reader import read
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.run_record import RunRecord, record
from poc_cli.report.sleep_explanation import ObjectInPlay, explain, in_a_line
from poc_cli.report.styled import Line, span


def explanation(run: Path | None, name: str | None, label: str | None, results: Path) -> list[Line]:
    """Return the explanation of the selected objects. Raises UsageError for a name that is not in the run.

    If neither a play nor an object is named, those that did not sleep are explained in full and the others in a line.
    """
    recorded = record(read(folder_of(run, results) / "history.ndjson"))
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
