"""Learn from plays of a recorded session what comes back in every play, and what differs by itself."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.record.masking import Masker, could_be_id
from poc_cli.record.play_record import PlayRecord, StepRecord
from poc_cli.record.transparency import without_ignored
from poc_cli.recorder.messages import comparable, expected_form
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
    found = {}
    for each in story.awaited:
        recorded = without_ignored(comparable(each.payload, substitution, each.number), frozenset(ignore))
        came = [play.values[each.number] for play in plays if each.number in play.values]
        found[each.number] = expected_form(recorded, came)
    return found


def differing_paths(plays: Sequence[Played]) -> list[str]:
    """Return the paths whose values differ in every message that has them; ids and moments are compared otherwise."""
    differing: dict[str, None] = {}
    same: set[str] = set()
    for number in plays[0].values if plays else ():
        values = [Masker().masked(play.values[number]) for play in plays if _is_json(play.values.get(number))]
        if len(values) < len(plays):
            continue
        for path, leaf in leaves(values[0]):
            others = [_at(value, path) for value in values[1:]]
            name = ".".join(each for each in path if isinstance(each, str))
            if all(type(each) is type(leaf) and each == leaf for each in others):
                same.add(name)
            elif not all(map(could_be_id, (leaf, *others))):
                differing[name] = None
    found = [name for name in differing if name and name not in same]
    return found if len(found) <= _LONGEST_IGNORED else []


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
