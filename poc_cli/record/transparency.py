"""Compare what clients saw with sleeps and without: whatever else differs is what the sleeps broke.

What differs among plays without a sleep is learned first, by client, message and path, and does not count.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeVar

from poc_cli.record.client_view import Sight, View
from poc_cli.record.json_values import (
    Place,
    all_leaves,
    blanked,
    differently_ordered,
    differing_paths,
    in_bytes,
    text_of,
    value_at,
    without_ignored,
)
from poc_cli.record.list_order import Arranger, Skeletons, unordered_by_ids, unordered_paths
from poc_cli.record.masking import Masker, Varying, could_be_name, varying
from poc_cli.record.random_keys import RandomKeys
from poc_cli.scenario.values import Path

_What = TypeVar("_What")

DifferenceKind = Literal["value", "missing", "extra", "doubled", "order"]

DISCRIMINATORS: Final = ("type", "event", "op", "kind", "action", "cmd", "t", "method")
"""Keys whose text says what kind of message it is, as chat protocols name them."""

_NUMBERED: Final = re.compile(r"<id \d+>")
_ID: Final = "<id>"

_LEAST_SHARE: Final = 0.5
_LEAST_MISSING: Final = 2
"""Of messages that come by time, at least this share must come, or all but one: where a play is cut into pieces by
sleeps, one more or less falls into it by chance."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that a client saw differently.

    `expected` is what it saw without a sleep and `seen` what it saw instead; None where there is no such sight.
    `path` leads to the first differing value inside of both; it is empty where the whole differs.
    """

    client: str
    kind: DifferenceKind
    expected: Sight | None
    seen: Sight | None
    path: Path = ()
    paths: tuple[Path, ...] = ()
    """All differing paths of the sight."""

    wrong: int = 1
    """How many of the client's sights differ, this one included."""

    of: int = 1
    """How many it saw from this one on."""

    new_id: bool = False
    """Whether another id stands where an earlier one did."""

    too_few: tuple[int, int] | None = None
    """Of messages that come by time: how many came, and how many come at least in as long without a sleep."""

    reordered: Path | None = None
    """The path of the list that has the same elements in another order, if that is all that differs there."""

    @property
    def family(self) -> tuple[object, ...]:
        """Return what it has in common with differences in other gaps that the same defect makes."""
        return self.kind, tuple(key for key in self.path if isinstance(key, str))

    @property
    def key(self) -> tuple[object, ...]:
        """Return what makes it the same difference in another play."""
        step = None if self.expected is None else self.expected.step
        if self.reordered is not None:
            return self.client, "reordered", step, self.reordered
        return self.client, self.kind if self.kind in {"value", "order"} else "count", step, self.path


@dataclass(frozen=True, slots=True)
class _Client:
    """What was learned of one client from the plays without a sleep."""

    sights: tuple[Sight, ...]
    masked: tuple[Any, ...]
    places: tuple[Place, ...]
    by_shape: bool
    varying: Mapping[tuple[Place, Path], Varying]
    volatile: frozenset[tuple[Place, Path]]
    unordered: frozenset[tuple[Place, Path]]
    counts: Mapping[object, tuple[int, int]]
    """The least and the most sights of each shape."""

    rates: Mapping[object, tuple[float, float]]
    """How many sights of each shape come in a second, at the least and at the most."""

    timed: Mapping[object, frozenset[int | None]]
    """The shapes that come by time, how many of which depends on how long a play takes, and during which steps."""


class Reference:
    """What clients see without a sleep, learned from several plays."""

    def __init__(self, views: Sequence[View], ignore: Iterable[str] = ()) -> None:
        """Learn from the views of at least one play; values under a path or key in `ignore` never count."""
        self._ignore = frozenset(ignore)
        names = sorted({client for view in views for client in view})
        plays = [{name: [*map(self._without_ignored, view.get(name, ()))] for name in names} for view in views]
        self._keys = RandomKeys([sight.value for each in play.values() for sight in each] for play in plays)
        plays = [{name: self._numbered(sights) for name, sights in play.items()} for play in plays]
        self._skeletons = Skeletons([sight.value for each in play.values() for sight in each] for play in plays)
        same = [(name, number) for name in names for number in range(min(len(play[name]) for play in plays))]
        placed = ([play[name][number].value for play in plays] for name, number in same)
        by_ids = (unordered_by_ids(self._skeletons, [_values(play[name]) for play in plays]) for name in names)
        self._unordered = unordered_paths(self._skeletons, placed).union(*by_ids)
        seconds = [_seconds(view) for view in views]
        self._any_order = {name: self._shapes_in_any_order([play[name] for play in plays]) for name in names}
        plays = [{name: self._sorted_by_shape(name, sights) for name, sights in play.items()} for play in plays]
        self._clients = {name: self._learned([self._arranged(play[name]) for play in plays], seconds) for name in names}

    def differences(self, view: View) -> list[Difference]:
        """Return the first difference of each client, in the order of the story."""
        found = []
        for name in sorted({*self._clients, *view}):
            learned = self._clients.get(name)
            difference = self._difference(name, learned, view.get(name, ()), _seconds(view))
            if difference is not None:
                found.append(difference)
        return sorted(found, key=_in_story)

    @property
    def masked_share(self) -> float:
        """Return the share of all values that do not count because they differ by themselves, from 0 to 1."""
        values = sum(sum(1 for _ in all_leaves(each)) for client in self._clients.values() for each in client.masked)
        masked = sum(len(client.volatile) for client in self._clients.values())
        return masked / values if values else 0.0

    def _learned(self, plays: Sequence[Sequence[Sight]], seconds: Sequence[float]) -> _Client:
        shapes = [[_shape(each) for each in sights] for sights in plays]
        timed = _timed(plays)
        by_shape = bool(timed) or any(each != shapes[0] for each in shapes[1:])
        placed = [dict(zip(_places(sights, by_shape=by_shape), sights, strict=True)) for sights in plays]
        common = [place for place in placed[0] if all(place in each for each in placed)]
        raw = {place: [sights[place].value for sights in placed] for place in common}
        differing = {
            (place, path): [value_at(value, path) for value in values]
            for place, values in raw.items()
            for path in differing_paths(values)
        }
        known = _varying(differing)
        masked = [_masked(sights, known) for sights in placed]
        unordered = frozenset(
            (place, path) for place in common for path in differently_ordered([each[place] for each in masked])
        )
        masked = [_sorted(each, unordered) for each in masked]
        volatile = frozenset(
            (place, path) for place in common for path in differing_paths([each[place] for each in masked])
        )
        counted = [Counter(each) for each in shapes]
        return _Client(
            sights=tuple(placed[0].values()),
            masked=tuple(blanked(value, place, volatile) for place, value in masked[0].items()),
            places=tuple(placed[0]),
            by_shape=by_shape,
            varying=known,
            volatile=volatile,
            unordered=unordered,
            counts={
                shape: (min(each[shape] for each in counted), max(each[shape] for each in counted))
                for shape in dict.fromkeys(shape for each in shapes for shape in each)
            },
            rates={
                shape: _least_and_most(
                    each[shape] / length if length else 0 for each, length in zip(counted, seconds, strict=True)
                )
                for shape in dict.fromkeys(shape for each in shapes for shape in each)
            },
            timed=timed,
        )

    def _difference(
        self, name: str, learned: _Client | None, seen: Sequence[Sight], seconds: float
    ) -> Difference | None:
        seen = self._sorted_by_shape(name, self._numbered([*map(self._without_ignored, seen)]))
        seen = self._arranged(seen)
        if learned is None:
            return Difference(name, "extra", None, seen[0]) if seen else None
        places = _places(seen, by_shape=learned.by_shape)
        placed = dict(zip(places, seen, strict=True))
        masked = _sorted(_masked(placed, learned.varying), learned.unordered)
        values = [blanked(value, place, learned.volatile) for place, value in masked.items()]
        if learned.by_shape:
            return _by_shape(name, learned, dict(zip(places, zip(seen, values, strict=True), strict=True)), seconds)
        return _in_order(name, learned, seen, values)

    def _arranged(self, sights: Sequence[Sight]) -> list[Sight]:
        arranger = Arranger(self._skeletons, self._unordered, _values(sights))
        return [replace(each, value=arranger.arranged(each.value)) for each in sights] if self._unordered else [*sights]

    def _numbered(self, sights: Sequence[Sight]) -> list[Sight]:
        values = self._keys.numbered(each.value for each in sights)
        return [replace(each, value=value) for each, value in zip(sights, values, strict=True)]

    def _shapes_in_any_order(self, plays: Sequence[Sequence[Sight]]) -> frozenset[object]:
        """Return of which shapes the same sights come in every play, in another order."""
        texts = [_by_shape_of(sights, lambda each: self._skeletons.of(each.value)) for sights in plays]
        return frozenset(
            shape
            for shape, first in texts[0].items()
            if any(each.get(shape) != first for each in texts)
            and all(sorted(each.get(shape, ())) == sorted(first) for each in texts)
        )

    def _sorted_by_shape(self, name: str, sights: Sequence[Sight]) -> list[Sight]:
        """Return what a client saw, with the sights that come in any order put into one, each among its shape."""
        shapes = self._any_order.get(name, frozenset())
        if not shapes:
            return [*sights]
        queues = {
            shape: iter(sorted(each, key=lambda sight: self._skeletons.of(sight.value)))
            for shape, each in _by_shape_of(sights, lambda sight: sight).items()
        }
        return [next(queues[shape]) if (shape := _shape(sight)) in shapes else sight for sight in sights]

    def _without_ignored(self, sight: Sight) -> Sight:
        value = in_bytes(sight.value)
        value = without_ignored(value, self._ignore) if self._ignore else value
        return sight if value is sight.value else replace(sight, value=value)


def _values(sights: Iterable[Sight]) -> list[Any]:
    return [each.value for each in sights]


def _timed(plays: Sequence[Sequence[Sight]]) -> Mapping[object, frozenset[int | None]]:
    """Return the shapes of sights that come by time, and the steps during which they come."""
    sights = [sight for each in plays for sight in each]
    shapes = {_shape(sight) for sight in sights if sight.by_time}
    return {shape: frozenset(sight.step for sight in sights if _shape(sight) == shape) for shape in shapes}


def _least_and_most(values: Iterable[float]) -> tuple[float, float]:
    found = [*values]
    return min(found), max(found)


def _seconds(view: View) -> float:
    """Return how long clients saw something."""
    times = [sight.at_ns for sights in view.values() for sight in sights]
    return (max(times) - min(times)) / 1e9 if times else 0


def _in_story(difference: Difference) -> tuple[int, int]:
    sight = difference.expected or difference.seen
    assert sight is not None  # noqa: S101 - one of the two is always there
    return (sight.step if sight.step is not None else 1 << 30), sight.event


# --- sequences


def _in_order(name: str, learned: _Client, seen: Sequence[Sight], values: Sequence[Any]) -> Difference | None:
    """Compare a client whose sights come in the same order in every play."""
    wanted, shorter = learned.masked, min(len(learned.masked), len(values))
    first = next((n for n in range(shorter) if text_of(wanted[n]) != text_of(values[n])), shorter)
    if first == len(wanted) == len(values):
        return None
    expected = learned.sights[first] if first < len(wanted) else None
    found = seen[first] if first < len(values) else None
    if expected is not None and found is not None:
        return _of_two(name, learned, seen, values, first)
    return Difference(name, "missing", expected, None) if found is None else _extra(name, seen, values, first)


def _of_two(name: str, learned: _Client, seen: Sequence[Sight], values: Sequence[Any], first: int) -> Difference:
    """Return what differs where both have a sight."""
    wanted, pair = learned.masked, (learned.sights[first], seen[first])
    if _shape(pair[0]) == _shape(pair[1]):
        return _of_values(name, learned, seen, values, first)
    if _counted(wanted) == _counted(values):
        return Difference(name, "order", *pair)
    if len(values) < len(wanted) and values[first] in wanted[first + 1 :]:
        return Difference(name, "missing", pair[0], None)
    if len(values) > len(wanted) and wanted[first] in values[first + 1 :]:
        return _extra(name, seen, values, first)
    return Difference(name, "value", *pair)


def _of_values(name: str, learned: _Client, seen: Sequence[Sight], values: Sequence[Any], first: int) -> Difference:
    wanted = learned.masked
    paths = tuple(differing_paths([wanted[first], values[first]]))
    pairs = list(zip(wanted[first:], values[first:], strict=False))
    path = next(iter(paths), ())
    at = value_at(wanted[first], path), value_at(values[first], path)
    return Difference(
        name,
        "value",
        learned.sights[first],
        seen[first],
        path,
        paths,
        wrong=sum(text_of(one) != text_of(other) for one, other in pairs),
        of=len(pairs),
        new_id=all(isinstance(each, str) and each.startswith("<id ") for each in at),
        reordered=_reordered(wanted[first], values[first], path),
    )


def _reordered(wanted: Any, value: Any, path: Path) -> Path | None:
    """Return the path of the outermost list around a difference if it has the same elements, whatever their ids."""
    for length in range(len(path)):
        one, other = value_at(wanted, path[:length]), value_at(value, path[:length])
        if isinstance(one, list) and isinstance(other, list):
            same = Counter(_NUMBERED.sub(_ID, text_of(each)) for each in one)
            return path[:length] if same == Counter(_NUMBERED.sub(_ID, text_of(each)) for each in other) else None
    return None


def _extra(name: str, seen: Sequence[Sight], values: Sequence[Any], at: int) -> Difference:
    kind: DifferenceKind = "doubled" if values[at] in values[:at] else "extra"
    return Difference(name, kind, None, seen[at])


def _by_shape(
    name: str, learned: _Client, found: Mapping[Place, tuple[Sight, Any]], seconds: float
) -> Difference | None:
    """Compare a client whose sights come in another order by themselves: those of each shape among themselves."""
    counts = Counter(_shape(each) for each, _ in found.values())
    for place, sight, value in zip(learned.places, learned.sights, learned.masked, strict=True):
        shape = _shape(sight)
        least, most = learned.counts[shape]
        if place not in found:
            if (least == most and shape not in learned.timed) or counts[shape] == 0 < least:
                return Difference(name, "missing", sight, None)
            expected = int(learned.rates[shape][0] * seconds)
            if counts[shape] <= min(expected * _LEAST_SHARE, expected - _LEAST_MISSING):
                return Difference(name, "missing", sight, None, too_few=(counts[shape], expected))
        elif shape not in learned.timed and text_of(found[place][1]) != text_of(value):
            paths = tuple(differing_paths([value, found[place][1]]))
            return Difference(name, "value", sight, found[place][0], next(iter(paths), ()), paths)
    for shape in learned.timed:
        changed = _by_time(name, learned, shape, [each for each in found.values() if _shape(each[0]) == shape])
        if changed is not None:
            return changed
    known = set(learned.places)
    for place, (sight, _) in found.items():
        shape = _shape(sight)
        least, most = learned.counts.get(shape, (0, 0))
        in_time = shape in learned.timed and counts[shape] <= learned.rates[shape][1] * seconds + 1
        if place not in known and least == most and not in_time:
            return Difference(name, "extra", None, sight)
    return None


def _by_time(name: str, learned: _Client, shape: object, found: Sequence[tuple[Sight, Any]]) -> Difference | None:
    """Compare messages that come by time by their content and order, not by their moment.

    One may come more than once, or not at all, where steps take longer. Nobody knows what it would be where none comes
    without a sleep, nor what comes after the last one.
    """
    volatile = frozenset(((), path) for place, path in learned.volatile if place[0] == shape)
    all_learned = zip(learned.sights, learned.masked, strict=True)
    wanted = [(sight, text_of(blanked(value, (), volatile))) for sight, value in all_learned if _shape(sight) == shape]
    at = -1
    for sight, value in found:
        text = text_of(blanked(value, (), volatile))
        next_at = next((n for n in range(max(at, 0), len(wanted)) if wanted[n][1] == text), None)
        if next_at is not None:
            at = next_at
        elif sight.step in learned.timed[shape] and (at < len(wanted) - 1 or any(text == each for _, each in wanted)):
            expected = wanted[min(at + 1, len(wanted) - 1)][0]
            masked = learned.masked[learned.sights.index(expected)]
            paths = tuple(differing_paths([blanked(masked, (), volatile), blanked(value, (), volatile)]))
            return Difference(name, "value", expected, sight, next(iter(paths), ()), paths)
    return None


def _places(sights: Sequence[Sight], *, by_shape: bool) -> list[Place]:
    if not by_shape:
        return [(number,) for number in range(len(sights))]
    seen: Counter[object] = Counter()
    found: list[Place] = []
    for sight in sights:
        shape = _shape(sight)
        found.append((shape, seen[shape]))
        seen[shape] += 1
    return found


def _by_shape_of(sights: Iterable[Sight], what: Callable[[Sight], _What]) -> dict[object, list[_What]]:
    found: dict[object, list[_What]] = {}
    for sight in sights:
        found.setdefault(_shape(sight), []).append(what(sight))
    return found


def _shape(sight: Sight) -> object:
    """Return what kind of sight it is: its keys and what it calls itself, without its values."""
    value = sight.value
    if not isinstance(value, dict):
        return sight.kind, type(value).__name__
    named = tuple((key, value[key]) for key in DISCRIMINATORS if isinstance(value.get(key), str))
    return sight.kind, tuple(sorted(map(str, value))), named


def _counted(values: Iterable[Any]) -> Counter[str]:
    return Counter(text_of(each) for each in values)


# --- values


def _masked(sights: Mapping[Place, Sight], known: Mapping[tuple[Place, Path], Varying]) -> dict[Place, Any]:
    masker = Masker()
    return {
        place: masker.masked(sight.value, lambda path, place=place: known.get((place, path)))  # type: ignore[misc]
        for place, sight in sights.items()
    }


def _varying(differing: Mapping[tuple[Place, Path], Sequence[Any]]) -> dict[tuple[Place, Path], Varying]:
    """Return how values differ by themselves; of a name that is made of words, where it comes again."""
    found = {place: varying(values) for place, values in differing.items()}
    names = Counter(
        tuple(values) for place, values in differing.items() if found[place] is None and could_be_name(values)
    )
    for place, values in differing.items():
        if found[place] is None and could_be_name(values) and names[tuple(values)] > 1:
            found[place] = Varying(repeats=True)
    return {place: each for place, each in found.items() if each is not None}


def _sorted(values: Mapping[Place, Any], unordered: frozenset[tuple[Place, Path]]) -> dict[Place, Any]:
    paths: dict[Place, list[Path]] = {}
    for place, path in unordered:
        paths.setdefault(place, []).append(path)
    return {place: _with_sorted(value, paths.get(place, ())) for place, value in values.items()}


def _with_sorted(value: Any, paths: Sequence[Path], here: Path = ()) -> Any:
    if not paths:
        return value
    if isinstance(value, dict):
        return {key: _with_sorted(each, paths, (*here, key)) for key, each in value.items()}
    if isinstance(value, list):
        items = [_with_sorted(each, paths, (*here, index)) for index, each in enumerate(value)]
        return sorted(items, key=text_of) if here in paths else items
    return value
