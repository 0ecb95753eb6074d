"""Learn from plays of a recorded session what comes back in every play, and what differs by itself."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.record.json_values import without_ignored
from poc_cli.record.masking import Masker, are_ids, could_be_name
from poc_cli.record.play_record import PlayRecord, StepRecord
from poc_cli.record.random_keys import RandomKeys
from poc_cli.recorder.messages import comparable, expected_form, reordered
from poc_cli.recorder.session import Payload
from poc_cli.recorder.story import Story
from poc_cli.recorder.substitution import Substitution, template
from poc_cli.recorder.written_steps import Forms
from poc_cli.scenario.values import leaves

_LONGEST_IGNORED: Final = 12
"""More paths than this differ only where a session does not repeat itself at all; ignoring them would hide losses."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came in a play of the session, by the numbers of the recorded messages, with everything replaced."""

    values: Mapping[int, Any]
    failed: StepRecord | None
    """The first step that failed."""

    awaited: tuple[int, ...] = ()
    """The messages that it waited for."""


def played(record: PlayRecord, awaited: Sequence[tuple[int, ...]], substitution: Substitution) -> Played:
    """Return what came in a play; `awaited` has the numbers of the messages of each step."""
    own = Substitution({}, [])
    numbers = dict(substitution.captured.values())
    nonce = str(record.start.data["nonce"])
    found: dict[int, Any] = {}
    for step in record.steps:
        for number, payload in _answers(record, step, awaited[step.index]):
            text = payload.replace(nonce, template("play")) if isinstance(payload, str) else payload
            found[number] = comparable(text, own, number)
        for event in record.of_kind(kinds.CAPTURED):
            if event.step == step.index and not isinstance(event.data["value"], dict | list):
                name = str(event.data["name"])
                own.captured[event.data["value"]] = name, numbers[name]
    failed = next((step for step in record.steps if not step.ok), None)
    return Played(found, failed, () if failed is None else awaited[failed.index])


def _answers(record: PlayRecord, step: StepRecord, numbers: tuple[int, ...]) -> Iterator[tuple[int, Payload]]:
    answers = [each for each in step.reported("answered").values() if isinstance(each, dict)]
    for number, answer in zip(numbers, answers, strict=False):
        data = next((event.data for event in record.events if event.id == answer.get("event")), {})
        if data.get("cut"):
            continue
        if isinstance(data.get("text"), str):
            yield number, data["text"]
        elif isinstance(data.get("hex"), str):
            yield number, bytes.fromhex(data["hex"])


def forms_of(story: Story, plays: Sequence[Played], substitution: Substitution, ignore: Collection[str]) -> Forms:
    """Return by which keys each received message is expected: what was the same in the session and in all plays.

    Values under a key or path in `ignore` are not expected.
    """
    ignored = frozenset(ignore)
    recorded = {
        each.number: without_ignored(comparable(each.payload, substitution, each.number), ignored)
        for each in story.awaited
    }
    came = {
        number: [play.values[number] for play in plays if number in play.values] for number in recorded
    } | _at_other_places(story, plays, recorded)
    return {number: expected_form(value, came[number]) for number, value in recorded.items()}


def _at_other_places(story: Story, plays: Sequence[Played], recorded: Mapping[int, Any]) -> dict[int, list[Any]]:
    """Return, for each message that came at another place among those of its step, what can come at its place.

    A field that was the same there in all plays, because two players of three have names of the same length, may
    differ in the next.
    """
    found: dict[int, list[Any]] = {}
    for action in story.actions:
        numbers = [each.number for each in action.awaited]
        whole = [play.values for play in plays if all(number in play.values for number in numbers)]
        lists = [[values[number] for number in numbers] for values in (recorded, *whole)]
        moving = reordered(lists)
        possible = [each[place] for each in lists for place in moving]
        found |= {numbers[place]: possible for place in moving}
    return found


def differing_paths(plays: Sequence[Played]) -> list[str]:
    """Return the paths whose values differ in every message that has them; ids and moments are compared otherwise.

    So are tables with random keys, and values that come in each play, in another order.
    """
    differing: dict[str, None] = {}
    numbered = _with_numbered_keys(plays)
    same = _only_reordered(numbered)
    for number in numbered[0] if numbered else ():
        values = [Masker().masked(play[number]) for play in numbered if _is_json(play.get(number))]
        if len(values) < len(plays):
            continue
        for path, leaf in leaves(values[0]):
            others = [_at(value, path) for value in values[1:]]
            name = _name(path)
            if all(type(each) is type(leaf) and each == leaf for each in others):
                same.add(name)
            elif not are_ids((leaf, *others)) and not could_be_name((leaf, *others)):
                differing[name] = None
    found = [name for name in differing if name and name not in same]
    return found if len(found) <= _LONGEST_IGNORED else []


def _with_numbered_keys(plays: Sequence[Played]) -> list[dict[int, Any]]:
    keys = RandomKeys(play.values.values() for play in plays)
    return [dict(zip(play.values, keys.numbered(play.values.values()), strict=True)) for play in plays]


def _only_reordered(plays: Sequence[Mapping[int, Any]]) -> set[str]:
    """Return the paths under which the same values come in every play."""
    found: list[dict[str, list[str]]] = []
    for play in plays:
        found.append({})
        for value in filter(_is_json, play.values()):
            for path, leaf in leaves(value):
                found[-1].setdefault(_name(path), []).append(json.dumps(leaf))
    names = {name for each in found for name in each}
    return {name for name in names if len({tuple(sorted(each.get(name, ()))) for each in found}) == 1}


def _name(path: Sequence[str | int]) -> str:
    return ".".join(each for each in path if isinstance(each, str))


def _is_json(value: object) -> bool:
    return isinstance(value, dict | list)


def _at(value: Any, path: Sequence[str | int]) -> Any:
    for each in path:
        in_table = isinstance(value, dict) and each in value
        in_list = isinstance(value, list) and isinstance(each, int) and each < len(value)
        if not in_table and not in_list:
            return None
        value = value[each]
    return value
