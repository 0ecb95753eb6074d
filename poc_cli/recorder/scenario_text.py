"""Write the file of a recorded session, as a person would have written it."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any, Final

from poc_cli.recorder.names import field_name
from poc_cli.recorder.object_names import FoundObject
from poc_cli.recorder.session import Payload
from poc_cli.recorder.story import ClientTable, Story
from poc_cli.recorder.substitution import Substitution
from poc_cli.recorder.toml_text import key, string, toml
from poc_cli.recorder.written_steps import Forms, WrittenStep, final_steps, learning_steps, sleep_position
from poc_cli.scenario.matching import Message
from poc_cli.scenario.values import MISSING
from poc_cli.scenario.wording import listed

_WIDTH: Final = 118
_NAMES_SHOWN: Final = 4
_VARIABLE: Final = re.compile(r"\{env\.(\w+)\}")

_CLAIMS: Final = """
# What the session puts to the test. poc judges each: held, refuted, or unknown where the object did not sleep.
{slept}
[[claim]]
id     = "transparent-to-sleep"
says   = "Clients see the same, whenever the objects sleep."
check  = "sleep-transparent"
"""

_SLEEPS: Final = """
[[claim]]
id     = "object-sleeps"
says   = "An object that nothing happens to leaves memory while its clients stay connected."
check  = "sleeps"
"""

_SURVIVE: Final = """
[[claim]]
id     = "sockets-survive-sleep"
says   = "Clients speak with the object again on the same connection."
check  = "connections-survive"
matrix = { row = "connections", expects = "survives" }
"""

_NOT_ALL: Final = """
# Some clients say nothing after that sleep, so no claim is made about all sockets.
"""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a file is written from.

    `name` is that of the scenario, `folder` that of the files beside it, and `worker` the worker as TOML, None for the
    shipped one.
    """

    name: str
    folder: str
    worker: str | None
    story: Story
    objects: Sequence[FoundObject]
    substitution: Substitution
    counters: tuple[str, ...] = ()
    """Keys that count the starts of an object."""


@dataclass(frozen=True, slots=True)
class Written:
    """The text of a scenario, what is in files beside it, and the messages that each of its steps waits for."""

    text: str
    files: Mapping[str, Payload]
    awaited: tuple[tuple[int, ...], ...]


def learning_text(recording: Recording, unsteady: Collection[int]) -> Written:
    """Return a scenario that plays the session whatever comes back, to find out what always does."""
    return _written(recording, learning_steps(recording.story, unsteady), [], "")


def final_text(
    recording: Recording, forms: Forms, unsteady: Collection[int], ignore: Sequence[str], *, claims: bool
) -> Written:
    """Return the scenario; without `claims` nothing sleeps in it, so that it has to play."""
    steps = final_steps(recording.story, forms, unsteady)
    found = [each for each in recording.objects if each.name is not None]
    if not claims or not found:
        return _written(recording, steps, ignore, "")
    at, everybody = sleep_position(steps)
    slept = ""
    if at is not None:
        steps[at].keys = {"resume": steps[at].keys.pop("on")} | steps[at].keys
        comment = "Nobody speaks until the runtime's idle timer has evicted the object; --sleep evict does it at once."
        steps.insert(at, WrittenStep({"hibernate": "idle"}, comment))
        slept = _SLEEPS + (_SURVIVE if everybody else _NOT_ALL)
    return _written(recording, steps, ignore, _CLAIMS.format(slept=slept))


def _written(recording: Recording, steps: list[WrittenStep], ignore: Sequence[str], claims: str) -> Written:
    files = _name_files(recording, steps)
    clients = recording.story.clients
    body = [
        "",
        *_objects(recording),
        *_ignored(ignore, recording.counters),
        *_clients(clients),
        "",
        "steps = [",
        *(line for each in steps for line in each.lines()),
        "]",
    ]
    variables = dict.fromkeys(_VARIABLE.findall("\n".join(body)))
    text = "\n".join([*_head(recording, [*variables]), *body]) + "\n" + claims
    return Written(text, files, tuple(each.awaited for each in steps))


def _head(recording: Recording, variables: Sequence[str]) -> Iterator[str]:
    story, name = recording.story, recording.name
    people = [*story.clients]
    who = listed(people, "nobody") if len(people) <= _NAMES_SHOWN else f"{len(people)} clients"
    yield "# Recorded by poc record."
    yield f"#   poc run {name}.toml --sleep everywhere    plays it with sleeps between all steps, and compares"
    yield f"#   poc run {name}.toml --sleep evict         judges the claims at the end"
    if story.left_out:
        one = story.left_out == 1
        requests = f"{story.left_out} request{'' if one else 's'} for pages, their parts or streams of events"
        yield f"# {requests} {'was' if one else 'were'} left out."
    if variables:
        names = listed(variables, "")
        yield from _comment(
            f"What was secret is not kept here. Before it is played, {names} must be set, in .dev.vars of the worker or"
            " in the environment."
        )
    yield ""
    yield f"name   = {string(name)}"
    yield f"title  = {string(f'What {who} did, as it was recorded.')}"
    if recording.worker is not None:
        yield f"worker = {recording.worker}"


def _objects(recording: Recording) -> Iterator[str]:
    found = [each for each in recording.objects if each.name is not None]
    unnamed = dict.fromkeys(each.class_name for each in recording.objects if each.name is None)
    labels = _labels(found)
    for class_name in unnamed:
        yield from _comment(
            f"An object of the class {class_name} was in memory too. Nothing that clients or the code say is its name,"
            " so it is not put to sleep here."
        )
    if any(each.part is not None for each in found):
        yield "# {play} is a new name in each play, in place of the part of the address that names the object."
    if any(each.part is None for each in found):
        yield "# A name without {play} comes from the code, so each play has a runtime of its own."
    tables = {label: {"class": each.class_name, "name": _name(recording, each)} for label, each in labels.items()}
    if len(tables) == 1:
        yield f"object = {toml(next(iter(tables.values())))}"
    else:
        yield from (f"objects.{key(label)} = {toml(table)}" for label, table in tables.items())
    if found:
        yield ""


def _name(recording: Recording, found: FoundObject) -> str:
    return recording.substitution.object_name(found) or ""


def _ignored(ignore: Sequence[str], counters: Sequence[str]) -> Iterator[str]:
    if ignore:
        yield f"# {listed(ignore, '')} differed between plays without any sleep, so they may differ after one."
    if counters:
        yield f"# {listed(counters, '')} counts the starts of the object, and a sleep adds one."
    if ignore or counters:
        yield f"ignore = {toml([*counters, *ignore])}"
        yield ""


def _clients(clients: Mapping[str, ClientTable]) -> Iterator[str]:
    tables = {name: _client(table) for name, table in clients.items()}
    line = f"clients = {toml(tables)}"
    if len(line) <= _WIDTH and len(tables) <= _NAMES_SHOWN:
        yield line
    else:
        yield from (f"clients.{key(name)} = {toml(table)}" for name, table in tables.items())


def _client(table: ClientTable) -> Any:
    if not table.headers and not table.subprotocols:
        return table.path
    return {
        "path": table.path,
        **({"headers": dict(table.headers)} if table.headers else {}),
        **({"subprotocols": [*table.subprotocols]} if table.subprotocols else {}),
    }


def _comment(text: str) -> Iterator[str]:
    yield from (f"# {line}" for line in wrap(text, _WIDTH - 2))


def _name_files(recording: Recording, steps: Sequence[WrittenStep]) -> dict[str, Payload]:
    """Name the files of messages that are too long for the scenario; return what each holds."""
    sent = iter([each for each in recording.story.actions if each.file is not None])
    found: dict[str, Payload] = {}
    for step in steps:
        if step.keys.get("send") == {"file": ""}:
            action = next(sent)
            content = action.file if action.file is not None else b""
            ending = (
                "bin" if isinstance(content, bytes) else "txt" if Message(content, None).json is MISSING else "json"
            )
            name = f"{recording.folder}/{action.client}-{len(found) + 1}.{ending}"
            step.keys["send"] = {"file": name}
            found[name] = content
    return found


def _labels(objects: Sequence[FoundObject]) -> dict[str, FoundObject]:
    found: dict[str, FoundObject] = {}
    for each in objects:
        found[field_name(each.class_name, found)] = each
    return found
