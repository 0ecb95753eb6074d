"""Recompute the outcome of a step from the recorded events: one function for each verb that can be recomputed.

Each takes the state at the step's end. If the step failed, only what happened well within its time limit counts.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.recheck.exchanges import Outcome, called, exchange, fits_close, read_once, worst_of
from poc_cli.judge.recheck.play_state import SLACK_NS, InconsistentRecordError, Ongoing, State
from poc_cli.record.lateness import late_by_ns
from poc_cli.record.play_record import StepRecord
from poc_cli.scenario.client_tables import ClientSpec
from poc_cli.scenario.expected_message import names_of
from poc_cli.scenario.model import Alarm, Close, Connect, Hibernate, Http, Idle, On, Origin, Probe, Resume, Step

_SECOND_NS: Final = 1_000_000_000

_HTTP: Final = "http"
"""The actor of `http` steps (`engine.http_step`)."""

_SUCCESS: Final = range(200, 300)

_JUST_NOW_NS: Final = 20_000_000
"""An object that was found in memory may leave while the step's failure is recorded."""


def _on(verb: On, state: State, step: Ongoing, end: Event) -> Outcome:
    clients = state.members(verb.on)
    if len(clients) > 1 and verb.capture and names_of(verb) & verb.capture.keys():
        return "unclear"  # a value that one client captures is visible to the clients after it
    return worst_of([exchange(state, step, end, client) for client in clients])


def _resume(verb: Resume, state: State, step: Ongoing, end: Event) -> Outcome:
    outcome = exchange(state, step, end, verb.resume)
    for label, before in step.before.items():
        found = state.objects[label]
        stayed = before.in_memory and found.in_memory and found.entered_id < step.begun.id
        if end.data["ok"] and before.slept and stayed:
            raise InconsistentRecordError(f"{step.place} is ok, but {label} was awake already when it was resumed")
    if end.data.get("failure") == "woken" and not any(each.slept and each.in_memory for each in state.objects.values()):
        raise InconsistentRecordError(f"{step.place} failed (woken), but no object that slept was back in memory")
    return outcome


def _connect(verb: Connect, state: State, step: Ongoing, _: Event) -> Outcome:
    opened: dict[str, Event] = {}
    for event in step.inside:
        if event.kind in {kinds.OPENED, kinds.OPEN_FAILED}:
            opened.setdefault(event.actor, event)

    def one(client: str) -> Outcome:
        event = opened.get(client)
        # A subprotocol may hold the token, which the record does not have.
        if state.kinds[client] is not ClientSpec or verb.subprotocol is not None:
            return "unclear"
        if event is None:
            return "unmet"
        if verb.refused is None:
            return "met" if event.kind == kinds.OPENED else "unmet"
        refused = event.kind == kinds.OPEN_FAILED and str(verb.refused) in str(event.data.get("said", ""))
        return "met" if refused else "unmet"

    return worst_of([one(client) for client in state.members(verb.connect)])


def _close(verb: Close, state: State, step: Ongoing, end: Event) -> Outcome:
    reported = end.data.get("closed", {})

    def one(client: str) -> Outcome:
        if not state.is_own(client):
            return "unclear"
        ending = state.endings.get(client)
        if ending is None or ending.id < step.begun.id:
            return "unmet"
        if end.data["ok"] and reported.get(client) != ending.data.get("code"):
            raise InconsistentRecordError(f"{step.place} says that {client} was closed with {reported.get(client)}")
        return fits_close(ending, verb.expect_code, verb.expect_reason, step)

    return worst_of([one(client) for client in state.members(verb.close)])


def _http(verb: Http, state: State, step: Ongoing, end: Event) -> Outcome:
    answers = (each for each in step.inside if each.kind == kinds.RECEIVED and "status" in each.data)
    answer = next((each for each in answers if each.actor == _HTTP), None)
    if answer is None:
        return "unmet"
    named = end.data.get("answered", {}).get(_HTTP, {}).get("event", answer.id)
    if end.data["ok"] and named != answer.id:
        raise InconsistentRecordError(f"{step.place} names event {named} as its answer, but that is event {answer.id}")
    status = answer.data["status"]
    if status not in _SUCCESS if verb.status is None else status != verb.status:
        return "unmet"
    return read_once(state, step, end, answer) if verb.expects else "met"


def _origin(verb: Origin, state: State, step: Ongoing, end: Event) -> Outcome:
    return called(state, step, end, verb) if verb.origin == "called" else "met"


def _idle(verb: Idle, _: State, step: Ongoing, end: Event) -> Outcome:
    """Return whether the time passed, counted from when the step was due."""
    passed_ns = end.t_ns - step.begun.t_ns + late_by_ns(StepRecord(step.index, step.begun, end))
    return "met" if passed_ns >= verb.idle * _SECOND_NS - SLACK_NS else "unmet"


def _alarm(verb: Alarm, state: State, step: Ongoing, end: Event) -> Outcome:
    """Return whether each object got an alarm that no earlier `alarm` step saw."""
    surely_ns = step.begun.t_ns + round(verb.within * _SECOND_NS) - SLACK_NS

    def one(label: str) -> Outcome:
        found = state.objects[label]
        at_least, at_most = found.alarms_known
        if not end.data["ok"]:
            return "met" if sum(at_ns <= surely_ns for at_ns in found.alarms) > at_most else "unmet"
        known = max(at_least + 1, step.before[label].alarms)
        found.alarms_known = known, len(found.alarms)
        return "met" if len(found.alarms) > at_least else "unmet"

    return worst_of([one(label) for label in _labels(state, verb.of)])


def _hibernate(verb: Hibernate, state: State, step: Ongoing, end: Event) -> Outcome:
    """Return whether each object left memory or was out of it; in a black box, whether it was left idle."""
    failure = end.data.get("failure")
    labels = _labels(state, verb.of)
    if not state.has_trace:
        waited = {each.actor for each in step.inside if each.kind == kinds.WAITED}
        fits = all(f"object:{label}" in waited for label in labels)
        return "unclear" if failure is not None else "met" if fits else "unmet"
    if failure == "wrong_object":
        return "unmet" if not all(state.objects[label].seen for label in labels) else "met"
    events = [each for each in step.inside if each.kind in {kinds.AWAKE, kinds.REFUSED, kinds.EVICTING, kinds.LEFT}]
    if failure == "no_sleep":
        if all(each.kind == kinds.LEFT for each in events):
            raise InconsistentRecordError(f"{step.place} failed (no_sleep), but no event shows an object that stayed")
        is_back = any(state.objects[label].in_memory for label in labels)  # it left, and was woken at once
        if is_back or any(each.kind in {kinds.AWAKE, kinds.REFUSED} for each in events):
            return "unmet"
        events = [each for each in events if each.t_ns < end.t_ns - _JUST_NOW_NS]
    left = {each.actor for each in events if each.kind == kinds.LEFT}

    def was_away(label: str) -> bool:
        before, found = step.before[label], state.objects[label]
        return (
            f"object:{label}" in left or (before.seen and not before.in_memory) or (found.seen and not found.in_memory)
        )

    return "met" if all(map(was_away, labels)) else "unmet"


def _probe(verb: Probe, state: State, step: Ongoing, end: Event) -> Outcome:
    if end.data.get("failure") == "wrong_object":
        return "unmet" if not all(state.objects[label].seen for label in _labels(state, verb.of)) else "met"
    probed = {each.actor: each for each in step.inside if each.kind == kinds.PROBED}
    found = [probed.get(f"object:{label}") for label in _labels(state, verb.of)]
    return "met" if all(each is not None and each.data["ok"] for each in found) else "unmet"


def _labels(state: State, of: list[str] | None) -> Iterable[str]:
    return list(state.objects) if of is None else of


Verb = Callable[[Any, State, Ongoing, Event], Outcome]

VERBS: Final[Mapping[type[Step], Verb]] = {
    On: _on,
    Resume: _resume,
    Connect: _connect,
    Close: _close,
    Http: _http,
    Origin: _origin,
    Idle: _idle,
    Alarm: _alarm,
    Hibernate: _hibernate,
    Probe: _probe,
}
"""The function of each verb that can be recomputed."""
