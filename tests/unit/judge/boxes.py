"""Plays in a black box, told as stories: no trace, only what clients sent and got, and where the story waited."""

from collections.abc import Sequence
from typing import Any

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.scenario.loader import parse
from poc_cli.scenario.plays import plays_of
from tests.unit.judge.histories import FILE, History, finding, scenario
from tests.unit.judge.tales import Tale

BOX = {"kind": "url", "url": "http://box", "versions": {}, "oracle": "instance", "abilities": ["idle"]}
SECOND = 1_000_000_000

WHO = '{ op = "who" }'
CONNECT = '{ connect = ["ann", "bob"] }'
SLEEP = '{ hibernate = "idle" }'


def ask(client: str = "ann", more: str = "") -> str:
    """Return the line of a step in which a client asks who the room is."""
    return f'{{ on = "{client}", send = {WHO}, expect = {WHO}{more} }}'


UNTOLD = 'object = { class = "Room", name = "{play}" }'
TOLD = 'object = { class = "Room", name = "{play}", sockets = "sockets" }'


class Box(Tale):
    """One play that nobody can look into, of an object that tells how many sockets it holds: all."""

    def add(self, actor: str, kind: str, *, step: int | None = None, **data: Any) -> Event:
        """Write any event of this play; its beginning says where it is."""
        if kind == kinds.PLAY_START:
            data["target"] = BOX
        return super().add(actor, kind, step=step, **data)

    def enters(self, label: str = "object", why: str = "fetch") -> None:
        """Let an object come into memory: nobody sees it."""

    def reaches(self, label: str = "object", name: str = "") -> None:
        """Let an event reach an object: nobody sees it."""

    def answers(self, *instances: str) -> None:
        """Let one `on` step after the other be answered, each with its instance."""
        for instance in instances:
            self.says({"op": "who", "instance": instance, "sockets": len(self.play.clients)})

    def waits(self, seconds: float = 11.0, *labels: str) -> None:
        """Let the `hibernate` step pass, in silence."""
        self.begins("hibernate")
        self.passes(seconds)
        for label in labels or ("object",):
            self.add(f"object:{label}", kinds.WAITED, step=self.next - 1, silent_ms=seconds * 1000, needed_ms=11_000.0)
        self.ends()

    def passes(self, seconds: float) -> None:
        """Let time pass on the client's clock."""
        self.history.t_ns += round(seconds * SECOND)

    def asked(self, client: str, instance: str) -> None:
        """Let a question of poc's own be answered."""
        self.add(client, kinds.ASKED, mark="poc-1")
        self.add(client, kinds.TOLD, text=f'{{"op":"who","id":"poc-1","instance":"{instance}","sockets":2}}', bytes=40)

    def deploys(self) -> None:
        """Let the `restart` step deploy a new version, which ends every socket."""
        self.begins("restart")
        self.add("poc", kinds.FAULT, step=self.next - 1, fault="deploy")
        self.closed(*self.play.clients, by="nobody", clean=False)
        self.ends()


def box(text: str, number: int = 0, history: History | None = None, *, tells: bool = True) -> Box:
    """Begin a play of a scenario in a black box: 0 is the story; without `tells` it reads no number of sockets."""
    text = text.replace(UNTOLD, TOLD) if tells else text
    return Box(history or History(target="url"), plays_of(parse(text, FILE))[number], text)


def sleeping(steps: Sequence[str], check: str = "sleeps", *, tells: bool = True, **more: str) -> Box:
    """Begin a story with a claim called `it` that a check judges."""
    return box(scenario(check, steps, **more), tells=tells)


def slept_in(seconds: float, history: History) -> None:
    """Let rooms of poc's own tell where sleep begins: at so many seconds, not half a second sooner."""
    for number, (alone, slept) in enumerate(((seconds - 0.5, False), (seconds, True), (seconds + 0.25, True))):
        instances = [f"s{number}", f"s{number}{'b' if slept else ''}"]
        told: dict[str, Any] = {"before": [instances[0]] * 2, "after": [instances[1]] * 2}
        history.add("run", "poc", kinds.SENTINEL, left_alone_s=alone, silent_ms=alone * 1000, answer_ms=10.0, **told)


def found(told: Box, claim: str = "it") -> Any:
    """End a play after its last step and give what was found about one claim."""
    return finding(told.done(), claim)
