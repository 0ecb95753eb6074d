"""What a step expects, with its templates filled in: each message, its conditions, and what is captured from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from poc_cli.scenario.conditions import Condition, head_of, lookup, parse
from poc_cli.scenario.matching import (
    Content,
    Message,
    content_of,
    difference,
    expected_messages,
    fill,
    groups_of,
    matches,
)
from poc_cli.scenario.step_bases import Exchange
from poc_cli.scenario.templates import names_in
from poc_cli.scenario.values import Missing

# The steps inside a repeat bring the same conditions each time.
_condition = lru_cache(maxsize=1024)(parse)


@dataclass(frozen=True, slots=True)
class Expected:
    """One expected message; `form` is None where any message will do that meets the conditions."""

    form: object
    conditions: tuple[Condition, ...] = ()
    exact: bool = False
    names: Mapping[str, object] | None = None

    def fits(self, message: Message) -> bool:
        """Return whether the message matches and meets the conditions. Raises as `matches` and `Condition.holds`."""
        return self.matches(message) and not self.broken(message)

    def matches(self, message: Message) -> bool:
        """Return whether the message matches the form, whatever the conditions."""
        return self.form is None or matches(self.form, message, exact=self.exact)

    def broken(self, message: Message) -> list[Condition]:
        """Return the conditions that the message does not meet."""
        if not self.conditions:
            return []
        content = self.content(message)
        return [each for each in self.conditions if not each.holds(content, self.names or {})]

    def difference(self, message: Message) -> str:
        """Describe where the message differs from the form; the empty string if it does not."""
        return "" if self.form is None else difference(self.form, message, exact=self.exact)

    def content(self, message: Message) -> Content:
        """Return what conditions and captures see of the message."""
        return content_of(self.form, message)

    @property
    def groups(self) -> frozenset[str]:
        """Return the names of the groups of its pattern."""
        return groups_of(self.form)


Met = tuple[Expected, Message]
"""An expected message and the one that met it."""


def expected_by(step: Exchange, names: Mapping[str, object]) -> list[Expected]:
    """Return the messages that a step expects, in order.

    A condition on a group is one on the messages whose pattern has that group; any other is one on each message.
    Raises UnknownNameError, or ValueError for a value without a form in JSON.
    """
    forms = [None] if step.expect is None else [fill(each, names) for each in expected_messages(step.expect)]
    conditions = [_condition(text) for text in step.where]
    groups = [groups_of(form) for form in forms]
    grouped = frozenset[str]().union(*groups)
    found = []
    for form, own in zip(forms, groups, strict=True):
        about_it = tuple(each for each in conditions if each.head in own or each.head not in grouped)
        found.append(Expected(form, about_it, step.exact, names))
    return found


def names_of(step: Exchange) -> set[str]:
    """Return the names that a step's expectations use."""
    return names_in(step.expect).union(*(_condition(text).names for text in step.where))


def value_at(path: str, met: Sequence[Met]) -> object | Missing:
    """Return what is captured at a path: of the message whose pattern has that group, else of the last that came."""
    head = head_of(path)
    expected, message = next((each for each in met if head in each[0].groups), met[-1])
    found = lookup(expected.content(message), path)
    return str(found) if isinstance(found, str) else found
