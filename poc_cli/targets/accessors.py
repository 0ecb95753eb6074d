"""Access to the variables of scopes: the inspector reads them anywhere, and writes them only where a call is paused.

So the first call of each function through which a variable can be reached is paused, for two milliseconds, and
accessors are made in its scope, which stay valid.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import uuid4

from poc_cli.targets.inspector import InspectorError, Result
from poc_cli.targets.isolate import Isolate
from poc_cli.targets.scopes import Binding, Function, Scopes

_MARKER: Final = f"poc-{uuid4().hex}"
_MARK: Final = f"""function () {{
  for (const pair of Object.values(this)) {{
    const before = pair[0]();
    try {{ pair[1]("{_MARKER}"); this.marked = () => pair[1](before); return true }} catch {{}}
  }}
  return false;
}}"""
_UNMARK: Final = "function () { if (this.marked) { this.marked(); delete this.marked } }"

_RETURNS: Final = 4
"""Places where a function returns that are looked at."""

_CALLS: Final = 32
"""Calls of functions made of one text that are paused at most: each takes two milliseconds."""


@dataclass(slots=True)
class _Accessors:
    """Handles of accessors, by the name of a variable; made in a module, in one function, or in the body of a class."""

    modules: dict[str, str] = field(default_factory=dict)
    functions: dict[int, str] = field(default_factory=dict)
    private: dict[str, list[str]] = field(default_factory=dict)


class Access:
    """The accessors of one isolate, made as its functions are called."""

    def __init__(self, isolate: Isolate, scopes: Scopes) -> None:
        """Take the isolate and its scopes; `watch` begins."""
        self._isolate = isolate
        self._scopes = scopes
        self._accessors = _Accessors()
        self._names: dict[str | int, list[str]] = {}
        self._private_names: frozenset[str] = frozenset()
        self._breakpoints: dict[str, Function] = {}
        self._has_paused = False
        self._waiting: dict[tuple[str, int, int], Function] = {}
        """The functions whose call is waited for, by their places."""

        self._calls: dict[tuple[str, int, int], int] = {}

    async def watch(self, bindings: Iterable[Binding]) -> None:
        """Pause at the first call of each function through which a variable can be reached.

        Constants, classes and functions need no such thing; a variable that is wrongly taken for one of these is told
        as what could not be put back.
        """
        self._isolate.inspector.paused = self._paused
        found = list(bindings)
        self._private_names = frozenset(each.name for each in found if each.holder is not None)
        self._names = self._scopes.changeable(found)
        # Functions made of the same text share a breakpoint.
        self._waiting = {each.location: each for each in self._scopes.functions if self._reaches(each)}
        await self._isolate.gather(partial(self._find_places, each) for each in self._waiting.values())
        await self._break_at(self._waiting.values())

    def _reaches(self, function: Function) -> bool:
        """Return whether a call of the function is needed to reach a variable that can be given another value."""
        return function.script in self._names or self._reaches_more(function)

    def _reaches_more(self, function: Function) -> bool:
        """Return whether it is needed for more than the variables of its module."""
        return function.number in self._names or not function.private.isdisjoint(self._private_names)

    async def _find_places(self, function: Function) -> None:
        """Find where a function begins and where it returns: its first place may lie in a branch.

        Breakpoints on the call of a function were at times not met (measured).
        """
        start = {"scriptId": function.script, "lineNumber": function.line, "columnNumber": function.column}
        try:
            told = await self._isolate.inspector.call(
                "Debugger.getPossibleBreakpoints", start=start, restrictToFunction=True
            )
        except InspectorError:
            return  # what only this function sees is then told as what could not be put back
        first, *others = told["locations"] or [None]
        returns = [each for each in others if each.get("type") == "return" and self._reaches_more(function)]
        function.places = [] if first is None else [first, *returns[:_RETURNS]]

    async def _break_at(self, functions: Iterable[Function]) -> None:
        async def one(function: Function, place: Result) -> None:
            try:
                told = await self._isolate.inspector.call("Debugger.setBreakpoint", location=place)
            except InspectorError:
                return
            self._breakpoints[told["breakpointId"]] = function

        await self._isolate.gather(partial(one, each, place) for each in functions for place in each.places)

    async def _remove(self, functions: Iterable[Function]) -> None:
        numbers = {each.number for each in functions}
        removed = [name for name, each in self._breakpoints.items() if each.number in numbers]
        for name in removed:
            del self._breakpoints[name]
        await self._isolate.gather(
            partial(self._isolate.quietly, "Debugger.removeBreakpoint", breakpointId=name) for name in removed
        )

    async def _paused(self, told: Result) -> None:
        """Make accessors in the scope of the function that has just been called, and let it go on.

        The debugger counts breakpoints from 1 in each thread that it runs in, and a removal may hit another one of the
        same number (measured: in 30 % of the runs). In the first pause all are therefore taken back and those that are
        still needed set anew, by one thread; from then on each can be taken back by itself.
        """
        try:
            # The frame says which function it is; the list of breakpoints that were hit is wrong for the same reason.
            frame = told["callFrames"][0]
            at = frame["functionLocation"]
            location = (at["scriptId"], at["lineNumber"], at["columnNumber"])
            is_first, self._has_paused = not self._has_paused, True
            if is_first:
                await self._remove([*self._breakpoints.values()])
            function = self._waiting.get(location)
            done: list[Function] = []
            if function is not None:
                self._calls[location] = self._calls.get(location, 0) + 1
                await self._reach(function, frame["callFrameId"])
                done = self._wait_less(function)
            if is_first:
                await self._break_at(self._waiting.values())
            else:
                await self._remove(done)
        except (InspectorError, LookupError):
            pass  # what cannot be reached is told as what could not be put back
        finally:
            await self._isolate.quietly("Debugger.resume")

    def _wait_less(self, called: Function) -> list[Function]:
        """Wait no more for a function that has been reached, and for those that see only the same module."""
        twins = [each for each in self._scopes.functions if each.location == called.location]
        is_reached = all(each.number in self._accessors.functions or each.number not in self._names for each in twins)
        done = [called] if is_reached or self._calls[called.location] >= _CALLS else []
        done += [
            each for each in self._waiting.values() if each.script == called.script and not self._reaches_more(each)
        ]
        for each in done:
            self._waiting.pop(each.location, None)
        return done

    async def _reach(self, function: Function, frame: str) -> None:
        script = function.script
        if script in self._names and script not in self._accessors.modules:
            self._accessors.modules[script] = await self._made(frame, self._names[script])
        if function.number in self._names:
            accessors = await self._made(frame, self._names[function.number])
            twin = await self._twin_of(function, accessors)
            if twin is not None:
                self._accessors.functions[twin.number] = accessors
        for name in function.private.intersection(self._private_names):
            accessor = f"({{{_literal(name)}: [(o) => o.{name}, (o, v) => {{ o.{name} = v }}]}})"
            try:
                handle = await self._on_frame(frame, accessor)
            except InspectorError:
                continue  # not in the body of that class
            self._accessors.private.setdefault(name, []).append(handle)

    async def _twin_of(self, function: Function, accessors: str) -> Function | None:
        """Return which of the functions that were made of the same text has been called, None for one made later.

        A variable in its scope is given a mark for a moment, and each of them is asked whether it sees that.
        """
        twins = [each for each in self._scopes.functions if each.location == function.location]
        if len(twins) == 1 and self._calls[function.location] == 1:
            return function
        marked = await self._on_accessors(accessors, _MARK)
        try:
            for twin in twins if marked.get("value") else ():
                seen = await self._scopes.seen_by(twin, with_module=False)
                if any(value.get("value") == _MARKER for _, value in seen):
                    return twin
            return None
        finally:
            await self._on_accessors(accessors, _UNMARK)

    async def _on_accessors(self, accessors: str, declaration: str) -> Result:
        told = await self._isolate.inspector.call(
            "Runtime.callFunctionOn", objectId=accessors, functionDeclaration=declaration, silent=True
        )
        result: Result = told["result"]
        return result

    async def _made(self, frame: str, names: Iterable[str]) -> str:
        pairs = (f"{_literal(name)}: [() => {name}, (v$) => {{ {name} = v$ }}]" for name in names)
        return await self._on_frame(frame, f"({{{', '.join(pairs)}}})")

    async def _on_frame(self, frame: str, expression: str) -> str:
        told = await self._isolate.inspector.call(
            "Debugger.evaluateOnCallFrame", callFrameId=frame, expression=expression
        )
        handle: str = told["result"]["objectId"]
        return handle

    async def put_back(self, at: int, binding: Binding, keeper: str) -> None:
        """Return a variable its value back, which the keeper knows by its number."""
        for accessors in self._accessors_of(binding):
            holder = [] if binding.holder is None else [{"objectId": binding.holder}]
            try:
                await self._isolate.inspector.call(
                    "Runtime.callFunctionOn",
                    objectId=keeper,
                    functionDeclaration="function (at, all, name, holder) { this.set(at, all[name], holder) }",
                    arguments=[{"value": at}, {"objectId": accessors}, {"value": binding.name}, *holder],
                    silent=True,
                )
            except InspectorError:
                continue  # a constant, which is imported; or another class's field of that name
            if binding.holder is None:
                return

    def _accessors_of(self, binding: Binding) -> list[str]:
        if binding.function is None:
            return self._accessors.private.get(binding.name, [])
        if binding.is_module:
            module = self._accessors.modules.get(binding.function.script)
            return [] if module is None else [module]
        mine = self._accessors.functions.get(binding.function.number)
        return [] if mine is None else [mine]


def _literal(name: str) -> str:
    """Return a name as a JavaScript string."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
