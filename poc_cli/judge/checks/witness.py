"""Find the witness of a step: an earlier answer, before the sleep, to the same message."""

import heapq
import json
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from itertools import islice
from operator import itemgetter

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.play_record import PlayRecord, StepRecord, once
from poc_cli.scenario.client_groups import NUMBER
from poc_cli.scenario.conditions import Condition, parse
from poc_cli.scenario.expected_message import expected_by, names_of
from poc_cli.scenario.matching import Message, expected_messages, looks_at_keys
from poc_cli.scenario.model import Exchange


@dataclass(frozen=True, slots=True)
class Seen:
    """The event that shows the state before the sleep; `cut` is one that might, but was not recorded in full."""

    event: int | None
    cut: int | None = None


Witness = Callable[[PlayRecord, StepRecord, int], Seen]
"""Searches before an event for an answer that shows the state that a step reads."""

_Names = dict[str, object]

_OfOne = Callable[[PlayRecord, StepRecord, int, _Names], Seen]
"""A witness for one client, with the names as its messages know them."""


def _of_each(witness: _OfOne) -> Witness:
    """Apply a witness to each client of a step whose expectation contains its number: all of them need one."""

    @wraps(witness)
    def of_each(play: PlayRecord, step: StepRecord, before: int) -> Seen:
        names = play.names_at(step)
        numbers = (dict(play.play.client_bound(client)) for client in step.reported("answered"))
        found = (witness(play, step, before, {**number, **names}) for number in _apart(play, step, numbers))
        seen = list(found) or [witness(play, step, before, names)]
        return next((each for each in seen if each.event is None), seen[0])

    return of_each


def _apart(play: PlayRecord, step: StepRecord, numbers: Iterable[_Names]) -> Iterable[_Names]:
    """Return the numbers of the clients whose expectations differ; one of them where none does."""
    exchange = _exchange(play, step)
    if exchange is not None and NUMBER in names_of(exchange):
        return numbers
    return islice(numbers, 1)


@_of_each
def same_answer(play: PlayRecord, step: StepRecord, before: int, names: _Names) -> Seen:
    """Return the latest answer before an event that is what the step expects."""
    exchange = _exchange(play, step)
    # A value that should have changed since cannot have been the same before.
    conditions = [each for each in _conditions(exchange) if not _requires_change(play, step, each)]
    if exchange is None or (exchange.expect is None and not conditions):
        return Seen(None)
    cut: int | None = None
    for event in _earlier_answers(play, step, before):
        message = _as_far_as_known(play, event, exchange, conditions)
        if message is None:
            cut = cut or event.id
        elif _fits(exchange, names, message, conditions):
            return Seen(event.id)
    return Seen(None, cut)


@_of_each
def other_answer(play: PlayRecord, step: StepRecord, before: int, names: _Names) -> Seen:
    """Return the last answer before an event, if it is not what the step expects."""
    exchange = _exchange(play, step)
    latest = next(_earlier_answers(play, step, before), None)
    if exchange is None or latest is None:
        return Seen(None)
    message = _as_far_as_known(play, latest, exchange, _conditions(exchange))
    if message is None:
        return Seen(None, latest.id)
    return Seen(None if _fits(exchange, names, message, _conditions(exchange)) else latest.id)


@_of_each
def another_at_first(play: PlayRecord, step: StepRecord, before: int, names: _Names) -> Seen:
    """Return the first answer before an event, if it is not what the step expects.

    An object that lost its fields would answer as it did when it was new.
    """
    exchange = _exchange(play, step)
    answers = list(_earlier_answers(play, step, before))
    if exchange is None or not answers:
        return Seen(None)
    first, conditions = answers[-1], _conditions(exchange)
    message = _as_far_as_known(play, first, exchange, conditions)
    if message is None:
        return Seen(None, first.id)
    return Seen(None if _fits(exchange, names, message, conditions) else first.id)


def _exchange(play: PlayRecord, step: StepRecord) -> Exchange | None:
    placed = play.play.steps[step.index].step
    return placed if isinstance(placed, Exchange) else None


def _conditions(exchange: Exchange | None) -> list[Condition]:
    return [] if exchange is None else [parse(text) for text in exchange.where]


def _requires_change(play: PlayRecord, step: StepRecord, condition: Condition) -> bool:
    """Return whether a condition says that a captured value has changed, such as `instance != {before}`."""
    counters = play.play.steps[step.index].bound.keys()
    captured = condition.names - play.play.names(play.start.data["nonce"]).keys() - counters
    return bool(captured) and (condition.negated or condition.operator in {"!=", "<", "<=", ">", ">="})


def _earlier_answers(play: PlayRecord, step: StepRecord, before: int) -> Iterator[Event]:
    """Yield the answers before an event to the same message that the step sends, the latest first.

    Any client may have sent it, but not to another object.
    """
    mine = play.of_step(kinds.SENT, step.index)
    sent = {_content(event) for event in mine} - {None}
    objects = [play.leads_to(event.actor, event.id) for event in mine]
    earlier = (_latest_first(_asked(play).get(content, ()), before) for content in sent)
    for _, _, client, event_id, answer in heapq.merge(*earlier, reverse=True):
        other = play.leads_to(client, event_id)
        elsewhere = other is not None and None not in objects and other not in objects
        if not elsewhere:
            yield play.by_id[answer]


_Asked = tuple[int, int, str, int, int]
"""A message and its answer: the end of the step, the position in it, the client, and the two event ids."""


def _latest_first(asked: Sequence[_Asked], before: int) -> Iterator[_Asked]:
    ended = bisect_left(asked, before, key=itemgetter(0))
    return (asked[place] for place in range(ended - 1, -1, -1))


@once
def _asked(play: PlayRecord) -> dict[object, list[_Asked]]:
    """Return the answered messages by content, in order."""
    found: dict[object, list[_Asked]] = {}
    for step in play.steps:
        for place, (client, event_id) in enumerate(step.reported("sent").items()):
            answered = step.reported("answered").get(client)
            if answered is not None:
                asked = step.end_id, place, client, event_id, answered["event"]
                found.setdefault(_content(play.by_id[event_id]), []).append(asked)
    return found


def _content(event: Event) -> tuple[object, object] | None:
    """Return the content of a message, None if it was not recorded in full."""
    return None if event.data.get("cut") else (event.data.get("text"), event.data.get("hex"))


def _as_far_as_known(play: PlayRecord, event: Event, exchange: Exchange, conditions: list[Condition]) -> Message | None:
    """Return an answer; of one that is not recorded in full its short fields, if the step needs no others."""
    fields = event.data.get("fields")
    if not event.data.get("cut") or not isinstance(fields, dict) or exchange.exact:
        return play.message(event.id)
    looked_at = {condition.path.split(".")[0] for condition in conditions}
    for each in () if exchange.expect is None else expected_messages(exchange.expect):
        looked_at |= set(each) if isinstance(each, dict) and looks_at_keys(each) else {""}
    return Message(json.dumps(fields)) if looked_at <= fields.keys() else None


def _fits(exchange: Exchange, names: _Names, answer: Message, conditions: list[Condition]) -> bool:
    """Return whether an answer is what the step expects."""
    # Of several messages, the record names the last one as the answer.
    several = expected_by(exchange, names)
    last = several if exchange.order == "any" else several[-1:]
    texts = {condition.text for condition in conditions}
    return any(
        each.matches(answer) and not any(broken.text in texts for broken in each.broken(answer)) for each in last
    )
