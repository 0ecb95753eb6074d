"""Record what the worker throws and logs during a play, and explain failures by it."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from poc_cli.engine.step_failure import StepFailed
from poc_cli.errors import TargetError
from poc_cli.history import event as kinds
from poc_cli.history import object_events
from poc_cli.record.source_lines import logged_words, threw_words
from poc_cli.residency.trace import Place
from poc_cli.targets.worker_output import LONGEST, Logged, Output, Threw

if TYPE_CHECKING:
    from poc_cli.engine.context import PlayContext

MOST_LOGGED: Final = 1000
"""Console lines recorded per play; worker.log has all of them."""

MOST_THROWN: Final = 200
"""Exceptions recorded per play; a worker that throws at every message would otherwise fill the disk."""

_REPORTED_WITHIN_SECONDS: Final = 1.0
"""How long a failure waits for a fence, which takes 3 ms, so that exceptions before it have been read."""

_EXPLAINED: Final = frozenset({"mismatch", "silence", "closed", "refused", "noise"})
"""Failures that an exception may be the cause of."""

Masked = Callable[[str], tuple[str | bytes | bytearray, dict[str, Any]]]

_REQUESTS: Final = frozenset({"mismatch", "refused"})
"""Failures that an answer with status 500 may be the cause of."""

_LATE_MS: Final = 1000
_TOLD: Final = 2
"""Exceptions or errors on the console that a reason tells; all are in the history."""


class WorkerReports:
    """What the worker threw and logged during one play."""

    def __init__(
        self, context: "PlayContext", nonce: str, masked: Masked, front: Callable[[], Sequence[Threw]]
    ) -> None:
        """Initialize; `begin` starts listening.

        `masked` is the history's method of this name; `front` returns what the Workers of projects threw.
        """
        self._context = context
        self._masked = masked
        self._front = front
        self._labels = {each.id: each.label for each in context.objects.values() if each.id}
        self._marks: Collection[str] = (*self._labels, nonce)
        self._unnamed: list[Output] = []
        """What objects threw that the play has not named, or not yet."""
        self._logged = 0
        self._thrown = 0
        self._untold: list[tuple[int | None, str]] = []
        """Each exception that no reason has mentioned yet: the step that was under way, and its words."""
        self._complaints: list[tuple[int | None, str]] = []
        """Each error on the console, likewise: a worker that catches its exceptions says there what they were."""

    def add_object(self, object_id: str, label: str) -> None:
        """Know an object by its label from now on, and record as its own what it threw before."""
        self._labels[object_id] = label
        early = [each for each in self._unnamed if each.object_id == object_id]
        for each in early:
            self._record(replace(each, lines=tuple(line for line in each.lines if isinstance(line, Threw))))

    def begin(self) -> None:
        """Start to record."""
        if self._context.target.trace is not None:
            self._context.target.trace.listen(self._marks, self._record)

    def end(self) -> None:
        """Stop."""
        if self._context.target.trace is not None:
            self._context.target.trace.unlisten(self._marks)

    def _record(self, output: Output) -> None:
        label = self._labels.get(output.object_id or "")
        actor = "worker" if label is None else f"object:{label}"
        fields: dict[str, Any] = {}
        if label is None and output.object_id is not None:
            fields = {"object_class": output.class_name or "", "object": output.object_id}
            if len(self._unnamed) < MOST_THROWN and any(isinstance(each, Threw) for each in output.lines):
                self._unnamed.append(output)
        for each in output.lines:
            data = fields | self._times(each.at_unix_ms)
            if isinstance(each, Threw):
                self._thrown += 1
                if self._thrown <= MOST_THROWN:
                    words = self._record_exception(actor, each, output, data)
                    if not self._is_passed_on(each):
                        self._untold.append((self._step_at(output), words))
            else:
                self._record_line(actor, each, output, data)

    def _step_at(self, output: Output) -> int | None:
        """Return the step in which an output was read; it is recorded once the trace has been read up to it."""
        if output.read_ns is None:
            return self._context.step
        read_ns = self._context.at_ns(output.read_ns)
        begun = (each for each in reversed(self._context.events) if each.kind == kinds.STEP)
        return next((each.step for each in begun if each.t_ns <= read_ns), self._context.step)

    def _times(self, unix_ms: int) -> dict[str, int]:
        trace = self._context.target.trace
        at_ns = None if trace is None else trace.at_ns(unix_ms)
        ago_ms = round(time.time() * 1000) - unix_ms
        return ({} if at_ns is None else {"at_ns": at_ns}) | ({"ago_ms": ago_ms} if ago_ms >= _LATE_MS else {})

    def _record_line(self, actor: str, line: Logged, output: Output, data: dict[str, Any]) -> None:
        self._logged += 1
        if self._logged > MOST_LOGGED:
            return
        text, more = self._kept(line.text)
        more |= {"last": True} if self._logged == MOST_LOGGED else {}
        data |= {"level": line.level, "text": text} | _place_fields(line.place)
        self._context.note(actor, object_events.Logged.kind, **data, **more)
        if line.level == "error":
            self._complaints.append((self._step_at(output), logged_words(data, self._whose(output))))

    def _record_exception(self, actor: str, threw: Threw, output: Output | None, data: dict[str, Any]) -> str:
        """Record it, and return it in words."""
        message, more = self._kept(threw.message)
        more.pop("cut", None)
        data |= {"name": threw.name, "message": message, "event": threw.event, "stack": list(map(str, threw.frames))}
        data |= {"handler": threw.handler} if threw.handler else {}
        data |= _place_fields(threw.place)
        self._context.note(actor, object_events.Threw.kind, **data, **more)
        return threw_words(data, self._whose(output))

    def _kept(self, text: str) -> tuple[str, dict[str, Any]]:
        """Return a text of at most LONGEST characters, masked before it is cut: half a secret would not be found."""
        if len(text) <= LONGEST:
            return text, {}
        clean, more = self._masked(text)
        return str(clean)[:LONGEST], more | {"cut": True}

    def _whose(self, output: Output | None) -> str:
        """Return whose exception it is, as far as that is not clear: a play mostly has one object."""
        if output is None:
            return "the Worker"
        label = self._labels.get(output.object_id or "")
        if label is not None:
            return label if len(self._labels) > 1 else ""
        return output.class_name or "another object" if output.object_id is not None else "the Worker"

    async def explain(self, failed: StepFailed) -> str:
        """Return the reason of a failed step, with what was thrown in it or before it and is not mentioned yet."""
        if failed.failure not in _EXPLAINED:
            return failed.reason
        await self._settle()
        own = list(dict.fromkeys(words for step, words in self._untold if step == self._context.step))
        earlier = list(dict.fromkeys(words for step, words in self._untold if step != self._context.step))
        complaints = list(dict.fromkeys(words for step, words in self._complaints if step == self._context.step))
        self._untold.clear()
        own = own or self._thrown_in_front(failed)
        reason = failed.bare_reason if own or earlier else failed.reason
        if own:
            reason += f": {_listed(own)}"
        if complaints:
            reason += f"; {_listed(complaints)}"
        if earlier and not own:
            more = f" (and {len(earlier) - 1} more)" if len(earlier) > 1 else ""
            reason += f"; before this step {earlier[-1]}{more}"
        return reason

    def _is_passed_on(self, threw: Threw) -> bool:
        """Return whether it is an object's exception that reached its caller, without a stack."""
        return not threw.frames and any(f"{threw.name}: {threw.message}" in words for _, words in self._untold)

    def _thrown_in_front(self, failed: StepFailed) -> list[str]:
        """Return what the Worker of a project threw at a request of this step, and record it.

        wrangler reports it without the request. Other plays may have requests at the same time, so it is this play's
        only if there was no other exception.
        """
        if failed.failure not in _REQUESTS:
            return []
        begun = next((each for each in reversed(self._context.events) if each.kind == kinds.STEP), None)
        ago_ms = 0 if begun is None else (self._context.now_ns - begun.t_ns) / 1e6
        since_ms = time.time() * 1000 - ago_ms
        thrown = [each for each in self._front() if each.at_unix_ms >= since_ms - 1]  # their clock has milliseconds
        if len({(each.name, each.message, each.place) for each in thrown}) != 1:
            return []
        return [self._record_exception("worker", thrown[0], None, {})]

    async def _settle(self) -> None:
        """Wait until what was thrown by now is recorded; a runtime that does not answer is found out elsewhere."""
        trace = self._context.target.trace
        if trace is None:
            return
        fence = asyncio.ensure_future(trace.fence())
        await asyncio.wait([fence], timeout=_REPORTED_WITHIN_SECONDS)
        fence.cancel()
        with contextlib.suppress(TargetError, asyncio.CancelledError):
            await fence


def _place_fields(place: Place | None) -> dict[str, Any]:
    """Return the fields of an event that say where in the source it came from."""
    if place is None:
        return {}
    fields: dict[str, Any] = {"script": place.script, "line": place.line}
    if place.package is not None:
        fields["package"], fields["package_line"] = place.package
    return fields


def _listed(words: list[str]) -> str:
    more = len(words) - _TOLD
    return "; ".join(words[:_TOLD]) + (f"; and {more} more" if more > 0 else "")
