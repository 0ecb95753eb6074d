"""Find the `hibernate` steps and faults that a claim is about.

A claim is about the sleep or fault before each of its steps, or the one that its `after` names; a claim that no step
names is about all of them. A sleep that came by itself during other steps is not counted.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from poc_cli.record.play_record import PlayRecord, StepRecord, once
from poc_cli.scenario.model import Claim, Hibernate, Probe, Restart, Step, Taking
from poc_cli.scenario.plays import should_stay_awake

Labels = frozenset[str]


def objects_of(play: PlayRecord, claim: Claim) -> tuple[str, ...]:
    """Return the objects that a claim is about: those that it names, else all objects of the play."""
    return tuple(claim.of) if claim.of is not None else tuple(play.play.objects)


def objects_at(play: PlayRecord, claim: Claim, step: StepRecord) -> tuple[str, ...]:
    """Return the claim's objects that a step is about: those that it names or that its clients are connected to.

    A claim that names its objects is about all of them in each of its steps.
    """
    wanted = objects_of(play, claim)
    if claim.of is not None:
        return wanted
    led = _led_to(play, step)
    narrowed = tuple(label for label in wanted if label in led)
    return narrowed or wanted


def _led_to(play: PlayRecord, step: StepRecord) -> Labels:
    """Return the objects that a step names, or that the connections of its clients lead to."""
    placed = play.play.steps[step.index].step
    named = getattr(placed, "of", None)
    if named is not None:
        return frozenset(named)
    clients = {name for key in placed.names_clients for name in _names(play, placed, key)}
    led = [play.leads_to(client, step.end_id) for client in clients]
    if not led or any(each is None for each in led):
        return frozenset()
    return frozenset[str]().union(*(each for each in led if each is not None))


def _names(play: PlayRecord, step: Step, key: str) -> list[str]:
    value = getattr(step, key)
    names = [value] if isinstance(value, str) else list(value)
    return [member for name in names for member in play.play.members(name)]


def last_rest_before(play: PlayRecord, label: str, index: int, after: str | None = None) -> int | None:
    """Return the last step, up to `index` itself, that should put an object to sleep; with `after`, only that one."""
    return _last(_named(play, _rests_of_object(play, label), after), index)


def _named(play: PlayRecord, places: Sequence[int], after: str | None) -> Sequence[int]:
    return places if after is None else [each for each in places if is_named(play, each, after)]


def _last(places: Sequence[int], index: int) -> int | None:
    number = bisect_right(places, index)
    return places[number - 1] if number else None


def rests_of(play: PlayRecord, claim: Claim) -> dict[str, frozenset[int]]:
    """Return the `hibernate` steps that a claim is about, by object."""
    return {label: _rests(play, claim, label) for label in objects_of(play, claim)}


def _rests(play: PlayRecord, claim: Claim, label: str) -> frozenset[int]:
    mine = _rests_of_object(play, label)
    if claim.after is not None:
        return frozenset(_named(play, mine, claim.after))
    return _latest(mine, _deciding(play, claim)) or frozenset(mine)


def _latest(places: Sequence[int], steps: Iterable[int]) -> frozenset[int]:
    """Return, for each step, the last of some positions up to it."""
    found = (bisect_right(places, step) for step in steps)
    return frozenset(places[number - 1] for number in found if number)


def watches_of(play: PlayRecord, claim: Claim) -> frozenset[int]:
    """Return the steps in which the object of a `stays-awake` claim is observed.

    These are the `hibernate` and `probe` steps that name the claim, or all of the play if none does.
    """
    watching = [index for index, placed in enumerate(play.play.steps) if isinstance(placed.step, Hibernate | Probe)]
    named = frozenset(index for index in watching if play.play.steps[index].step.claim == claim.id)
    return named or frozenset(watching)


def faults_of(play: PlayRecord, claim: Claim) -> frozenset[int]:
    """Return the `restart` and `kill` steps that a claim is about."""
    mine = [index for index, placed in enumerate(play.play.steps) if placed.step.verb in {"restart", "kill"}]
    if claim.after is not None:
        return frozenset(each for each in mine if is_named(play, each, claim.after))
    return _latest(mine, _deciding(play, claim)) or frozenset(mine)


def last_loss_before(play: PlayRecord, claim: Claim, label: str, index: int, *, drops: bool = False) -> int | None:
    """Return the last step before `index` that should remove an object from memory, None without one.

    With `drops`, a step that drops a connection counts too.
    """
    rests = [_named(play, _rests_of_object(play, label), claim.after)]
    rests.append(_named(play, _restarts_of_object(play, label), claim.after))
    if drops:
        rests.append(_named(play, _kills(play), claim.after))
    last = (_last(places, index - 1) for places in rests)
    return max((each for each in last if each is not None), default=None)


def is_named(play: PlayRecord, index: int, name: str) -> bool:
    """Return whether a step is the one that the `after` of a claim names; a step in a `repeat` is several."""
    step = play.play.steps[index].step
    return isinstance(step, Taking) and step.id == name


def _restarts(play: PlayRecord, index: int, label: str) -> bool:
    step = play.play.steps[index].step
    return isinstance(step, Restart) and (step.restart != "object" or step.of is None or label in step.of)


def _deciding(play: PlayRecord, claim: Claim) -> list[int]:
    return [index for index, placed in enumerate(play.play.steps) if placed.step.claim == claim.id]


@once
def _hibernates(play: PlayRecord) -> list[int]:
    return [index for index, each in enumerate(play.play.steps) if isinstance(each.step, Hibernate)]


@once
def _kills(play: PlayRecord) -> list[int]:
    return [index for index, each in enumerate(play.play.steps) if each.step.verb == "kill"]


def _rests_of_object(play: PlayRecord, label: str) -> list[int]:
    """Return the steps that should put an object to sleep, in order."""
    return _known(play, ("rests", label), lambda: [i for i in _hibernates(play) if _brings_to_sleep(play, i, label)])


def _restarts_of_object(play: PlayRecord, label: str) -> list[int]:
    """Return the steps that end an object or its runtime, in order."""
    steps = range(len(play.play.steps))
    return _known(play, ("restarts", label), lambda: [index for index in steps if _restarts(play, index, label)])


def _known(play: PlayRecord, key: tuple[str, str], find: Callable[[], list[int]]) -> list[int]:
    if key not in play.memo:
        play.memo[key] = find()
    known: list[int] = play.memo[key]
    return known


def _means(play: PlayRecord, index: int, label: str) -> bool:
    step = play.play.steps[index].step
    return isinstance(step, Hibernate) and (step.of is None or label in step.of)


def _brings_to_sleep(play: PlayRecord, index: int, label: str) -> bool:
    return _means(play, index, label) and not should_stay_awake(play.play, index)
