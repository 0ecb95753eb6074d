"""Read and write variables in the scopes of a worker's functions.

The inspector reads variables anywhere, but writes them only in a paused call. So the first call of each function that
can see a variable is paused for two milliseconds, and accessors are created in its scope, which stay valid.
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

_OUTSIDE_OF_LOADING: Final = r"""(() => {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = Infinity;
  const { stack } = new Error();
  Error.stackTraceLimit = limit;
  return !/\n    at (?!async )[^()\n]*:\d+:\d+$/.test(stack);
})()"""
"""The condition of a breakpoint: false while a module is evaluated, whose frame has no function's name.

workerd aborts if a module that is imported later is paused (measured on 1.20261023.1 and 1.20261117.1): every command
then throws an exception that nothing catches. Callbacks without a name are left out likewise.
"""

_RETURNS: Final = 4
"""Return statements of a function that get a breakpoint."""

_CALLS: Final = 32
"""Maximum paused calls of functions with the same source text; each takes two milliseconds."""


@dataclass(slots=True)
class _Accessors:
    """Handles of accessor objects: of a module, of one function, or of private fields by name."""

    modules: dict[str, str] = field(default_factory=dict)
    functions: dict[int, str] = field(default_factory=dict)
    private: dict[str, list[str]] = field(default_factory=dict)


class Access:
    """The accessors of one isolate, created as its functions are called."""

    def __init__(self, isolate: Isolate, scopes: Scopes) -> None:
        """Take the isolate and its scopes; `watch` sets the breakpoints."""
        self._isolate = isolate
        self._scopes = scopes
        self._accessors = _Accessors()
        self._names: dict[str | int, list[str]] = {}
        self._private_names: frozenset[str] = frozenset()
        self._breakpoints: dict[str, Function] = {}
        self._has_paused = False
        self._waiting: dict[tuple[str, int, int], Function] = {}
        """The functions whose first call is awaited, by location."""

        self._calls: dict[tuple[str, int, int], int] = {}

    async def watch(self, bindings: Iterable[Binding]) -> None:
        """Pause at the first call of each function that can see a variable.

        Constants, classes and functions need no accessor; a variable mistaken for one is reported as not restored.
        """
        self._isolate.inspector.paused = self._paused
        found = list(bindings)
        self._private_names = frozenset(each.name for each in found if each.holder is not None)
        self._names = self._scopes.changeable(found)
        # Functions with the same source text share a breakpoint.
        self._waiting = {each.location: each for each in self._scopes.functions if self._reaches(each)}
        await self._isolate.gather(partial(self._find_places, each) for each in self._waiting.values())
        await self._break_at(self._waiting.values())

    def _reaches(self, function: Function) -> bool:
        """Return whether a call of the function is needed to reach an assignable variable."""
        return function.script in self._names or self._reaches_more(function)

    def _reaches_more(self, function: Function) -> bool:
        """Return whether a call is needed for more than the variables of its module."""
        return function.number in self._names or not function.private.isdisjoint(self._private_names)

    async def _find_places(self, function: Function) -> None:
        """Find the breakpoint locations at a function's start and returns, because the first may lie in a branch.

        Breakpoints on the call of a function were sometimes not hit (measured).
        """
        start = {"scriptId": function.script, "lineNumber": function.line, "columnNumber": function.column}
        try:
            reply = await self._isolate.inspector.call(
                "Debugger.getPossibleBreakpoints", start=start, restrictToFunction=True
            )
        except InspectorError:
            return  # variables that only this function sees are then reported as not restored
        first, *others = reply["locations"] or [None]
        returns = [each for each in others if each.get("type") == "return" and self._reaches_more(function)]
        function.places = [] if first is None else [first, *returns[:_RETURNS]]

    async def _break_at(self, functions: Iterable[Function]) -> None:
        async def one(function: Function, place: Result) -> None:
            try:
                reply = await self._isolate.inspector.call(
                    "Debugger.setBreakpoint", location=place, condition=_OUTSIDE_OF_LOADING
                )
            except InspectorError:
                return
            self._breakpoints[reply["breakpointId"]] = function

        await self._isolate.gather(partial(one, each, place) for each in functions for place in each.places)

    async def _remove(self, functions: Iterable[Function]) -> None:
        numbers = {each.number for each in functions}
        removed = [name for name, each in self._breakpoints.items() if each.number in numbers]
        for name in removed:
            del self._breakpoints[name]
        await self._isolate.gather(
            partial(self._isolate.quietly, "Debugger.removeBreakpoint", breakpointId=name) for name in removed
        )

    async def _paused(self, reply: Result) -> None:
        """Create accessors in the scope of the function that was just called, and resume it.

        The debugger numbers breakpoints from 1 in each of its threads, and a removal may hit another one with the same
        number (measured: in 30 % of the runs). In the first pause all are therefore removed and those still needed are
        set again by one thread; from then on each can be removed by itself.
        """
        try:
            # The frame identifies the function; the list of hit breakpoints is unreliable for the same reason.
            frame = reply["callFrames"][0]
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
                done = self._stop_waiting(function)
            if is_first:
                await self._break_at(self._waiting.values())
            else:
                await self._remove(done)
        except (InspectorError, LookupError):
            pass  # what cannot be reached is reported as not restored
        finally:
            await self._isolate.quietly("Debugger.resume")

    def _stop_waiting(self, called: Function) -> list[Function]:
        """Stop waiting for a function that has been reached, and for those that only see the same module."""
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
            self._accessors.modules[script] = await self._create(frame, self._names[script])
        if function.number in self._names:
            accessors = await self._create(frame, self._names[function.number])
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
        """Return which function with this source text was called, or None for one created later.

        A variable in its scope is marked for a moment, and each candidate's scope is checked for the mark.
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
        reply = await self._isolate.inspector.call(
            "Runtime.callFunctionOn", objectId=accessors, functionDeclaration=declaration, silent=True
        )
        result: Result = reply["result"]
        return result

    async def _create(self, frame: str, names: Iterable[str]) -> str:
        pairs = (f"{_literal(name)}: [() => {name}, (v$) => {{ {name} = v$ }}]" for name in names)
        return await self._on_frame(frame, f"({{{', '.join(pairs)}}})")

    async def _on_frame(self, frame: str, expression: str) -> str:
        reply = await self._isolate.inspector.call(
            "Debugger.evaluateOnCallFrame", callFrameId=frame, expression=expression
        )
        handle: str = reply["result"]["objectId"]
        return handle

    async def put_back(self, at: int, binding: Binding, keeper: str) -> None:
        """Restore a variable's value, which the keeper holds by number."""
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
                continue  # an imported constant, or another class's field with that name
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
    """Return a name as a JavaScript string literal."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
