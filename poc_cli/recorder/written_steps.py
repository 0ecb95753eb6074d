"""Write the steps of a story: each waits for the messages that came, by what is known to be the same in every play."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from poc_cli.recorder.messages import ANY_BYTES, ANY_TEXT
from poc_cli.recorder.session import Payload
from poc_cli.recorder.story import HTTP, Action, Awaited, Story
from poc_cli.recorder.toml_text import toml

Forms = Mapping[int, Mapping[str, Any]]
"""The keys by which a step expects a received message, by its number."""

LONGEST_LINE: Final = 118

_OF_THE_RUNTIME: Final = frozenset({"ping", "heartbeat", "keepalive"})
"""Texts that are usually answered by `setWebSocketAutoResponse`."""

_UNSTEADY: Final = "In one play another message came here and in another it did not, so nothing waits for it."


@dataclass(slots=True)
class WrittenStep:
    """The keys of a step, the comment above it, and the numbers of the messages that it waits for."""

    keys: dict[str, Any]
    comment: str | None = None
    awaited: tuple[int, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield it as lines of the file's list of steps."""
        if self.comment is not None:
            yield f"  # {self.comment}"
        line = f"  {toml(self.keys)},"
        expect = self.keys.get("expect")
        if len(line) <= LONGEST_LINE or not isinstance(expect, list):
            yield line
            return
        before, after = toml(self.keys | {"expect": "\0"}).split(toml("\0"))
        yield f"  {before}["
        yield from (f"    {toml(each)}," for each in expect)
        yield f"  ]{after},"


def learning_steps(story: Story, unsteady: Collection[int]) -> list[WrittenStep]:
    """Return steps that wait for one message each, whatever it is, except those that do not come in every play."""
    found = []
    for action in story.actions:
        awaited = [each for each in action.awaited if each.number not in unsteady]
        found += _apart(action, awaited, {each.number: _anything(each.payload) for each in awaited})
    return found


def final_steps(story: Story, forms: Forms, unsteady: Collection[int]) -> list[WrittenStep]:
    """Return the steps with what is expected of each message, as few as possible."""
    found: list[WrittenStep] = []
    for action in story.actions:
        awaited = [each for each in action.awaited if each.number not in unsteady]
        written = _together(_apart(action, awaited, forms))
        if len(awaited) < len(action.awaited) and written:
            written[-1].comment = written[-1].comment or _UNSTEADY
        for each in written:
            if not (found and _join(found[-1], each)):
                found.append(each)
    return found


def _apart(action: Action, awaited: Sequence[Awaited], forms: Forms) -> list[WrittenStep]:
    """Return a step for each awaited message of an action, the first of which also acts; none if there is nothing."""
    acts = {} if action.verb in {"idle", HTTP} else {action.verb: action.client}
    first = WrittenStep(acts | action.keys, action.comment)
    if action.file is not None:
        first.keys["send"] = {"file": ""}
    is_idle = action.verb == "on" and not action.keys and action.file is None
    if not awaited:
        return [] if is_idle else [first]
    found = [first]
    for index, each in enumerate(awaited):
        if index:
            found.append(WrittenStep({"on": action.client}))
        found[-1].keys |= forms[each.number]
        found[-1].keys |= {"capture": dict(each.captures)} if each.captures else {}
        found[-1].awaited = (each.number,)
    return found


def _together(steps: Sequence[WrittenStep]) -> list[WrittenStep]:
    """Return the steps of one client with several expected messages in one."""
    found: list[WrittenStep] = []
    for each in steps:
        last = found[-1] if found else None
        joins = last is not None and each.keys.keys() == {"on", "expect"} and "on" in last.keys and _is_open(last)
        if last is None or not joins:
            found.append(each)
            continue
        expect = last.keys["expect"]
        last.keys["expect"] = [*(expect if isinstance(expect, list) else [expect]), each.keys["expect"]]
        last.awaited += each.awaited
    return found


def _is_open(step: WrittenStep) -> bool:
    return "expect" in step.keys and "capture" not in step.keys


def _join(last: WrittenStep, each: WrittenStep) -> bool:
    """Add the clients of a step to the last one if they wait for the same; return whether that was done."""
    waits = {"on", "expect"}
    same = last.keys.keys() == each.keys.keys() == waits and last.keys["expect"] == each.keys["expect"]
    if not same or each.comment is not None:
        return False
    clients = _clients(last)
    if each.keys["on"] in clients:
        return False
    last.keys["on"] = [*clients, each.keys["on"]]
    last.awaited += each.awaited
    return True


def sleep_position(steps: Sequence[WrittenStep]) -> tuple[int | None, bool]:
    """Return before which step the objects can sleep, and whether each connection that is open then speaks later.

    It is the last exchange after which that is so, else the last exchange; None if there is none.
    """
    open_: dict[str, int] = {}
    before = []
    for index, step in enumerate(steps):
        before.append(dict(open_))
        if "connect" in step.keys and "refused" not in step.keys:
            open_[step.keys["connect"]] = index
        for client in _ended(step):
            open_.pop(client, None)
    exchanges = [index for index, step in enumerate(steps) if _is_exchange(step)]
    for index in reversed(exchanges):
        later = (
            (client, before[each].get(client))
            for each in exchanges
            if each >= index
            for client in _clients(steps[each])
        )
        if before[index].items() <= {*later}:
            return index, True
    return (exchanges[-1] if exchanges else None), False


def _ended(step: WrittenStep) -> list[str]:
    """Return the clients whose connections end in a step."""
    if "expect_code" in step.keys:
        return _clients(step)
    return [step.keys[verb] for verb in ("close", "kill") if verb in step.keys]


def _is_exchange(step: WrittenStep) -> bool:
    """Return whether one client says something that only the object can answer; `ping` may be the runtime's affair."""
    send = step.keys.get("send")
    asks = isinstance(send, dict) or (isinstance(send, str) and send.lower() not in _OF_THE_RUNTIME)
    return asks and bool(step.keys.get("expect")) and isinstance(step.keys.get("on"), str)


def _clients(step: WrittenStep) -> list[str]:
    named = step.keys.get("on", [])
    return [named] if isinstance(named, str) else named


def _anything(payload: Payload) -> dict[str, Any]:
    return dict(ANY_TEXT if isinstance(payload, str) else ANY_BYTES)
