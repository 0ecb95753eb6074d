"""Lint rules for the steps of one play: names that are not bound yet, messages that cannot be sent."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from poc_cli.errors import did_you_mean
from poc_cli.scenario import conditions
from poc_cli.scenario.client_groups import EVERY_CLIENT, NUMBER, ClientGroups, group_of
from poc_cli.scenario.client_tables import ClientSpec, own_names, texts_of
from poc_cli.scenario.lint_clients import ORIGIN_NAMES, problems_of_step, taken_by
from poc_cli.scenario.lint_messages import problems_of_messages, unknown, unknown_names
from poc_cli.scenario.model import LARGEST_COUNT, AnyClient, Connect, Exchange, Http, ObjectRef, Repeat, Restart, Step
from poc_cli.scenario.steps import Node, every_step
from poc_cli.scenario.templates import names_in, templates_in
from poc_cli.scenario.token_names import TOKEN, TOKEN_NAMES
from poc_cli.scenario.validation_errors import Problem
from poc_cli.scenario.values import Path, shown

_AGAIN: Final = '{ connect = "%s", path = "/…{%s}" }'


@dataclass(frozen=True, slots=True)
class PlayState:
    """The clients and vars (each with its path) and the steps of the story or of one control.

    `given` are the names bound from the start, besides `play` and its vars.
    """

    clients: Mapping[str, tuple[Path, AnyClient]]
    vars: Mapping[str, tuple[Path, object]]
    steps: Sequence[Node]
    given: frozenset[str] = frozenset()


def problems_of_play(played: PlayState, claims: Sequence[str], objects: Mapping[str, ObjectRef]) -> Iterator[Problem]:
    """Yield every problem of one play, in no order; steps may name the `claims` and `objects`."""
    yield from _Flow(played, claims, objects).problems()


class _Flow:
    """One pass over the steps of one play; `_known` are the names bound at the current step."""

    def __init__(self, played: PlayState, claims: Sequence[str], objects: Mapping[str, ObjectRef]) -> None:
        self._played = played
        self._claims = claims
        self._objects = objects
        self._groups = ClientGroups({name: client for name, (_, client) in played.clients.items()})
        self._known = {"play", *played.given, *played.vars}
        steps = list(every_step(played.steps))
        self._captures = {name for step in steps for name in captured_by(step)}
        self._counters = {step.as_ for step in steps if isinstance(step, Repeat) and step.as_ is not None}
        opened = {group_of(name) for step in steps if isinstance(step, Connect) for name in step.connect}
        bound = self._known | self._captures | self._counters
        self._tokens = TOKEN_NAMES if TOKEN not in bound else frozenset[str]()
        self._connecting = set(played.clients) if EVERY_CLIENT in opened else opened
        self._own = taken_by([client for _, client in played.clients.values()])
        self._naming = {name for each in objects.values() for name in names_in(each.identity)} & self._captures
        """The captured names that tell which object is meant."""
        self._repeats = 0
        # Names that a capture cannot use, because they would be ambiguous.
        self._taken = (
            self._known
            | self._own
            | ({NUMBER} if any(client.count for _, client in played.clients.values()) else set())
        )

    def problems(self) -> Iterator[Problem]:
        yield from self._vars()
        yield from self._clients()
        yield from self._steps(self._played.steps)

    def _vars(self) -> Iterator[Problem]:
        for name, (path, value) in self._played.vars.items():
            if name == "play":
                yield Problem(path, '"play" is reserved for the play itself and cannot be a var', at="key")
            if name in self._played.given | self._own:
                yield Problem(path, f'"{name}" is reserved by poc here and cannot be a var', at="key")
            if name == NUMBER and any(client.count for _, client in self._played.clients.values()):
                message = f'"{NUMBER}" is the number of a client with a count and cannot be a var'
                yield Problem(path, message, at="key")
            yield from unknown_names(value, path, {"play"})

    def _clients(self) -> Iterator[Problem]:
        # A path may use captures and counters; _connects checks that they are bound when the client connects.
        later = self._known | self._captures | self._counters
        before = 0
        for name, (path, client) in self._played.clients.items():
            for way, missing in templates_in(texts_of(client), path):
                if missing in own_names(client) or (missing in self._tokens and isinstance(client, ClientSpec)):
                    continue
                if missing == NUMBER and client.count is None and missing not in later:
                    message = f'{{{missing}}} is the number of a client with a count, and "{name}" has none'
                    yield Problem(way, message, "add one, like count = 3")
                elif name not in self._connecting:
                    continue  # a control with its own steps may not use a client, nor bind what it would need
                elif missing not in later and (missing != NUMBER or client.count is None):
                    yield unknown(missing, way, later)
            before += 1 if client.count is None else client.count
            if before > LARGEST_COUNT:
                message = f'with "{name}" there are {before} clients; the limit is {LARGEST_COUNT}'
                yield Problem(path, message, at="key")
                return

    def _steps(self, nodes: Sequence[Node]) -> Iterator[Problem]:
        for node in nodes:
            step, path = node.step, node.path
            if isinstance(step, Repeat):
                yield from self._repeat(node, step)
                continue
            if step.claim is not None and step.claim not in self._claims:
                advice = did_you_mean(step.claim, self._claims)
                yield Problem((*path, "claim"), f"there is no claim {shown(step.claim)}", advice)
            yield from self._named_clients(step, path)
            yield from problems_of_step(step, path, self._kinds(step), origin=self._played.given >= ORIGIN_NAMES)
            yield from self._named_objects(step, path)
            yield from self._connects(step)
            tokens = self._tokens if isinstance(step, Connect | Http) else frozenset[str]()
            yield from problems_of_messages(step, path, self._known | self._number(step), tokens)
            if isinstance(step, Exchange):
                yield from self._captured(step, path)
                self._known |= step.capture.keys()

    def _number(self, step: Step) -> set[str]:
        """Return the name of a client's number, if each client of the step has one."""
        kinds = self._kinds(step).values()
        return {NUMBER} if kinds and all(client.count is not None for client in kinds) else set()

    def _repeat(self, node: Node, step: Repeat) -> Iterator[Problem]:
        counter = set() if step.as_ is None else {step.as_}
        if counter & (self._known | self._captures):
            yield Problem((*node.path, "as"), f'"{step.as_}" is already bound; use another name')
        counter -= self._known
        self._known |= counter
        self._repeats += 1
        yield from self._steps(node.inner)
        self._repeats -= 1
        self._known -= counter  # what is captured inside stays known

    def _named_clients(self, step: Step, path: Path) -> Iterator[Problem]:
        for key in step.names_clients:
            names = _names(step, key)
            way = (*path, key)
            for name, times in Counter(names).items():
                if name == EVERY_CLIENT:
                    if not step.allows_every_client:
                        advice = did_you_mean("", self._played.clients)
                        yield Problem(way, f'"{key}" takes one client, not all of them', advice)
                    elif len(names) > 1:
                        yield Problem(way, '"*" means every client, so it cannot be combined with others')
                elif name not in self._played.clients and name not in self._groups:
                    yield self._no_client(name, way)
                elif self._groups.size(name) is not None and not step.allows_every_client:
                    advice = f'name one of them, like "{name}.1"'
                    yield Problem(way, f'"{key}" takes one client, and "{name}" is {self._groups.size(name)}', advice)
                elif times > 1:
                    yield Problem(way, f"{shown(name)} is named {times} times")
                elif group_of(name) != name and group_of(name) in names:
                    yield Problem(way, f'"{name}" is part of "{group_of(name)}", which is named too')

    def _kinds(self, step: Step) -> Mapping[str, AnyClient]:
        """Return the clients that a step names, without unknown ones."""
        named = [name for key in step.names_clients for name in _names(step, key)]
        every = EVERY_CLIENT in named
        groups = self._played.clients if every else dict.fromkeys(map(group_of, named))
        return {name: self._played.clients[name][1] for name in groups if name in self._played.clients}

    def _no_client(self, name: str, way: Path) -> Problem:
        group = group_of(name)
        if group == name or group not in self._played.clients:
            return Problem(way, f"there is no client {shown(name)}", did_you_mean(name, self._played.clients))
        count = self._played.clients[group][1].count
        advice = f'"{group}" has no count' if count is None else f'the last of them is "{group}.{count}"'
        return Problem(way, f'there is no client "{name}"', advice)

    def _named_objects(self, step: Step, path: Path) -> Iterator[Problem]:
        if step.acts_on_objects and not self._objects:
            advice = 'add object = { class = "…", name = "{play}" } above the steps'
            yield Problem(path, f'"{step.verb}" needs an object, but the scenario has none', advice, at="key")
        elif isinstance(step, Restart) and step.of is not None and not step.acts_on_objects:
            message = f'"of" names objects, but restart = "{step.restart}" restarts the whole runtime'
            yield Problem((*path, "of"), message, 'remove "of"', at="key")
        elif of := _names(step, "of"):
            yield from known_objects(of, (*path, "of"), self._objects)
        if step.acts_on_objects:
            yield from self._not_yet_named(step, path)

    def _not_yet_named(self, step: Step, path: Path) -> Iterator[Problem]:
        """Yield a problem for each object of a step whose name or id no step before it has captured."""
        for label in _names(step, "of") or self._objects:
            if label in self._objects:
                for name in sorted(names_in(self._objects[label].identity) - self._known):
                    message = f'which object "{label}" is, {{{name}}} tells, and no step before this one captures it'
                    yield Problem(path, message, at="key")

    def _connects(self, step: Step) -> Iterator[Problem]:
        """Yield a problem for each name that a client needs but that is not bound when it connects."""
        if not isinstance(step, Connect):
            return
        named = self._played.clients if EVERY_CLIENT in step.connect else dict.fromkeys(map(group_of, step.connect))
        for name in named:
            if name not in self._played.clients:
                continue
            path, client = self._played.clients[name]
            texts = {key: text for key, text in texts_of(client).items() if key != "path" or step.path is None}
            for way, missing in templates_in(texts, path):
                if missing in self._known | self._tokens | own_names(client) or (
                    missing == NUMBER and client.count is not None
                ):
                    continue
                if missing in self._captures:
                    advice = (
                        f'to use it when "{name}" connects again, give that step a path: {_AGAIN % (name, missing)}'
                    )
                    yield Problem(way, f'{{{missing}}} is captured only after "{name}" connects', advice)
                elif missing in self._counters:
                    yield Problem(way, f'{{{missing}}} is the counter of a repeat, but "{name}" connects outside of it')

    def _captured(self, step: Exchange, path: Path) -> Iterator[Problem]:
        for name, text in step.capture.items():
            way = (*path, "capture", name)
            try:
                conditions.lookup(None, text)
            except ValueError as error:
                yield Problem(way, str(error))
            if name in self._taken:
                yield Problem(way, f'"{name}" is already bound; capture it under another name', at="key")
            elif name in self._naming and (self._repeats or name in self._known):
                message = f'"{name}" tells which object is meant, so it can be captured only once'
                yield Problem(way, message, "capture this under another name", at="key")
        if step.capture and step.names_clients and not self._is_one_client(step):
            message = "a capture needs a step with exactly one client"
            yield Problem((*path, "capture"), message, at="key")

    def _is_one_client(self, step: Step) -> bool:
        names = [name for key in step.names_clients for name in _names(step, key)]
        if len(names) != 1 or EVERY_CLIENT in names:
            return False
        client = self._played.clients.get(names[0])
        return client is None or client[1].count in {None, 1}


def captured_by(step: Step) -> Iterable[str]:
    """Return the names that a step binds to what comes back."""
    return step.capture if isinstance(step, Exchange) else ()


def known_objects(names: Sequence[str], path: Path, objects: Mapping[str, ObjectRef]) -> Iterator[Problem]:
    """Yield a problem for each name that is not an object or is listed twice."""
    for name, times in Counter(names).items():
        if name not in objects:
            yield Problem(path, f"there is no object {shown(name)}", did_you_mean(name, objects))
        elif times > 1:
            yield Problem(path, f"{shown(name)} is named {times} times")


def _names(step: Step, key: str) -> list[str]:
    value = vars(step).get(key)  # getattr with a default is ten times slower on pydantic models
    return [value] if isinstance(value, str) else list(value or [])
