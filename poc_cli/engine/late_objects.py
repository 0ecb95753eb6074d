"""Objects whose name or id a play learns from the worker, such as a room that a request makes."""

from functools import partial
from typing import TYPE_CHECKING

from poc_cli.engine.step_failure import PlayError
from poc_cli.residency import Change, Left, WorkerContextEnded
from poc_cli.scenario.templates import render_text
from poc_cli.targets.base import Trace

if TYPE_CHECKING:
    from poc_cli.engine.context import ObservedObject, PlayContext


class LateObjects:
    """The objects of a play that are not known yet. Such a play has a runtime of its own.

    The worker has often created the object before it tells the name, so what happens to objects without a listener is
    kept until the name is known, and then recorded as the object's own.
    """

    def __init__(self, context: "PlayContext") -> None:
        self._context = context
        self._unknown = [each for label, each in context.objects.items() if context.play.captured_for(label)]
        self._early: dict[str, list[Change]] = {}

    def begin(self) -> None:
        """Start to keep what happens."""
        trace = self._context.target.trace
        if self._unknown and trace is not None:
            trace.watch_others(self._keep)

    def end(self) -> None:
        """Stop."""
        trace = self._context.target.trace
        if trace is not None:
            trace.watch_others(None)
        self._early.clear()

    async def bind(self) -> None:
        """Bind the objects whose names have been captured. Raises PlayError if a captured value names none."""
        found = [each for each in self._unknown if self._is_named(each)]
        if not found:
            return
        trace = self._context.target.trace
        await self._context.target.settled()
        for witnessed in found:
            self._unknown.remove(witnessed)
            self._name(witnessed, trace)
            if trace is not None:
                self._record(witnessed, trace)
        if not self._unknown:
            self.end()

    def _is_named(self, witnessed: "ObservedObject") -> bool:
        return self._context.play.captured_for(witnessed.label) <= self._context.names.keys()

    def _name(self, witnessed: "ObservedObject", trace: Trace | None) -> None:
        reference, names = self._context.play.objects[witnessed.label], self._context.names
        for name in self._context.play.captured_for(witnessed.label):
            value = names[name]
            if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
                raise PlayError(f'what was captured as "{name}" is no name of an object: it is no text and no number')
        text = render_text(reference.identity, names)
        if reference.name is not None:
            witnessed.name = text
            witnessed.id = "" if trace is None else trace.object_id(reference.class_, text)
        elif trace is None or trace.class_of(text) == reference.class_:
            witnessed.id = text
        else:
            raise PlayError(f'what was captured as the id of "{witnessed.label}" is no id of {reference.class_}')

    def _record(self, witnessed: "ObservedObject", trace: Trace) -> None:
        context = self._context
        if any(each.id == witnessed.id and each is not witnessed for each in context.objects.values()):
            raise PlayError(f'"{witnessed.label}" is the same object as another one of the scenario')
        context.callers.objects[witnessed.label] = witnessed.id
        context.reports.add_object(witnessed.id, witnessed.label)
        trace.watch(witnessed.id, partial(context.changed, witnessed))
        early = self._early.pop(witnessed.id, [])
        if any(isinstance(each, Left) for each in early):
            # Its end could be told neither as a sleep nor as a crash: nobody knew yet whose it was.
            raise PlayError(f'"{witnessed.label}" left memory before a step had captured its name')
        for change in early:
            context.changed(witnessed, change)

    def _keep(self, change: Change) -> None:
        if not isinstance(change, WorkerContextEnded):
            self._early.setdefault(change.object_id, []).append(change)
