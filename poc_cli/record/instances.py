"""Infer sleeps and stays of objects in a black box from the instance ids in their answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, pairwise
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.play_record import Connection, PlayRecord
from poc_cli.residency.sleep_onset import ANSWERS
from poc_cli.scenario.conditions import lookup
from poc_cli.scenario.plays import should_stay_awake
from poc_cli.scenario.values import MISSING

LEAST_SILENCE_MS: Final = 5_000.0
"""Half of the documented 10 s. An instance id that changes sooner, with the socket open, is unsteady, not a sleep."""

_HTTP: Final = "http"

Evidence = tuple[int, ...]
"""The ids of the events that show something."""


@dataclass(frozen=True, slots=True)
class InstanceAnswer:
    """An answer with an instance id; `connection` is the one it arrived on, None for an HTTP response."""

    event: Event
    instance: str
    connection: Connection | None


@dataclass(frozen=True, slots=True)
class Change:
    """Two consecutive answers of an object, with different instance ids or the same.

    `old` and `new` are the runs of answers with the two ids. `silent_ms` is the longest time between the two answers in
    which no client of the play sent or received anything, on the client's clock; `waited` are the waits for sleep in
    between.
    """

    label: str
    old: tuple[InstanceAnswer, ...]
    new: tuple[InstanceAnswer, ...]
    silent_ms: float
    waited: tuple[Event, ...]

    @property
    def before(self) -> InstanceAnswer:
        """Return the last answer before."""
        return self.old[-1]

    @property
    def after(self) -> InstanceAnswer:
        """Return the first answer after."""
        return self.new[0]


@dataclass(frozen=True, slots=True)
class Slept:
    """A change of instance that proves a sleep, with the answers that do; `sockets` were open when it began."""

    change: Change
    proof: tuple[Event, ...]
    sockets: tuple[Connection, ...]


@dataclass(frozen=True, slots=True)
class Instances:
    """The instance ids of one object in a play. `unsteady` is the reason why they prove nothing, and the event."""

    label: str
    answers: tuple[InstanceAnswer, ...]
    changes: tuple[Change, ...]
    stays: tuple[Change, ...]
    slept: tuple[Slept, ...]
    unsteady: tuple[str, int] | None
    doubts: tuple["Doubt", ...]
    """Why changes with a wait in between are not sleeps."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a change of instance proves no sleep."""

    why: str
    change: Change


def instances_of(play: PlayRecord, label: str) -> Instances:
    """Return the instance ids of one object in a play."""
    known: dict[str, Instances] = play.memo.setdefault("instances", {})
    if label not in known:
        known[label] = _instances(play, label)
    return known[label]


def _instances(play: PlayRecord, label: str) -> Instances:
    answers = _instance_answers(play, label)
    stretches = [tuple(group) for _, group in groupby(answers, key=lambda each: each.instance)]
    change = partial(_change, play, label)
    changes = tuple(change(old, new) for old, new in pairwise(stretches))
    unsteady = _unsteady(play, stretches, changes)
    if unsteady is not None:
        return Instances(label, answers, changes, (), (), unsteady, ())
    inside = (change((one,), (other,)) for stretch in stretches for one, other in pairwise(stretch))
    found = [_slept(play, each) for each in changes if each.waited]
    return Instances(
        label,
        answers,
        changes,
        tuple(each for each in inside if each.waited),
        tuple(each for each in found if isinstance(each, Slept)),
        None,
        tuple(each for each in found if isinstance(each, Doubt)),
    )


# --- reading answers


def _instance_answers(play: PlayRecord, label: str) -> tuple[InstanceAnswer, ...]:
    """Return an object's answers that have an instance id. Unsolicited messages are not answers: they may be late."""
    path = play.play.objects[label].instance
    found: list[InstanceAnswer] = []
    for event in answers_of(play, label):
        instance = _instance(play, event, path)
        if instance is not None:
            open_then = (c for c in play.connections if c.client == event.actor and c.is_open_at(event.id))
            found.append(InstanceAnswer(event, instance, None if event.actor == _HTTP else next(open_then, None)))
    return tuple(found)


def answers_of(play: PlayRecord, label: str) -> Iterator[Event]:
    """Return the answers that came from an object and no other, in order."""
    for event in _answers(play):
        if event.actor == _HTTP:
            is_from = _is_alone(play, play.addresses.of_request(_requested(play, event)), label)
        else:
            is_open = any(each.client == event.actor and each.is_open_at(event.id) for each in play.connections)
            is_from = is_open and _is_alone(play, play.leads_to(event.actor, event.id), label)
        if is_from:
            yield event


def _answers(play: PlayRecord) -> list[Event]:
    """Return the answers to what was sent, in order.

    They are those that a step took for it; where it took none, as what came was wrong, all that came after its send.
    """
    known: list[Event] | None = play.memo.get("answers")
    if known is not None:
        return known
    taken = {step.index: {each["event"] for each in step.reported("answered").values()} for step in play.steps}
    asked = {step.index: step.reported("sent").keys() for step in play.steps}
    failed = {step.index for step in play.steps if not step.ok}
    sent: set[tuple[int | None, str]] = set()
    found: list[Event] = []
    for event in play.of_kind(kinds.SENT, kinds.RECEIVED, kinds.TOLD):
        if event.kind == kinds.TOLD:
            found.append(event)  # an answer to poc's own query
        elif event.kind == kinds.SENT:
            sent.add((event.step, event.actor))
        elif event.step is None or event.actor in play.programs:
            continue  # a program's lines may originate anywhere
        elif event.id in taken.get(event.step, ()):
            found += [event] if event.actor in asked[event.step] else []
        elif event.step in failed and (event.step, event.actor) in sent:
            found.append(event)
    play.memo["answers"] = found
    return found


def _requested(play: PlayRecord, answer: Event) -> str:
    """Return the path of the request that an HTTP response answers."""
    asked = (each for each in play.of_kind(kinds.SENT) if each.actor == _HTTP and each.step == answer.step)
    return str(next((each.data.get("path") for each in asked if each.id < answer.id), ""))


def _is_alone(play: PlayRecord, objects: frozenset[str] | None, label: str) -> bool:
    """Return whether a URL names only this object; if no URL names any, the play must have only one object."""
    return objects == frozenset({label}) or (objects is None and set(play.play.objects) == {label})


def _instance(play: PlayRecord, event: Event, path: str) -> str | None:
    message = play.message(event.id)
    # A message that is too long still has its short fields in the record.
    value = lookup(event.data.get("fields") if message is None else message.json, path)
    if value is MISSING or value is None or isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return repr(value)


# --- inferring sleeps


def _change(play: PlayRecord, label: str, old: Sequence[InstanceAnswer], new: Sequence[InstanceAnswer]) -> Change:
    first, last = old[-1].event, new[0].event
    stirring = [first, *(e for e in play.of_kind(*kinds.STIRRING) if first.id < e.id < last.id), last]
    # Both ends of a silence are on this machine's clock; the server's is not used.
    silent = max((after.t_ns - before.t_ns for before, after in pairwise(stirring)), default=0)
    actor = f"object:{label}"
    waited = (e for e in play.of_kind(kinds.WAITED) if e.actor == actor and first.id < e.id < last.id)
    return Change(label, tuple(old), tuple(new), silent / 1e6, tuple(waited))


def _unsteady(
    play: PlayRecord, stretches: Sequence[Sequence[InstanceAnswer]], changes: Sequence[Change]
) -> tuple[str, int] | None:
    """Return why instance ids prove nothing: one reappeared, or changed although nothing can have ended the stay."""
    seen: set[str] = set()
    for stretch in stretches:
        answer = stretch[0]
        if answer.instance in seen:
            return "an instance answered again after another had", answer.event.id
        seen.add(answer.instance)
    for change in changes:
        apart_ms = (change.after.event.t_ns - change.before.event.t_ns) / 1e6
        if apart_ms < LEAST_SILENCE_MS and not _faults(play, change) and _open_through(play, change, change.after):
            return f"its instance changed within {apart_ms / 1000:.1f} s, with its socket open", change.after.event.id
    return None


def _faults(play: PlayRecord, change: Change) -> list[Event]:
    """Return the faults since the old instance's first answer that may have ended the object's stay."""
    first, last = change.old[0].event.id, change.after.event.id
    actors = {"poc", f"object:{change.label}"}
    mine = (event for event in play.of_kind(kinds.FAULT) if event.actor in actors and event.data["fault"] != "drop")
    return [event for event in mine if first < event.id < last]


def _open_through(play: PlayRecord, change: Change, until: InstanceAnswer) -> list[Connection]:
    """Return the object's connections that were open from the last answer before to an answer after."""
    first, last = change.before.event.id, until.event.id
    return [
        each
        for each in play.connections
        if each.opened.id < first
        and (each.closed is None or each.closed.id > last)
        and play.belongs(each, change.label)
    ]


def _slept(play: PlayRecord, change: Change) -> Slept | Doubt:
    """Return the proof of a sleep, or why a change of instance is not one."""
    # An object takes over a deferred version by sleeping; where it was reset instead, a proven sleep needs its socket.
    if any(event.data["fault"] != "deploy-deferred" for event in _faults(play, change)):
        return Doubt("another instance answered, but a fault lay between", change)
    if change.silent_ms < LEAST_SILENCE_MS:
        return Doubt(f"another instance answered after only {change.silent_ms / 1000:.1f} s of silence", change)
    if not _open_through(play, change, change.after):
        return Doubt("another instance answered, but no socket stayed open", change)
    for number, last in enumerate(change.new, start=1):
        through = _open_through(play, change, last)
        before = [each for each in change.old if each.connection in through]
        after = [each for each in change.new[:number] if each.connection in through]
        if min(len(before), len(after)) >= ANSWERS:
            began = change.waited[0].id
            sockets = [c for c in play.connections if c.is_open_at(began) and play.belongs(c, change.label)]
            proof = [each.event for each in (*before[-ANSWERS:], *after[:ANSWERS])]
            return Slept(change, tuple(proof), tuple(sockets))
    reason = f"another instance answered, but it takes {ANSWERS} answers of each, on a socket that stayed open"
    return Doubt(reason, change)


def describe_stay(stay: Change) -> str:
    """Describe that an object was still in memory after a wait."""
    silence = f"{stay.silent_ms / 1000:.1f} s in which no client sent anything"
    return f"{stay.label} answered with the same instance after {silence}"


def stay_evidence(stay: Change) -> Evidence:
    """Return the ids of the events that show a stay: the answers around the wait, and the wait."""
    return (stay.before.event.id, *(each.id for each in stay.waited), stay.after.event.id)


def should_stay(play: PlayRecord, stay: Change) -> bool:
    """Return whether an object was left idle only to show that it does not sleep."""
    return all(waited.step is not None and should_stay_awake(play.play, waited.step) for waited in stay.waited)
