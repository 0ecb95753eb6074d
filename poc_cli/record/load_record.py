"""A load as recorded: its stages, the resources of its processes, and the outcome of every socket."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.load_stage import StageResult, no_fates
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.ranges import Ranges, count, indexes, is_ranges


class AccountError(ValueError):
    """The recorded numbers of a load do not add up."""


@dataclass(frozen=True, slots=True)
class StageRecord:
    """One stage and the event that recorded it."""

    event: Event
    result: StageResult

    @property
    def description(self) -> str:
        """Return the name of the stage in a sentence."""
        name = f"{self.result.verb} {self.result.how}".strip()
        return f"stage {self.result.index + 1} ({name})"


@dataclass(frozen=True, slots=True)
class SleepPhase:
    """A sleep stage and the storm that woke the rooms, None without one."""

    sleep: StageRecord
    storm: StageRecord | None
    between: tuple[StageRecord, ...]
    """The stages from the sleep to the storm, both included."""


@dataclass(frozen=True, slots=True)
class LoadRecord:
    """A load as recorded."""

    play: PlayRecord
    sockets: int
    rooms: int
    stages: tuple[StageRecord, ...]
    samples: tuple[Event, ...]
    fates: dict[str, Any]
    fates_event: Event | None
    cluster: Event | None = None
    """The cluster's workers, None for a load of one process."""
    lost: tuple[Event, ...] = ()
    """The workers that did not report their part."""

    def room_of(self, index: int) -> int:
        """Return the room of a socket by the plan."""
        return index * self.rooms // self.sockets

    def by_room(self, ranges: Ranges) -> dict[int, set[int]]:
        """Group sockets by room."""
        found: dict[int, set[int]] = {}
        for index in indexes(ranges):
            found.setdefault(self.room_of(index), set()).add(index)
        return found

    @property
    def sleeps_planned(self) -> int:
        """Return how many sleeps were planned."""
        return sum(stage["verb"] == "sleep" for stage in self.play.start.data["plan"]["stages"])

    def sleep_phases(self) -> Iterator[SleepPhase]:
        """Yield each sleep stage with the storm after it."""
        for place, stage in enumerate(self.stages):
            if stage.result.verb != "sleep":
                continue
            after = self.stages[place + 1 :]
            until = next((at for at, each in enumerate(after) if each.result.verb in {"storm", "sleep"}), len(after))
            storm = after[until] if until < len(after) and after[until].result.verb == "storm" else None
            yield SleepPhase(stage, storm, (stage, *after[: until + (storm is not None)]))


def load_of(play: PlayRecord) -> LoadRecord:
    """Return the load of a play. Raises AccountError if its numbers do not add up."""
    plan = play.start.data["plan"]
    stages = tuple(_stage(event, int(plan["sockets"])) for event in play.of_kind(kinds.LOAD_STAGE))
    fates = next(iter(play.of_kind(kinds.LOAD_FATES)), None)
    record = LoadRecord(
        play,
        int(plan["sockets"]),
        int(plan["rooms"]),
        stages,
        tuple(play.of_kind(kinds.LOAD_SAMPLE)),
        no_fates() if fates is None else fates.data,
        fates,
        next(iter(play.of_kind(kinds.LOAD_CLUSTER)), None),
        tuple(play.of_kind(kinds.LOAD_LOST)),
    )
    if fates is not None:
        _raise_if_unaccounted(record)
    return record


def _stage(event: Event, sockets: int) -> StageRecord:
    try:
        result = StageResult(**event.data)
    except TypeError as error:
        raise AccountError(f"event {event.id} is not a stage: {error}") from error
    groups = [*result.dropped, *result.losses]
    named = (result.open, result.answered, *(each["sockets"] for each in groups))
    if not all(is_ranges(each) and (not each or 0 <= each[0][0] <= each[-1][1] < sockets) for each in named):
        raise AccountError(f"event {event.id} names sockets that do not exist")
    lost = sum(each["count"] for each in result.losses)
    if result.due != result.came + lost:
        message = f"{result.due} arrivals were due, {result.came} came and {lost} were lost"
        raise AccountError(f"the messages of stage {result.index + 1} do not add up: {message} (event {event.id})")
    return StageRecord(event, result)


def _raise_if_unaccounted(record: LoadRecord) -> None:
    fates = record.fates
    parts = [fates[name] for name in ("open", "left", "never_asked", "unknown")]
    parts += [group["sockets"] for name in ("dropped", "failed") for group in fates[name]]
    if not all(is_ranges(part) for part in parts):
        raise AccountError("the outcomes of the sockets are invalid")
    listed = sum(map(count, parts))
    found: Counter[int] = Counter()
    if listed <= 2 * record.sockets:  # more is wrong in any case; do not expand it
        for part in parts:
            found.update(indexes(part))
    if listed != record.sockets or len(found) != record.sockets or max(found) >= record.sockets:
        raise AccountError(f"the outcomes of {listed} sockets are recorded, and there are {record.sockets} sockets")
