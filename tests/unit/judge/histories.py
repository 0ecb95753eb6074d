"""Literal histories of whole runs, small scenarios to tell them of, and what the judge makes of them."""

from collections.abc import Sequence
from typing import Any

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.run_document import judge_run
from poc_cli.record.run_record import record
from poc_cli.scenario.loader import parse
from poc_cli.scenario.plays import plays_of
from tests.unit.judge.tales import FILE, PIN, Tale

__all__ = ["FILE", "PIN", "History", "Tale", "claims", "finding", "scenario", "tale", "verdicts"]

Document = dict[str, Any]


class History:
    """A history that grows event by event, as a run would write it."""

    def __init__(self, *, named: bool = True, target: str = "local") -> None:
        """Begin a run."""
        self.events: list[Event] = []
        self.t_ns = 0
        self.add(
            "run",
            "poc",
            kinds.RUN_START,
            format=kinds.FORMAT,
            run="20261122T160000Z-story",
            started="2026-11-22T16:00:00+00:00",
            named=named,
            sleep=None,
            target={"kind": target, "url": None, "versions": {"workerd": "1.2"}, "compatibility_date": "2026-10-01"},
        )

    def add(self, play: str, actor: str, kind: str, *, step: int | None = None, **data: Any) -> Event:
        """Write an event a millisecond after the last."""
        self.t_ns += 1_000_000
        event = Event(len(self.events) + 1, play, self.t_ns, actor, kind, step, data)
        self.events.append(event)
        return event

    def play(self, text: str, number: int = 0, *, label: str | None = None) -> Tale:
        """Begin a play of a scenario: 0 is the story, 1 its first control."""
        return Tale(self, plays_of(parse(text, FILE))[number], text, label)

    def left_out(self, scenario: str, reason: str) -> None:
        """Leave a scenario out."""
        self.add("run", "poc", kinds.LEFT_OUT, scenario=scenario, title="A title.", file=FILE, reason=reason)

    def end(self) -> "History":
        """End the run."""
        self.add("run", "poc", kinds.RUN_END)
        return self

    def judged(self) -> Any:
        """Judge it as it stands, and believe what its steps say of themselves: the checks must not need more."""
        return judge_run(record(list(self.events)), list(self.events))

    def text(self) -> str:
        """Return it as it stands on the disk."""
        return "".join(event.line() + "\n" for event in self.events)


def tale(text: str) -> Tale:
    """Begin a run with the story of a scenario."""
    return History().play(text)


def scenario(check: str, steps: Sequence[str], *, claim: str = "", more: str = "") -> str:
    """Return a scenario of two clients and one object with a claim called `it`."""
    head = 'name = "story"\ntitle = "A story."\nobject = { class = "Room", name = "{play}" }\n'
    clients = 'clients = { ann = "/room/{play}?name=ann", bob = "/room/{play}?name=bob" }\n'
    body = "steps = [\n" + "".join(f"  {step},\n" for step in steps) + "]\n"
    checked = f'check = "{check}"\n' if check else ""
    return f'{head}{clients}{body}\n[[claim]]\nid = "it"\nsays = "It is so."\n{checked}{claim}\n{more}'


def claims(judged: Any) -> dict[str, Document]:
    """Return the claims of a run by their ids."""
    return {claim["id"]: claim for story in judged["scenarios"] for claim in story["claims"]}


def verdicts(history: History) -> dict[str, str]:
    """Judge a history and give its verdicts by the ids of the claims."""
    return {name: claim["verdict"] for name, claim in claims(history.judged()).items()}


def finding(history: History, claim: str = "it") -> Any:
    """Judge a history and give what was found about one claim."""
    return claims(history.judged())[claim]
