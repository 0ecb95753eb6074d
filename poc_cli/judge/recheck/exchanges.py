"""Recompute the outcome of an exchange of messages from the recorded events: `on`, `resume`, `http` and `origin`.

The reading positions are those of the engine: a step that sends reads only what arrived after its send; one that does
not continues where the last reading stopped.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.recheck.mailbox import Mailbox, Reading, Wanted, first_noise, is_masked, message_of
from poc_cli.judge.recheck.play_state import ORIGIN, SLACK_NS, InconsistentRecordError, Ongoing, State
from poc_cli.scenario.expected_message import Met, value_at
from poc_cli.scenario.matching import Message, fill
from poc_cli.scenario.model import On
from poc_cli.scenario.step_bases import Acting, Exchange, Shows
from poc_cli.scenario.templates import render_text
from poc_cli.scenario.values import equal

Outcome = Literal["met", "unmet", "unclear"]
"""`met`: the events are what the step expects; `unmet`: they are not; `unclear`: they do not show it."""

_SECOND_NS: Final = 1_000_000_000

_SEND_GIVES_UP_NS: Final = 59 * _SECOND_NS
"""A send that takes this long fails with `silence` too, whatever arrives meanwhile (60 s in `engine.exchange`)."""

_EDGE: Final = 4
"""The last quarter of a window is not examined, if that is shorter than the slack."""

_TEXTS_KEPT: Final = 10
"""How many texts of a page the history keeps (`engine.page_steps`)."""

_JUST_NS: Final = 1_000_000
"""Histories in tests round to a millisecond."""

_WAKE_ROUNDED_MS: Final = 0.01
"""`wake_ms` is rounded to a microsecond."""


def worst_of(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the combined outcome: met if all are met."""
    found = set(outcomes)
    return "unmet" if "unmet" in found else "unclear" if "unclear" in found else "met"


@dataclass(frozen=True, slots=True)
class _Turn:
    """One client's part in an exchange: the index of the first message that it reads, and since when."""

    state: State
    step: Ongoing
    end: Event
    client: str
    start: int | None
    since_ns: int

    @property
    def ok(self) -> bool:
        """Whether the step is recorded as ok."""
        return bool(self.end.data["ok"])

    @property
    def box(self) -> Mailbox:
        """The client's messages."""
        return self.state.box(self.client)

    def reported(self, key: str) -> Any:
        """Return this client's entry in a field of the step's `step_end` event, None without one."""
        value = self.end.data.get(key)
        return value.get(self.client) if isinstance(value, dict) else None

    @property
    def names(self) -> dict[str, object]:
        """Return the names as the client's messages knew them."""
        return {**self.state.play.play.client_bound(self.client), **self.step.names}

    def wanted(self, verb: Exchange) -> Wanted:
        """Return what the step expects. Raises like Wanted."""
        return Wanted(verb, self.names, has_secrets=self.state.has_secrets)

    def shows_what_was_read(self, verb: Acting) -> bool:
        """Return whether the record shows which messages the step read; for a step that acts on a page it does not."""
        return not verb.acts and not self.state.is_mixed(self.client)

    def surely_ns(self, length: float) -> int:
        """Return a time until which a window of this many seconds was certainly open; lateness only makes it longer."""
        return self.since_ns + round(length * _SECOND_NS) - SLACK_NS


def exchange(state: State, step: Ongoing, end: Event, client: str) -> Outcome:
    """Return the outcome of one client's part in an `on` or `resume` step."""
    verb = step.placed.step
    if not isinstance(verb, Acting):
        raise TypeError(f"{verb.verb} is not an exchange of a client")
    sent = step.sent.get(client)
    if verb.sends and sent is None:
        return "unmet"
    if verb.sends and sent is not None:
        turn = _Turn(state, step, end, client, sent[1], sent[0].t_ns)
    else:
        turn = _Turn(state, step, end, client, state.box(client).position, step.begun.t_ns)
    outcome = worst_of(_parts(turn, verb))
    if turn.ok and outcome != "unmet":
        _check_times(turn, verb)
    return outcome


def _parts(turn: _Turn, verb: Acting) -> Iterator[Outcome]:
    if verb.eval is not None and verb.expects:
        yield _evaluated(turn, verb)
    elif verb.expects:
        yield _answered(turn, verb)
    if verb.expect_text is not None:
        yield _shown(turn, verb.expect_text)
    if isinstance(verb, On) and verb.quiet is not None:
        yield _quiet(turn, verb, verb.quiet)
    if isinstance(verb, On) and verb.expects_close:
        yield _closed_by_server(turn, verb)


def _answered(turn: _Turn, verb: Acting) -> Outcome:
    answer = turn.reported("answered")
    if turn.ok and isinstance(answer, dict):
        return _answered_by(turn, verb, turn.box.index_of(int(answer["event"])), int(answer["event"]))
    if turn.start is None or not turn.shows_what_was_read(verb):
        turn.box.move(turn.start or 0, None)
        return "unclear"
    wanted = turn.wanted(verb)
    return _read_all(turn, wanted) if turn.ok else _read_in_time(turn, verb, wanted)


def _answered_by(turn: _Turn, verb: Acting, answer: int | None, event_id: int) -> Outcome:
    """Return whether the message that is recorded as the answer is one, and the first one."""
    box, start = turn.box, turn.start
    if answer is None:
        if turn.state.speaks_in_order(turn.client):
            raise InconsistentRecordError(f"{turn.step.place} names event {event_id}, which {turn.client} did not get")
        turn.box.move(0, None)
        return "unclear"
    if start is None or not turn.shows_what_was_read(verb):
        box.move(answer, answer + 1)
        return "unclear"
    if answer < start:
        raise InconsistentRecordError(f"{turn.step.place} names event {event_id} as its answer, which came before")
    reading = turn.wanted(verb).read(box, start, answer + 1)
    box.move(start, answer + 1)
    if reading.match == answer:
        if reading.clear:
            _check_captured(turn, verb, reading.met)
        return "met" if box.is_whole(answer) else "unclear"
    if not reading.clear:
        return "unclear"
    if reading.match is not None:
        first = box.ids[reading.match]
        raise InconsistentRecordError(
            f"{turn.step.place} names event {event_id} as its answer, and event {first} was one before"
        )
    return "unmet"


def _read_all(turn: _Turn, wanted: Wanted) -> Outcome:
    box, start = turn.box, turn.start or 0
    reading = wanted.read(box, start, len(box))
    box.move(start, reading.position if reading.clear else None)
    return _outcome_of(reading)


def _read_in_time(turn: _Turn, verb: Exchange, wanted: Wanted) -> Outcome:
    """Return whether a step that failed was met well within its time limit."""
    box, start = turn.box, turn.start or 0
    early = wanted.read(box, start, max(start, box.until(turn.surely_ns(verb.within))))
    last = wanted.read(box, start, len(box))
    _check_overtaken(turn, early)
    box.move(start, early.position if early.clear and early.position == last.position else None)
    if turn.end.t_ns - turn.since_ns > _SEND_GIVES_UP_NS:
        return "unclear"
    return _outcome_of(early)


def _outcome_of(reading: Reading) -> Outcome:
    if not reading.clear:
        return "unclear"
    return "unmet" if reading.match is None else "met"


def _quiet(turn: _Turn, verb: On, length: float) -> Outcome:
    if turn.start is None or not turn.state.speaks_in_order(turn.client):
        return "unclear"
    like = None if verb.like is None else fill(verb.like, turn.names)
    indices = _examined_for_silence(turn, verb, length)
    noise, clear = first_noise(turn.box, indices, like, exact=verb.exact)
    if noise is not None and not turn.ok:
        turn.box.maybe_read.add(noise)
    if not clear:
        return "unclear"
    if turn.ok and (turn.end.t_ns < turn.surely_ns(length) or _closed_by(turn, length)):
        return "unmet"
    return "met" if noise is None else "unmet"


def _examined_for_silence(turn: _Turn, verb: On, length: float) -> Iterable[int]:
    """Return the messages that a `quiet` step certainly examined if it passed, else all that it may have."""
    box, start = turn.box, turn.start or 0
    looks_back = verb.sends or verb.like is not None
    if not turn.ok:
        first = start if looks_back else box.first_after(turn.step.begun.id)
        return [index for index in range(first, len(box)) if verb.like is None or index not in box.read]
    length_ns = round(length * _SECOND_NS)
    stop = box.until(_well_inside(turn, length))
    if not looks_back:
        # Messages that came before the engine began to listen do not count; it listened for the whole length.
        begun_ns = turn.end.t_ns - length_ns
        return [index for index in range(box.first_after(turn.step.begun.id), stop) if box.times[index] > begun_ns]
    known = [] if verb.like is None else [box.read, box.maybe_read]
    return [index for index in range(start, stop) if not any(index in each for each in known)]


def _well_inside(turn: _Turn, length: float) -> int:
    """Return a time at which the silence certainly still lasted."""
    length_ns = round(length * _SECOND_NS)
    return turn.since_ns + length_ns - min(SLACK_NS, length_ns // _EDGE)


def _closed_by(turn: _Turn, length: float) -> bool:
    ending = turn.state.endings.get(turn.client)
    is_own = turn.state.is_own(turn.client)
    return is_own and ending is not None and ending.t_ns < _well_inside(turn, length)


def _closed_by_server(turn: _Turn, verb: On) -> Outcome:
    if not turn.state.is_own(turn.client):
        return "unclear"
    ending = turn.state.endings.get(turn.client)
    if ending is None or ending.data["by"] == "client":
        return "unmet"
    if turn.ok and turn.reported("closed") != ending.data.get("code"):
        raise InconsistentRecordError(
            f"{turn.step.place} says that {turn.client} was closed with {turn.reported('closed')}"
        )
    if not turn.ok and ending.t_ns > turn.surely_ns(verb.within):
        return "unmet"
    return fits_close(ending, verb.expect_code, verb.expect_reason, turn.step)


def fits_close(ending: Event, code: int | None, reason: str | None, step: Ongoing) -> Outcome:
    """Return whether a connection ended with the expected code and reason, if any are expected."""
    if code is not None and ending.data.get("code") != code:
        return "unmet"
    if reason is None:
        return "met"
    wanted, found = render_text(reason, step.names), str(ending.data.get("reason", ""))
    if is_masked(wanted) or is_masked(found):
        return "unclear"
    return "met" if wanted == found else "unmet"


# --- pages


def _evaluated(turn: _Turn, verb: Acting) -> Outcome:
    """Return whether the result of a page's script is as expected."""
    results = (each for each in turn.step.inside if each.kind == kinds.SHOWN and each.actor == turn.client)
    event = next((each for each in results if "text" in each.data), None)
    if event is None:
        return "unmet"
    message = message_of(event)
    value = None if message is None else json.loads(message.text or "null")
    box = Mailbox()
    box.put(event, Message(value, None) if isinstance(value, str) else message)
    return _outcome_of(turn.wanted(verb).read(box, 0, 1))


def _shown(turn: _Turn, shows: Shows) -> Outcome:
    """Return whether a page showed what it should."""
    shown = (each for each in turn.step.inside if each.kind == kinds.SHOWN and each.actor == turn.client)
    event = next((each for each in reversed([*shown]) if "texts" in each.data), None)
    if event is None:
        return "unmet"
    found: list[str] = event.data["texts"]
    texts = [shows.text] if shows.text is not None else shows.texts or [shows.contains or ""]
    wanted = [" ".join(render_text(text, turn.step.names).split()) for text in texts]
    if len(found) >= _TEXTS_KEPT or is_masked(found) or is_masked(wanted):
        return "unclear"
    if shows.texts is not None:
        return "met" if found == wanted else "unmet"
    if shows.text is not None:
        return "met" if wanted[0] in found else "unmet"
    return "met" if any(wanted[0] in text for text in found) else "unmet"


# --- what a `step_end` event records besides the outcome


def _check_times(turn: _Turn, verb: Acting) -> None:
    """Compare the sent message and the durations in the `step_end` event with the events."""
    sent, answered = turn.step.sent.get(turn.client), turn.reported("answered")
    if not verb.sends or sent is None:
        return
    if turn.reported("sent") not in {None, sent[0].id}:
        raise InconsistentRecordError(
            f"{turn.step.place} names event {turn.reported('sent')} as what {turn.client} sent"
        )
    if not isinstance(answered, dict) or not turn.state.speaks_in_order(turn.client):
        return
    answer = turn.state.play.by_id[int(answered["event"])]
    after_ns, took_ns = int(answered["after_ns"]), answer.t_ns - sent[0].t_ns
    # The engine counts from when the send was recorded, which takes time, so it can never be longer.
    most_ns = SLACK_NS + turn.state.late_ns(sent[0].t_ns, answer.t_ns)
    if not -_JUST_NS <= took_ns - after_ns <= most_ns:
        raise InconsistentRecordError(
            f"{turn.step.place} says that event {answer.id} came after {after_ns / 1e6:.3f} ms, but it came "
            f"{took_ns / 1e6:.3f} ms after event {sent[0].id}"
        )
    wake_ms = turn.end.data.get("wake_ms")
    if wake_ms is not None and abs(wake_ms - after_ns / 1e6) > _WAKE_ROUNDED_MS:
        raise InconsistentRecordError(
            f"{turn.step.place} says that its wake took {wake_ms} ms and its answer {after_ns / 1e6:.3f}"
        )


def _check_overtaken(turn: _Turn, reading: Reading) -> None:
    """Check that a step that failed as overtaken has a message before it that fits."""
    if turn.end.data.get("failure") != "overtaken" or reading.unmet is None or not reading.clear:
        return
    box = turn.box
    read = [index for index in sorted(box.read | box.maybe_read) if index < (turn.start or 0)]
    messages = [box.messages[index] for index in read]
    if not any(message is None or reading.unmet.fits(message) for message in messages):
        raise InconsistentRecordError(
            f"{turn.step.place} failed (overtaken), but no message before it is as it expects"
        )


def _check_captured(turn: _Turn, verb: Exchange, met: Sequence[Met]) -> None:
    """Compare the values that the step captured with the messages that met it."""
    if not verb.capture or not turn.ok:
        return
    captured = [each for each in turn.step.inside if each.kind == kinds.CAPTURED]
    for name, path in verb.capture.items():
        value = value_at(path, met)
        found = [each.data["value"] for each in captured if each.data["name"] == name]
        if not any(is_masked(each) or equal(each, value) for each in found):
            raise InconsistentRecordError(
                f"{turn.step.place} captured a value for {name} that its answer does not have at {path}"
            )


# --- exchanges without a client


def read_once(state: State, step: Ongoing, end: Event, event: Event) -> Outcome:
    """Return whether the answer to a request is as expected."""
    verb = step.placed.step
    if not isinstance(verb, Exchange):
        raise TypeError(f"{verb.verb} is not an exchange")
    box = Mailbox()
    box.put(event, message_of(event))
    reading = Wanted(verb, step.names, has_secrets=state.has_secrets).read(box, 0, 1)
    outcome = _outcome_of(reading)
    if outcome == "met":
        _check_captured(_Turn(state, step, end, event.actor, 0, event.t_ns), verb, reading.met)
    return outcome


def called(state: State, step: Ongoing, end: Event, verb: Exchange) -> Outcome:
    """Return whether the app server received the expected request."""
    turn = _Turn(state, step, end, ORIGIN, state.box(ORIGIN).position, step.begun.t_ns)
    if turn.start is None:
        return "unclear"
    wanted = Wanted(verb, step.names, has_secrets=state.has_secrets)
    return _read_all(turn, wanted) if turn.ok else _read_in_time(turn, verb, wanted)
