"""Explain why the answers of an object in a black box prove no sleep."""

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.closings import closing_of
from poc_cli.record.instances import Evidence, describe_stay, instances_of, stay_evidence
from poc_cli.record.play_record import PlayRecord


def why_no_other_instance(play: PlayRecord, label: str, before: int) -> tuple[str, Evidence]:
    """Return why no sleep of an object is proven before an event, and the ids of the events that show it."""
    told = instances_of(play, label)
    if told.unsteady is not None:
        why, event = told.unsteady
        return f"the instance ids of {label} prove nothing: {why}", (event,)
    for doubt in told.doubts:
        if doubt.change.before.event.id < before:
            return f"{label}: {doubt.why}", (doubt.change.before.event.id, doubt.change.after.event.id)
    for stay in told.stays:
        if stay.before.event.id < before:
            return describe_stay(stay), stay_evidence(stay)
    return _why_not_told(play, label, before)


def _why_not_told(play: PlayRecord, label: str, before: int) -> tuple[str, Evidence]:
    """Return why no two answers with a wait in between have instance ids."""
    failed = next((step for step in play.steps if step.failure in {"wrong_object", "no_sleep"}), None)
    if failed is not None:
        return failed.reason, (failed.end_id,)
    if not instances_of(play, label).answers:
        path = play.play.objects[label].instance
        where = 'object = { …, instance = "path" } sets another path'
        return f'no answer of {label} has an instance id: none has "{path}" ({where})', ()
    waits = (each for each in play.of_kind(kinds.WAITED) if each.actor == f"object:{label}" and each.id < before)
    waited = next(waits, None)
    if waited is not None:
        return f"{label} gave no instance id after it was left idle{_cut_off(play, label, waited)}", (waited.id,)
    return f"{label} was not left idle between two answers", ()


def _cut_off(play: PlayRecord, label: str, waited: Event) -> str:
    """Return that a connection to the object was closed after a wait, and not by its client; "" if none was."""
    ended = (each.closed for each in play.connections if each.is_open_at(waited.id) and play.belongs(each, label))
    closed = next((event for event in ended if event is not None and event.data["by"] != "client"), None)
    return "" if closed is None else f": {closed.actor} was closed ({closing_of(closed.data)})"
