"""Find secrets that left the worker, by the events from which they were masked.

The values are in no record: the writer of the history records the names of the secrets where it masks them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.claims import ClaimFinding
from poc_cli.judge.document_types import LeakDocument
from poc_cli.judge.finding import Finding, held, refuted
from poc_cli.record.attempts import round_of
from poc_cli.record.play_record import PlayRecord
from poc_cli.scenario.check_names import NO_SECRET_LEAVES
from poc_cli.scenario.loader import parse
from poc_cli.scenario.model import Claim, ScenarioFile

CLAIM: Final = Claim(
    id=NO_SECRET_LEAVES,
    says="No secret of the worker is in what it sends or logs.",
    source="https://developers.cloudflare.com/workers/configuration/secrets/",
    check=NO_SECRET_LEAVES,
)
"""It is judged in every run, and listed only if it is refuted."""

_PLACES: Final = {"reply": "replies", "body": "bodies", "header": "headers", "refusal": "refusals", "close": "closes"}
_LOG: Final = "log"

_RECEIVED: Final = frozenset({kinds.RECEIVED, kinds.FRAME_RECEIVED, kinds.TOLD})
_SENT: Final = frozenset({kinds.SENT, kinds.FRAME_SENT})
_LOOKED_AT: Final = _RECEIVED | _SENT | {kinds.STARTED, kinds.OPENED, kinds.OPEN_FAILED, kinds.CLOSED}
_HTTP: Final = "http"

Story = tuple[str, str, str]
"""A scenario's name, file and SHA-256: two texts with the same name are two stories."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A secret in one event. `strong` says that the part that was found is long and random."""

    event: int
    secret: str
    strong: bool
    where: str
    times: int
    round: int


@dataclass(slots=True)
class _Play:
    start: Event
    programs: set[str] = field(default_factory=set)
    known: dict[str, set[str]] = field(default_factory=dict)
    """The secrets that each client has sent or shown: receiving them again is an echo."""


@dataclass(frozen=True, slots=True)
class Leaks:
    """The sightings by story; `watched` says whether the record has them at all."""

    watched: bool
    by_story: Mapping[Story, Sequence[Sighting]]

    def claims(self, stories: Sequence[PlayRecord]) -> list[ClaimFinding]:
        """Return `no-secret-leaves` if a round of a story refutes it, else nothing."""
        document = stories[0].scenario.document
        counted = [each for each in self.by_story.get(story_of(stories[0].start), ()) if _counts(each, document)]
        if not counted:
            return []
        rounds = tuple(_finding([each for each in counted if each.round == story.round]) for story in stories)
        return [ClaimFinding(CLAIM, _finding(counted), None, rounds)]

    def as_documents(self, stories: Iterable[PlayRecord]) -> list[LeakDocument] | None:
        """Return all sightings as in run.json, also those that do not count; None for an older record without them."""
        documents = {story_of(each.start): each.scenario.document for each in stories}
        if not self.watched:
            return None
        return [
            {
                "scenario": story[0],
                "secret": secret,
                "where": _where(seen),
                "first": min(each.event for each in seen),
                "counts": any(_counts(each, documents[story]) for each in seen),
                "public": secret in documents[story].public,
            }
            for story, all_seen in self.by_story.items()
            if story in documents
            for secret, seen in _by_secret(all_seen).items()
        ]


def leaks(events: Iterable[Event | None]) -> Leaks:
    """Return the secrets that reached clients or the log, by a history."""
    plays: dict[str, _Play] = {}
    found: dict[Story, list[Sighting]] = {}
    stories: dict[str, list[Sighting]] = {}
    logged: list[tuple[Event, _Play | None]] = []
    watched, latest = False, None
    for event in events:
        if event is None:
            continue
        if event.kind == kinds.RUN_START:
            watched = isinstance(event.data.get("secrets"), list)
        elif event.kind in {kinds.LEAKED, kinds.TAIL}:
            logged.append((event, latest))
        elif event.kind == kinds.PLAY_START:
            latest = plays[event.play] = _Play(event)
        elif (play := plays.get(event.play)) is not None:
            latest = play
            seen = stories.get(event.play)
            if seen is None and play.start.data.get("role") == "story":
                seen = stories[event.play] = found.setdefault(story_of(play.start), [])
            if seen is not None and event.kind in _LOOKED_AT:
                seen += _sightings(event, play)
    for event, at_work in logged:
        _add_logged(event, at_work or next(iter(plays.values()), None), found)
    return Leaks(watched, {story: seen for story, seen in found.items() if seen})


def story_of(start: Event) -> Story:
    """Return the story that a play belongs to."""
    return str(start.data.get("scenario")), str(start.data.get("file")), str(start.data.get("sha256"))


def _sightings(event: Event, play: _Play) -> Iterator[Sighting]:
    """Yield the sightings of an event, and add to the secrets that its client knows."""
    known = play.known.setdefault(event.actor, set())
    known |= set(_names(event.data, "showed"))
    if event.kind == kinds.STARTED:
        play.programs.add(event.actor)
    elif event.kind in _SENT or (event.kind == kinds.OPENED and "socket" in event.data):
        known |= {*_names(event.data, "masked"), *_names(event.data, "masked_weak")}
        return
    where = _place(event, play)
    for masked, place in ((event.data, where), (event.data.get("headers"), "header")):
        if place is None or not isinstance(masked, dict):
            continue
        for key, strong in (("masked", True), ("masked_weak", False)):
            for name in _names(masked, key):
                if name not in known:
                    yield Sighting(event.id, name, strong, place, 1, round_of(play.start))


def _place(event: Event, play: _Play) -> str | None:
    """Return which output of the worker an event is, None if it is none."""
    if event.kind == kinds.FRAME_RECEIVED or (event.kind in _RECEIVED and event.actor not in play.programs):
        return "body" if event.actor == _HTTP else "reply"
    if event.kind == kinds.OPENED:
        return "header"
    if event.kind == kinds.OPEN_FAILED:
        return "refusal"
    return "close" if event.kind == kinds.CLOSED else None


def _add_logged(event: Event, play: _Play | None, found: dict[Story, list[Sighting]]) -> None:
    """Add a secret in the log to one story: one whose clients received the same secret, else that of `play`.

    Plays share a runtime and its log, so a log line does not show which play it belongs to.
    """
    for key, strong in (("masked", True), ("masked_weak", False)):
        for name in _names(event.data, key):
            story = next((each for each, seen in found.items() if any(one.secret == name for one in seen)), None)
            if story is None:
                if play is None or _brings_its_worker(play.start):
                    continue
                story = story_of(play.start)
            times, number = event.data.get("times"), 1 if play is None else round_of(play.start)
            often = times if isinstance(times, int) else 1
            found.setdefault(story, []).append(Sighting(event.id, name, strong, _LOG, often, number))


def _brings_its_worker(start: Event) -> bool:
    """Return whether a play is a control with a worker of its own, which may be meant to leak."""
    if start.data.get("role") != "control":
        return False
    document = parse(str(start.data.get("text")), str(start.data.get("file"))).document
    decides = start.data.get("decides", [])
    controls = (claim.control for claim in document.claim if claim.id in decides)
    return any(control is not None and control.worker is not None for control in controls)


def _names(data: Mapping[str, Any], key: str) -> list[str]:
    names = data.get(key)
    return [each for each in names if isinstance(each, str)] if isinstance(names, list) else []


def _counts(seen: Sighting, document: ScenarioFile) -> bool:
    return seen.secret not in document.public and (seen.strong or seen.secret in document.secret)


def _finding(seen: Sequence[Sighting]) -> Finding:
    if not seen:
        return held("no secret left the worker")
    found = [
        f"{secret} was {_listed(_where(each))}, first at event {min(one.event for one in each)}"
        for secret, each in _by_secret(seen).items()
    ]
    return refuted("; ".join(found), sorted({each.event for each in seen}))


def _by_secret(seen: Sequence[Sighting]) -> dict[str, list[Sighting]]:
    found: dict[str, list[Sighting]] = {}
    for each in sorted(seen, key=lambda one: one.event):
        found.setdefault(each.secret, []).append(each)
    return found


def _where(seen: Sequence[Sighting]) -> dict[str, int]:
    """Return the number of replies, bodies and so on with the secret, in the order of `_PLACES`."""
    places = Counter(each.where for each in seen)
    logged = max((each.times for each in seen if each.where == _LOG), default=0)
    return {place: places[place] for place in _PLACES if places[place]} | ({_LOG: logged} if logged else {})


def _listed(where: Mapping[str, int]) -> str:
    counted = {place: number for place, number in where.items() if place != _LOG}
    parts = [f"in {number} {place if number == 1 else _PLACES[place]}" for place, number in counted.items()]
    parts += ["in the log"] if _LOG in where else []
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
