"""Makes up stories for the little world and plays them: sensible ones, whatever the worker is like."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Protocol, TypeVar, get_args

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.scenario.loader import parse
from poc_cli.scenario.plays import plays_of
from tests.support.truth.player import Player
from tests.support.truth.recording import Stall
from tests.support.truth.truths import Claim, truth
from tests.support.truth.world import Flaw, World

FILE: Final = "scenarios/story.toml"
FLAWS: Final[tuple[Flaw, ...]] = get_args(Flaw)
CLIENTS: Final = ("ann", "bob")

T = TypeVar("T")


class Dice(Protocol):
    """Whoever chooses."""

    def pick(self, options: Sequence[T]) -> T:
        """Choose one of several."""


class Chance:
    """Chooses by a seed."""

    def __init__(self, seed: int) -> None:
        """Take the seed."""
        self._random = Random(seed)  # noqa: S311 - no secret

    def pick(self, options: Sequence[T]) -> T:
        """Choose one of several."""
        return self._random.choice(options)


@dataclass(slots=True)
class Case:
    """One played story: its text, its history, and what is true of each of its claims."""

    flaw: Flaw
    text: str
    events: list[Event]
    truths: dict[str, frozenset[str]]


class _Story:
    """A story in the making."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.steps: list[str] = []
        self.claims: list[Claim] = []
        self.marks = 0
        self.values = 0
        self.stored: tuple[str, int] | None = None
        self.attached: dict[str, tuple[str, int]] = {}
        self.set: tuple[str, int] | None = None
        self.captured = 0
        self.open: list[str] = []
        self.may_be_asleep = False

    # --- making

    def add(self, step: str, claim: Claim | None = None) -> int:
        """Append a step; return its index."""
        named = "" if claim is None else f', claim = "{claim.id}"'
        self.steps.append(f"{{ {step}{named} }}")
        return len(self.steps) - 1

    def claim(self, check: str, more: str = "", about: Any = None) -> Claim:
        """Make a claim."""
        made = Claim(f"c{len(self.claims)}", check, more, about)
        self.claims.append(made)
        return made

    def maybe(self, check: str, about: Any = None) -> Claim | None:
        """Make a claim, or none; before there can have been a sleep mostly none."""
        likely = [True, True, True, False] if self.may_be_asleep else [True, False, False, False, False]
        return self.claim(check, about=about) if self.dice.pick(likely) else None

    def value(self) -> str:
        """Return a value that there was not yet."""
        self.values += 1
        return f"v{self.values}"

    def someone(self) -> str:
        """Return a client that is connected."""
        return self.dice.pick(self.open)

    def connect(self) -> None:
        """Open all clients that are not."""
        missing = [name for name in CLIENTS if name not in self.open]
        if missing:
            self.add(f"connect = {json.dumps(missing)}")
            self.open = list(CLIENTS)
            self.attached = {name: value for name, value in self.attached.items() if name not in missing}

    def whole(self) -> str:
        """Return the scenario."""
        head = [
            'name = "story"',
            'title = "A story."',
            'object = { class = "Room", name = "{play}" }',
            'clients = { ann = "/room/{play}?name=ann", bob = "/room/{play}?name=bob" }',
            "steps = [",
            *(f"  {step}," for step in self.steps),
            "]",
        ]
        for claim in self.claims:
            head += ["", "[[claim]]", f'id = "{claim.id}"', 'says = "It is so."']
            head += [f'check = "{claim.check}"'] if claim.check else []
            head += [claim.more] if claim.more else []
        return "\n".join(head) + "\n"


def _put(story: _Story) -> None:
    value = story.value()
    index = story.add(
        f'on = "{story.someone()}", send = {{ op = "put", value = "{value}" }}, expect = {{ op = "put" }}'
    )
    story.stored = value, index


def _get(story: _Story) -> None:
    if story.stored is not None:
        value, since = story.stored
        claim = story.maybe("storage-survives", since)
        story.add(
            f'on = "{story.someone()}", send = {{ op = "get" }}, expect = {{ op = "get", value = "{value}" }}', claim
        )


def _attach(story: _Story) -> None:
    who, value = story.someone(), story.value()
    index = story.add(f'on = "{who}", send = {{ op = "attach", value = "{value}" }}, expect = {{ op = "attach" }}')
    story.attached[who] = value, index


def _attached(story: _Story) -> None:
    known = [name for name in story.open if name in story.attached]
    if known:
        who = story.dice.pick(known)
        value, since = story.attached[who]
        claim = story.maybe("attachments-survive", since)
        expected = f'{{ op = "attached", value = "{value}" }}'
        story.add(f'on = "{who}", send = {{ op = "attached" }}, expect = {expected}', claim)


def _set(story: _Story) -> None:
    value = story.value()
    index = story.add(
        f'on = "{story.someone()}", send = {{ op = "set", value = "{value}" }}, expect = {{ op = "set" }}'
    )
    story.set = value, index


def _field(story: _Story) -> None:
    who = story.someone()
    if story.set is None or not story.may_be_asleep:
        story.add(f'on = "{who}", send = {{ op = "field" }}, expect = {{ op = "field" }}')
        return
    value, since = story.set
    claim = story.claim("memory-is-reset", about=since)
    other = f'where = ["value != \\"{value}\\""]'.replace("\\", "\\\\").replace("\\\\", "\\")
    story.add(f'on = "{who}", send = {{ op = "field" }}, expect = {{ op = "field" }}, {other}', claim)
    story.set = None


def _seen_state(story: _Story) -> None:
    """Let there be all kinds of state, and read each once."""
    for scene in story.dice.pick(
        [(_put, _get), (_attach, _attached), (_set, _field), (_put, _attach, _set, _get, _attached, _field)]
    ):
        scene(story)


def _who(story: _Story) -> None:
    who = story.someone()
    if story.captured and story.dice.pick([True, False]):
        number = story.captured
        claim = story.maybe("")
        if story.may_be_asleep and claim is not None:
            other = f'where = ["instance != {{i{number}}}"]'
            story.add(f'on = "{who}", send = {{ op = "who" }}, expect = {{ op = "who" }}, {other}', claim)
            return
        if claim is not None:
            story.claims.remove(claim)
    story.captured += 1
    capture = f'capture = {{ i{story.captured} = "instance" }}'
    story.add(f'on = "{who}", send = {{ op = "who" }}, expect = {{ op = "who" }}, {capture}')


def _say(story: _Story) -> None:
    who = story.someone()
    for _ in range(story.dice.pick([1, 1, 2, 3])):
        story.marks += 1
        mark = story.marks
        awaited = f', expect = {{ op = "said", id = {mark} }}' if story.dice.pick([True, True, False]) else ""
        story.add(f'on = "{who}", send = {{ op = "say", id = {mark} }}{awaited}')


def _both_say(story: _Story) -> None:
    if len(story.open) > 1:
        story.add('on = ["ann", "bob"], send = { op = "who" }, expect = { op = "who" }')


def _ping(story: _Story) -> None:
    awaited = ', expect = "pong"' if story.dice.pick([True, True, False]) else ""
    story.add(f'on = "{story.someone()}", send = "ping"{awaited}')


def _idle(story: _Story) -> None:
    length = story.dice.pick(["20ms", "1s", "2s", "12s"])
    story.add(f'idle = "{length}"')
    story.may_be_asleep |= length == "12s"


def _quiet(story: _Story) -> None:
    story.add(
        f'on = "{story.someone()}", quiet = "{story.dice.pick(["100ms", "1s"])}", like = {{ op = "boo" }}',
        story.maybe(""),
    )


def _stays(story: _Story) -> None:
    """Let less time pass than the object needs to sleep, and look whether it is still there."""
    story.captured += 1
    capture = f'capture = {{ i{story.captured} = "instance" }}'
    story.add(f'on = "{story.someone()}", send = {{ op = "who" }}, expect = {{ op = "who" }}, {capture}')
    story.add(f'idle = "{story.dice.pick(["3s", "7s", "9s"])}"')
    if story.dice.pick([True, False]):
        story.add('probe = "awake"', story.claim(""))
    same = f'where = ["instance == {{i{story.captured}}}"]'
    story.add(f'on = "{story.someone()}", send = {{ op = "who" }}, expect = {{ op = "who" }}, {same}', story.claim(""))


def _pin(story: _Story) -> None:
    length = story.dice.pick([500, 5000, 30000])
    story.add(f'on = "{story.someone()}", send = {{ op = "pin", ms = {length} }}, expect = {{ op = "pin" }}')


def _hibernate(story: _Story) -> None:
    way = story.dice.pick(["idle", "evict"])
    check = story.dice.pick(["sleeps", "sleeps", "", "stays-awake"])
    claim = story.claim(check) if check else None
    story.add(f'hibernate = "{way}"', claim)
    story.may_be_asleep = True


def _asleep(story: _Story) -> None:
    """Let the object sleep, do what does not wake it, and then wake it."""
    if story.dice.pick([True, False]):
        _seen_state(story)
    story.add(f'hibernate = "{story.dice.pick(["idle", "evict"])}"', story.maybe("sleeps"))
    story.may_be_asleep = True
    for _ in range(story.dice.pick([0, 1, 2])):
        story.dice.pick([_ping, _ping, _probe, _short])(story)
    story.dice.pick([_resume, _resume, _who, _get, _say])(story)


def _short(story: _Story) -> None:
    story.add('idle = "1s"')


def _probe(story: _Story) -> None:
    story.add('idle = "20ms"')  # what is on its way arrives, so that it is no matter of chance what is found
    story.add('probe = "asleep"', story.claim(""))


def _resume(story: _Story) -> None:
    story.add(f'resume = "{story.someone()}", send = {{ op = "who" }}, expect = {{ op = "who" }}')


def _crash(story: _Story) -> None:
    story.add('restart = "crash"')
    story.open, story.attached = [], {}
    story.may_be_asleep = True
    story.connect()


def _close(story: _Story) -> None:
    if len(story.open) > 1:
        who = story.someone()
        story.add(f'close = ["{who}"]')
        story.open.remove(who)
        story.attached.pop(who, None)


def _kill(story: _Story) -> None:
    if len(story.open) > 1:
        who = story.someone()
        story.add(f'kill = ["{who}"]')
        story.open.remove(who)
        story.attached.pop(who, None)


def _kick(story: _Story) -> None:
    if len(story.open) > 1:
        who = story.someone()
        other = next(name for name in story.open if name != who)
        story.add(f'on = "{who}", send = {{ op = "kick", who = "{other}" }}, expect = {{ op = "kick" }}')
        story.add(f'on = "{other}", expect_code = 4000')
        story.open.remove(other)
        story.attached.pop(other, None)


LoadContext = Callable[[_Story], None]

BEFORE: Final[tuple[LoadContext, ...]] = (
    _seen_state,
    _put,
    _get,
    _attach,
    _attached,
    _set,
    _who,
    _say,
    _both_say,
    _ping,
    _idle,
)
LATER: Final[tuple[LoadContext, ...]] = (
    _asleep,
    _asleep,
    _asleep,
    _hibernate,
    _get,
    _get,
    _attached,
    _attached,
    _field,
    _field,
    _who,
    _say,
    _say,
    _both_say,
    _ping,
    _idle,
    _quiet,
    _stays,
    _pin,
    _crash,
    _close,
    _kill,
    _kick,
    _put,
    _Story.connect,
)
WHOLE_PLAY: Final = (
    "connections-survive",
    "no-wake",
    "delivered-once",
    "delivered-in-order",
    "received-in-order",
    "wake-under",
    "close-handshake",
    "connections-drop",
    "sleeps",
)
_NEEDS: Final = {
    "connections-survive": "hibernate",
    "no-wake": "ping",
    "delivered-once": "say",
    "delivered-in-order": "say",
    "received-in-order": "say",
    "wake-under": "resume",
    "close-handshake": "close =",
    "connections-drop": "restart",
    "sleeps": "hibernate",
}
"""What a story must have, for a check of it to say anything."""
_MORE: Final = {
    "delivered-once": 'by = "id"',
    "delivered-in-order": 'by = "id"',
    "received-in-order": 'by = "seq"',
    "wake-under": 'limit = "1s"',
}


def case(dice: Dice, seed: int, stall: Stall | None = None) -> Case:
    """Make up a story, play it, and say what is true of it; the seed gives the latencies.

    With a stall it is only true of what happened, not of what the story means.
    """
    flaw = dice.pick(FLAWS)
    story = _Story(dice)
    story.connect()
    for _ in range(dice.pick([1, 2, 3, 4, 5, 6, 7, 8])):
        dice.pick(BEFORE)(story)
    for _ in range(dice.pick([1, 2, 3, 4, 5, 6, 7])):
        dice.pick(LATER)(story)
    told = "".join(story.steps)
    checks = [check for check in WHOLE_PLAY if _NEEDS[check] in told]
    for _ in range(dice.pick([1, 2, 3, 4])):
        check = dice.pick(checks or WHOLE_PLAY)
        story.claim(check, _MORE.get(check, ""))
    text = story.whole()
    play = plays_of(parse(text, FILE))[0]
    events: list[Event] = []
    world = World(flaw, Random(seed))  # noqa: S311 - no secret
    events.append(
        Event(1, "run", 0, "poc", kinds.RUN_START, None, {"format": kinds.FORMAT, "target": {"kind": "local"}})
    )
    player = Player(play, text, world, events, stall)
    player.perform()
    events.append(Event(len(events) + 1, "run", world.now_ns, "poc", kinds.RUN_END, None, {}))
    return Case(flaw, text, events, {claim.id: truth(claim, story.claims, world, events) for claim in story.claims})
