"""One step of a story in plain English, as one sentence without its full stop."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from poc_cli.inert import inert
from poc_cli.scenario.duration import written
from poc_cli.scenario.matching import expected_messages
from poc_cli.scenario.model import (
    Acting,
    Alarm,
    Close,
    Connect,
    Exchange,
    Hibernate,
    Http,
    Idle,
    Kill,
    On,
    Origin,
    Probe,
    Repeat,
    Restart,
    Resume,
    Stall,
    Step,
)

LONGEST_MESSAGE: Final = 240
"""Characters of a message that are told: three lines of a terminal."""

SHORT_MESSAGE: Final = 56
"""Characters of a message that is told on one line; beyond this, 80 columns would be left half empty."""

KEPT: Final = "\N{NO-BREAK SPACE}"
"""A space of a message at which no line may end. No message has one of its own: `inert` writes it as its code."""

EVERY: Final = "*"


def phrase(step: Step) -> str:
    """Return the step as a sentence; a verb without words of its own is told by its keys."""
    return _PHRASES.get(type(step), _by_its_keys)(step)


def listed(names: Sequence[str], every: str) -> str:
    """Return names as people list them: `ann, bob and eve`; `every` for the star and for no names at all."""
    if not names or EVERY in names:
        return every
    quoted = [inert(name) for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def message(value: object) -> str:
    """Return a message as it goes over the wire, cut when long; forms are told in words."""
    if isinstance(value, dict) and len(value) == 1:
        form, content = next(iter(value.items()))
        if form in _FORMS:
            return _FORMS[form](content)
    return _cut(value)


def _cut(value: object) -> str:
    text = inert(json.dumps(value, ensure_ascii=False, default=str))
    if len(text) > LONGEST_MESSAGE:
        text = text[: LONGEST_MESSAGE - 1] + "…"
    return text.replace(" ", KEPT) if len(text) <= SHORT_MESSAGE else text.replace("  ", KEPT * 2)


_FORMS: Final[Mapping[str, Callable[[object], str]]] = {
    "json": _cut,
    "text": lambda content: f"the text {_cut(content)}",
    "hex": lambda content: f"the bytes {inert(str(content))}",
    "bytes": lambda content: f"{inert(str(content))} bytes",
    "json_text": lambda content: f"the JSON {inert(str(content))}",
}


def _by_its_keys(step: Step) -> str:
    given = {name: getattr(step, name) for name in step.model_fields_set if name != "claim"}
    first = given.pop(step.verb, None)
    rest = "".join(f", {name} = {_cut(value)}" for name, value in given.items())
    return f"{step.verb}: {_cut(first)}{rest}"


def _clients(names: Sequence[str]) -> str:
    return listed(names, "every client")


def _objects(names: Sequence[str] | None) -> str:
    return listed(names or [], "the object")


def _do(names: Sequence[str], verb: str) -> str:
    """Return who does what: `ann sends`, `every client sends`, `ann and bob each send`."""
    if len(names) == 1:
        return f"{_clients(names)} {verb}"
    return f"{_clients(names)} each {verb.removesuffix('s')}"


def _connect(step: Connect) -> str:
    end = "" if step.refused is None else f" and must be refused with status {step.refused}"
    end += _within(step)
    if step.connect == [EVERY]:
        return f"all clients connect at the same moment{end}"
    if len(step.connect) == 1:
        return f"{_clients(step.connect)} connects{end}"
    return f"{_clients(step.connect)} connect at the same moment{end}"


def _on(step: On) -> str:
    told = _exchange(step, step.on)
    if step.expects_close:
        close = f"the server must close {listed(step.on, 'every client')}{_with_code(step)}"
        return f"{told}; then {close}" if told else f"{close}{_within(step)}"
    if step.quiet is None:
        return told
    noise = "nothing" if step.like is None else f"nothing like {message(step.like)}"
    silence = f"{noise} may arrive at {listed(step.on, 'any client')} for {written(step.quiet)}"
    return f"{told}; then {silence}" if step.sends else silence


def _resume(step: Resume) -> str:
    return f"as the first to wake the object, {_exchange(step, [step.resume])}"


def _http(step: Http) -> str:
    token = "" if step.auth else " without the token"
    sends = f" with {message(step.send)}" if step.sends else ""
    status = "any status of success" if step.status is None else f"status {step.status}"
    answer = f" and as answer {_answer(step)}" if step.expect is not None else ""
    request = f"the HTTP request {step.method} {inert(step.http)}{token}{sends}"
    return f"{request} must get {status}{answer}{_details(step)}"


def _origin(step: Origin) -> str:
    if step.origin == "called":
        return f"the origin must have been called with {_answer(step)}{_details(step)}"
    later = "" if step.by is None else f" {written(step.by)} later"
    told = {
        "up": "the origin answers again as it does",
        "down": "the origin is cut off: every request of this play loses its connection",
        "slow": f"the origin answers each request of this play{later}",
    }
    return told[step.origin]


def _acts(step: Acting, names: Sequence[str]) -> list[str]:
    """Return what is done on a page, in the order in which it is done."""
    done = []
    if step.fill is not None:
        done.append(("types", f"{_cut(step.fill.text)} into {inert(step.fill.selector)}"))
    if step.click is not None:
        done.append(("clicks", inert(step.click)))
    if step.eval is not None:
        done.append(("runs", _cut(step.eval)))
    several = len(names) > 1
    later = [f"{verb.removesuffix('s') if several else verb} {what}" for verb, what in done[1:]]
    return [*(f"{_do(names, verb)} {what}" for verb, what in done[:1]), *later]


def _shows(step: Acting) -> str:
    shows = step.expect_text
    if shows is None:
        return ""
    if shows.texts is not None:
        listed_ = listed([_cut(text) for text in shows.texts], "nothing")
        return f"{inert(shows.selector)} must be {listed_}"
    how = "say exactly" if shows.contains is None else "have"
    return f"one of {inert(shows.selector)} must {how} {_cut(shows.text if shows.contains is None else shows.contains)}"


def _exchange(step: Exchange, names: Sequence[str]) -> str:
    parts = _acts(step, names) if isinstance(step, Acting) else []
    exchanged = _sent_and_expected(step, names, acted=bool(parts))
    shows = _shows(step) if isinstance(step, Acting) else ""
    shows += _within(step) if shows and not step.expects else ""
    done = " and ".join([*parts, exchanged] if exchanged else parts)
    return "; then ".join(each for each in (done, shows) if each)


def _sent_and_expected(step: Exchange, names: Sequence[str], *, acted: bool) -> str:
    parts = []
    if step.sends:
        parts.append(f"{_do(names, 'sends')} {message(step.send)}")
    if step.expects:
        plural = len(names) > 1
        parts.append(
            f"{'expect' if plural else 'expects'} {_answer(step)}"
            if parts or acted
            else f"{_do(names, 'expects')} {_answer(step)}"
        )
    return " and ".join(parts) + (_details(step) if step.expects else "")


def _answer(step: Exchange) -> str:
    if step.expect is None:
        return "a message"
    wanted = [message(each) for each in expected_messages(step.expect)]
    told = (" and " if step.order == "any" else ", then ").join(wanted)
    return f"exactly {told}" if step.exact else told


def _details(step: Exchange) -> str:
    """Return how the answer must come, and what of it is remembered."""
    told = " in any order" if step.order == "any" else ""
    told += " as the very next message" if step.next else ""
    told += _within(step)
    if step.where:
        told += f", where {inert(' and '.join(step.where))}"
    kept = listed([f"{path} as {{{name}}}" for name, path in step.capture.items()], "")
    return told + (f"; remembers {kept}" if kept else "")


def _within(step: Any) -> str:
    usual = type(step).model_fields["within"].default
    return "" if step.within == usual else f" within {written(step.within)}"


def _close(step: Close) -> str:
    reason = f" and the reason {_cut(step.reason)}" if step.reason else ""
    told = f"{_do(step.close, 'closes')} with code {step.code}{reason}"
    back = _with_code(step).removeprefix(" with ")
    return told + (f" and must get back {back}" if back else "") + _within(step)


def _with_code(step: Close | On) -> str:
    told = [f"code {step.expect_code}"] if step.expect_code is not None else []
    told += [f"the reason {_cut(step.expect_reason)}"] if step.expect_reason is not None else []
    return f" with {' and '.join(told)}" if told else ""


def _kill(step: Kill) -> str:
    if step.how == "process":
        return f"the process of {_clients(step.kill)} is killed (kill -9)"
    how = "an end (FIN)" if step.how == "fin" else "a reset (RST)"
    return f"the connection of {_clients(step.kill)} is dropped without a close frame: the other side sees {how}"


def _stall(step: Stall) -> str:
    if step.release:
        return _do(step.stall, "reads") + " on"
    return _do(step.stall, "stops") + " reading, so that what is sent to it piles up"


def _idle(step: Idle) -> str:
    return f"{written(step.idle)} pass"


def _hibernate(step: Hibernate) -> str:
    who = _objects(step.of)
    if step.hibernate == "evict":
        return f"{who} must leave memory now: evicted, with the sockets staying open"
    return f"nothing is done until the runtime's idle timer has taken {who} out of memory"


def _probe(step: Probe) -> str:
    meaning = {"asleep": "asleep", "awake": "in memory", "pinned": "kept in memory by something pending"}
    return f"the trace must show {_objects(step.of)} {meaning[step.probe]}"


def _alarm(step: Alarm) -> str:
    return f"an alarm of {_objects(step.of)} must fire{_within(step)}"


def _restart(step: Restart) -> str:
    told = {
        "object": f"{_objects(step.of)} is restarted: it leaves memory and its sockets close",
        "server": "the runtime is stopped and started again on the same disk",
        "crash": "the runtime is killed (kill -9) and started again on the same disk",
        "deploy": "a new version of the worker is deployed: a new process on the same disk, POC_VERSION raised",
    }
    return told[step.restart]


def _repeat(step: Repeat) -> str:
    counter = "" if step.as_ is None else f", counted by {{{step.as_}}}"
    return f"{step.repeat} times{counter}:"


_PHRASES: Final[Mapping[type[Step], Callable[[Any], str]]] = {
    Connect: _connect,
    On: _on,
    Resume: _resume,
    Close: _close,
    Kill: _kill,
    Stall: _stall,
    Http: _http,
    Origin: _origin,
    Idle: _idle,
    Hibernate: _hibernate,
    Probe: _probe,
    Alarm: _alarm,
    Restart: _restart,
    Repeat: _repeat,
}
