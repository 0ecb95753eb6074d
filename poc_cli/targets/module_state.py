"""Save the module state of an isolate after loading, compare it later, and restore it.

Module state outlives a Durable Object's memory without being stored: variables of modules and of closures created at
load, static and private fields, properties of the global object and of `env`, and everything reachable from these. A
shallow copy of every object that exists after loading saves the whole graph. Variables cannot be written from outside,
so the first call of each function that can see one is paused for a moment, and an accessor is created in its scope.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx

from poc_cli.residency.trace import Place
from poc_cli.targets.accessors import Access
from poc_cli.targets.endpoint import Endpoint
from poc_cli.targets.inspector import ANSWERS_WITHIN_SECONDS, Inspector, InspectorError, Result, open_inspector
from poc_cli.targets.isolate import Isolate, argument
from poc_cli.targets.late_modules import load_module
from poc_cli.targets.object_kinds import is_bound, kind_of
from poc_cli.targets.scopes import WORD, Binding, Scopes
from poc_cli.targets.worker import Worker
from poc_cli.targets.workerd_config import Services

Locate = Callable[[str, int, int], Place | None]
"""Maps a script's line and column, both counted from 1, to a location in the project's source."""

_KEEPER: Final = Path(__file__).with_name("module_state.js")

_ROUNDS: Final = 50
"""Maximum nesting depth of objects without a prototype."""

_OWN_META: Final = re.compile(r"\bimport\.meta\b(?!\.(?:dirname|env|filename|main|resolve|url)\b)")
"""A use of `import.meta` other than of what the runtime and bundlers put there."""

_STREAMS: Final = re.compile(r"\bdecode\([^;]*\bstream\b")

_INTERNAL: Final = frozenset({"generator", "promise", "iterator"})
"""Kinds whose state only the inspector shows, and which cannot be restored."""

_HOLDERS: Final = frozenset({"proxy", "promise", "weakref", "generator", "iterator"})
_HELD: Final = frozenset(
    {
        "[[Target]]",
        "[[Handler]]",
        "[[PromiseResult]]",
        "[[TargetFunction]]",
        "[[BoundThis]]",
        "[[BoundArgs]]",
        "[[WeakRefTarget]]",
        "[[GeneratorReceiver]]",
    }
)
"""Subtypes that refer to other objects through internal properties, and the names of those properties."""

_WEAK: Final = frozenset({"weakmap", "weakset"})
"""Kinds whose entries only the inspector lists."""

_MOST_ARGUMENTS: Final = 10_000
"""Arguments of one call: they lie on V8's stack, which holds some hundred thousand; a TanStack Start app has more."""

_MOST: Final = 200_000
"""Maximum number of objects; more would take too long."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A piece of module state by name, with the location of its declaration if known."""

    name: str
    place: Place | None = None

    @property
    def recorded(self) -> dict[str, Any]:
        """Return the variable as recorded in the history."""
        place = self.place
        return {"name": self.name} | ({} if place is None else {"script": place.script, "line": place.line})


@dataclass(frozen=True, slots=True)
class Difference:
    """What differed from the state at load, and what of it could not be restored."""

    changed: tuple[Variable, ...] = ()
    left: tuple[Variable, ...] = ()
    late: tuple[str, ...] = ()
    """The names of the modules that have been loaded since."""


@dataclass(slots=True)
class _Internal:
    """An object whose state only the inspector shows."""

    handle: str
    kind: str
    state: str = ""


class WorkerState:
    """The module state of a worker, in all its isolates of one process."""

    def __init__(self, isolates: Sequence["ModuleState"]) -> None:
        self._isolates = isolates

    @classmethod
    async def keep(cls, port: int, worker: Worker, ours: Services, modules: Sequence[str] = ()) -> "WorkerState":
        """Save the state of a worker that is loaded and has not run yet, with these modules loaded too.

        Raises InspectorError.
        """
        pages = await _pages(port)
        isolates: list[ModuleState] = []
        try:
            ordinary = await _global_names(pages[ours.fence])
            for service in [each for each in pages if worker.is_isolate(each)]:
                inspector = await open_inspector(pages[service])
                isolates.append(ModuleState(inspector, partial(worker.place_of, service)))
                await isolates[-1].keep(ordinary)
                await isolates[-1].load(modules, ordinary)
                await isolates[-1].watch()
        except BaseException as error:
            await cls(isolates).close()
            if isinstance(error, LookupError | TypeError):
                raise InspectorError(f"unexpected reply from the inspector: {error!r}") from error
            raise
        return cls(isolates)

    async def put_back(self) -> Difference:
        """Restore the state at load, and return what differed. Raises InspectorError."""
        try:
            found = [await each.put_back() for each in self._isolates]
        except (LookupError, TypeError) as error:
            raise InspectorError(f"unexpected reply from the inspector: {error!r}") from error
        return Difference(
            _distinct(each for difference in found for each in difference.changed),
            _distinct(each for difference in found for each in difference.left),
            tuple(dict.fromkeys(each for difference in found for each in difference.late)),
        )

    async def close(self) -> None:
        """Close the inspectors; the worker continues to run."""
        for each in self._isolates:
            await each.close()


async def _pages(port: int) -> dict[str, str]:
    """Return the inspector URL of each isolate, by service name. Raises InspectorError."""
    try:
        async with Endpoint(f"http://127.0.0.1:{port}").client(ANSWERS_WITHIN_SECONDS) as client:
            listed = (await client.get(f"http://127.0.0.1:{port}/json")).json()
        return {str(each["id"]): str(each["webSocketDebuggerUrl"]) for each in listed}
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        raise InspectorError(f"cannot list the isolates of the inspector: {error!r}") from error


async def _global_names(page: str) -> list[str]:
    """Return the names of the global properties of a worker that adds none."""
    inspector = await open_inspector(page)
    try:
        names = "Reflect.ownKeys(globalThis).filter((key) => typeof key === 'string')"
        reply = await inspector.call(
            "Runtime.evaluate", expression=names, contextId=inspector.context, returnByValue=True, silent=True
        )
        found: list[str] = reply["result"]["value"]
        return found
    finally:
        await inspector.close()


class ModuleState:
    """The module state of one isolate."""

    def __init__(self, inspector: Inspector, locate: Locate) -> None:
        """Take the inspector of an isolate in which the worker is loaded and has not run yet."""
        self._isolate = Isolate(inspector)
        self._locate = locate
        self._forget()

    def _forget(self) -> None:
        """Drop what was saved."""
        self._scopes = Scopes(self._isolate)
        self._access = Access(self._isolate, self._scopes)
        self._keeper = ""
        self._bindings: list[Binding] = []
        self._internals: list[_Internal] = []
        self._weak: list[_Internal] = []
        self._environments: list[tuple[Binding, Result]] = []
        self._private: list[str] = []
        self._meta = False
        """Whether the worker's source may keep something in `import.meta`, which no scope shows."""
        self._streams = False
        """Whether it may give a `TextDecoder` half a character."""
        self._loaded: set[str] = set()
        """The scripts that existed after loading."""

    async def close(self) -> None:
        """Close the inspector; the worker continues to run."""
        await self._isolate.inspector.close()

    async def keep(self, ordinary: Sequence[str]) -> None:
        """Save the current state; `ordinary` lists the global properties of a worker that adds none.

        Raises InspectorError.
        """
        objects = await self._isolate.all_of("Object.prototype")
        self._keeper = (await self._isolate.evaluate(_KEEPER.read_text(encoding="utf-8")))["objectId"]
        await self._scopes.find()
        await self._ask("keepGlobal", [{"value": list(ordinary)}, {"value": await self._mentioned(ordinary)}])
        scopes = await self._scopes.values()
        listed = await self._call("environments", [{"objectId": objects}], by_value=False)
        environments = await self._isolate.elements(listed["objectId"])
        self._environments = [(Binding("env", None, is_module=False), each) for each in environments]
        scopes += self._environments
        own = [{"objectId": each.handle} for each in self._scopes.functions]
        wasm = await self._call("wasm", [{"objectId": objects}], by_value=False)
        instances = await self._isolate.elements(wasm["objectId"])
        await self._keep_all([*(value for _, value in scopes), *own, *instances])
        private = await self._keep_private()
        bindings = [*scopes, *private]
        self._bindings = [binding for binding, _ in bindings]
        await self._bind([value for _, value in bindings])
        for each in self._internals:
            each.state = await self._internal_state(each)
        for number, each in enumerate(self._weak):
            await self._weakly("keepWeak", number, each)
        await self._ask("keepRest", [{"objectId": objects}])
        self._loaded = set(self._isolate.inspector.scripts)

    async def load(self, modules: Sequence[str], ordinary: Sequence[str]) -> None:
        """Load modules that the worker has not loaded yet, and save the state again after each. Raises InspectorError.

        One that changes what was there before, or fails, stays a module that is loaded later: a process that wakes an
        object does not have what it changed until it loads it too.
        """
        for name in modules:
            if name in {self._isolate.inspector.scripts[each] for each in self._loaded}:
                continue
            evaluated = await load_module(self._isolate, name)
            if evaluated is None:
                continue  # of another isolate
            if not evaluated or any(await self._differences()):
                return
            self._forget()
            await self.keep(ordinary)

    async def watch(self) -> None:
        """Note from now on the calls of functions that can write a variable. Raises InspectorError."""
        await self._access.watch(self._bindings)

    async def _bind(self, values: list[Result]) -> None:
        """Save the values of all bindings with their names."""
        # An imported variable gets the name of its declaration.
        order = sorted(range(len(values)), key=lambda at: not self._scopes.is_declared(self._bindings[at]))
        given = [argument(value) for value in values]

        async def bind() -> None:
            labels = [each.label for each in self._bindings]
            await self._ask("bind", [{"value": labels}, {"value": order}, await self._listed(given)])

        await bind()
        private = [each for each in self._bindings if each.holder is not None]
        for each in private:
            root = (await self._ask("named", [{"objectId": each.holder}]))["root"]
            each.owner = self._bindings[root] if root >= 0 and self._bindings[root] is not each else None
        if private:
            await bind()

    async def put_back(self) -> Difference:
        """Restore the state at load, and return what differed. Raises InspectorError."""
        await self._isolate.inspector.call("Debugger.setSkipAllPauses", skip=True)
        try:
            return await self._put_back()
        finally:
            await self._isolate.inspector.call("Debugger.setSkipAllPauses", skip=False)

    async def _differences(self) -> tuple[list[Result], list[int], list[_Internal], list[int]]:
        """Return the objects, bindings, internal states and weak collections that differ from those at load."""
        await self._ask("reset", [])
        changes = await self._ask("changes", [])
        rebound = await self._rebound()
        internals = [each for each in self._internals if await self._internal_state(each) != each.state]
        weak = [at for at, each in enumerate(self._weak) if await self._weakly("weakDiffers", at, each)]
        return changes, rebound, internals, weak

    async def _put_back(self) -> Difference:
        changes, rebound, internals, weak = await self._differences()
        late = [each for each in self._isolate.own_scripts if each not in self._loaded]
        hidden = await self._ask("hidden", [{"value": self._streams}])
        if not any((changes, rebound, internals, weak, hidden, late, self._meta)):
            return Difference()
        left = await self._ask("putBack", [])
        for at in weak:
            await self._weakly("putBackWeak", at, self._weak[at])
        for at in rebound:
            await self._access.put_back(at, self._bindings[at], self._keeper)
        still = await self._rebound() if rebound else []
        unknown = [await self._internal_name(each) for each in internals]
        unknown += [await self._object(each) for each in hidden]
        unknown += [Variable(f"the module {self._isolate.inspector.scripts[each]}, loaded later") for each in late]
        unknown += [Variable("import.meta")] if self._meta else []
        refilled = [await self._internal_name(self._weak[at]) for at in weak]
        return Difference(
            _distinct([*(await self._objects(changes)), *(await self._variables(rebound)), *refilled, *unknown]),
            _distinct([*(await self._objects(left)), *(await self._variables(still)), *unknown]),
            tuple(self._isolate.inspector.scripts[each] for each in late),
        )

    async def _keep_all(self, roots: list[Result]) -> None:
        """Save all objects reachable from the roots."""
        own = {each.name for each in self._scopes.functions}
        arguments = [argument(value) for value in roots]
        for _ in range(_ROUNDS):
            objects = (await self._call("beyond", [await self._listed(arguments)], by_value=False))["objectId"]
            listed = await self._isolate.elements(objects)
            if not listed:
                return
            if len(listed) > _MOST:
                raise InspectorError(f"the worker's modules hold more than {_MOST} objects")
            await self._ask("keep", [{"objectId": objects}, {"value": [kind_of(each, own) for each in listed]}])
            arguments += await self._held_within(listed)
            for each in listed:
                if each.get("subtype") in _INTERNAL:
                    self._internals.append(_Internal(each["objectId"], each["subtype"]))
                elif each.get("subtype") in _WEAK:
                    self._weak.append(_Internal(each["objectId"], each["subtype"]))

    async def _held_within(self, listed: list[Result]) -> list[Result]:
        """Return what proxies, promises, bound functions and similar objects refer to, as call arguments."""
        opaque = [each for each in listed if each.get("subtype") in _HOLDERS or is_bound(each)]
        found = await self._isolate.gather(
            partial(self._isolate.internal_properties, each["objectId"]) for each in opaque
        )
        held = (value for internal in found for name, value in internal.items() if name in _HELD)
        return [argument(value) for value in held if "objectId" in value]

    async def _mentioned(self, names: Sequence[str]) -> list[str]:
        """Return the names that occur in the worker's source text."""
        words: set[str] = set()
        for script in dict.fromkeys(each.script for each in self._scopes.functions):
            text = "\n".join(await self._isolate.source(script))
            words.update(WORD.findall(text))
            self._meta |= _OWN_META.search(text) is not None
            self._streams |= _STREAMS.search(text) is not None
        return [name for name in names if name in words]

    async def _keep_private(self) -> list[tuple[Binding, Result]]:
        """Save the objects in private fields, and return the fields."""
        found: list[tuple[Binding, Result]] = []
        for _ in range(_ROUNDS):
            self._private = await self._with_private()
            before, found = len(found), await self._private_values()
            if len(found) == before:
                break
            await self._keep_all([value for _, value in found])
        return found

    async def _with_private(self) -> list[str]:
        listed = (await self._call("withPrivate", [], by_value=False))["objectId"]
        return [each["objectId"] for each in await self._isolate.elements(listed)]

    async def _private_values(self) -> list[tuple[Binding, Result]]:
        async def of(handle: str) -> list[tuple[Binding, Result]]:
            reply = await self._isolate.inspector.call("Runtime.getProperties", objectId=handle, ownProperties=True)
            fields = [each for each in reply.get("privateProperties", []) if "value" in each]
            return [(Binding(each["name"], None, is_module=False, holder=handle), each["value"]) for each in fields]

        found = await self._isolate.gather(partial(of, handle) for handle in self._private)
        return [each for fields in found for each in fields]

    async def _rebound(self) -> list[int]:
        """Return the numbers of the bindings whose value differs from the one at load."""
        found = [*(await self._scopes.values()), *self._environments, *(await self._private_values())]
        if len(found) != len(self._bindings):
            raise InspectorError("the worker's functions no longer see the variables that they saw")
        numbers: list[int] = await self._ask("rebound", [await self._listed([argument(value) for _, value in found])])
        return numbers

    async def _internal_state(self, each: _Internal) -> str:
        internal = await self._isolate.internal_properties(each.handle)
        reply = [
            f"{name}={value.get('value', value.get('description'))}"
            for name, value in sorted(internal.items())
            if name in {"[[GeneratorState]]", "[[GeneratorLocation]]", "[[PromiseState]]", "[[Entries]]"}
        ]
        scopes = internal.get("[[Scopes]]", {}).get("objectId")
        if each.kind == "generator" and scopes is not None:
            for scope in await self._isolate.properties(scopes):
                if scope.get("value", {}).get("description", "").startswith("Local"):
                    variables = await self._isolate.properties(scope["value"]["objectId"])
                    reply += [f"{variable['name']}={_text(variable.get('value', {}))}" for variable in variables]
        entries = internal.get("[[Entries]]", {}).get("objectId")
        if entries is not None:
            reply += [_text(entry.get("value", {})) for entry in await self._isolate.properties(entries)]
        return "\n".join(reply)

    async def _weakly(self, method: str, number: int, weak: _Internal) -> bool:
        """Call the keeper with a weak collection and its current entries."""
        internal = await self._isolate.internal_properties(weak.handle)
        entries = await self._isolate.elements(internal["[[Entries]]"]["objectId"])
        flat: list[Result] = []
        for each in entries:
            reply = {
                prop["name"]: prop["value"]
                for prop in await self._isolate.properties(each["objectId"])
                if "value" in prop
            }
            flat += [argument(reply.get("key", reply.get("value", {}))), argument(reply.get("value", {}))]
        return bool(await self._ask(method, [{"value": number}, {"objectId": weak.handle}, *flat]))

    async def _objects(self, changes: Sequence[Result]) -> list[Variable]:
        return [await self._object(each) for each in changes]

    async def _object(self, change: Result) -> Variable:
        root = change["root"]
        if root >= 0:
            return Variable(change["path"], await self._place(self._bindings[root]))
        keys = ", ".join(change["keys"])
        tag = change["tag"]
        return Variable(
            change["path"]
            if root == -1
            else f"{tag or 'object'} that no variable names" + (f" ({keys})" if keys else "")
        )

    async def _variables(self, numbers: Sequence[int]) -> list[Variable]:
        return [
            await self._variable(self._bindings[number]) for number in numbers if not self._is_import(number, numbers)
        ]

    def _is_import(self, number: int, numbers: Sequence[int]) -> bool:
        """Return whether a variable is an import of another binding in `numbers`."""
        binding = self._bindings[number]
        function = binding.function
        if function is None or not binding.is_module or self._scopes.is_declared(binding):
            return False
        others = (self._bindings[other] for other in numbers if other != number)
        return any(each.is_module and each.name == binding.name for each in others)

    async def _variable(self, binding: Binding) -> Variable:
        return Variable(binding.label, await self._place(binding))

    async def _internal_name(self, each: _Internal) -> Variable:
        reply = await self._ask("named", [{"objectId": each.handle}])
        if reply["root"] >= 0:
            return Variable(reply["path"], await self._place(self._bindings[reply["root"]]))
        return Variable(reply["path"] or f"a {each.kind} that no variable names")

    async def _place(self, binding: Binding) -> Place | None:
        """Return the location of a variable's declaration, if the script's text shows it."""
        if binding.function is None:
            return None if binding.owner is None else await self._place(binding.owner)
        await self._isolate.source(binding.function.script)
        found = self._scopes.declaration(binding)
        return found and self._locate(self._isolate.inspector.scripts[binding.function.script], *found)

    async def _listed(self, values: list[Result]) -> Result:
        """Return an array of the isolate with these values as an argument; a call takes so many arguments only."""
        held = await self._isolate.inspector.call(
            "Runtime.callFunctionOn", objectId=self._keeper, functionDeclaration="function () { return [] }"
        )
        array: Result = {"objectId": held["result"]["objectId"]}
        for at in range(0, len(values), _MOST_ARGUMENTS):
            await self._isolate.inspector.call(
                "Runtime.callFunctionOn",
                functionDeclaration="function (...part) { this.push(...part) }",
                arguments=values[at : at + _MOST_ARGUMENTS],
                silent=True,
                **array,
            )
        return array

    async def _call(self, method: str, arguments: list[Result], *, by_value: bool) -> Result:
        reply = await self._isolate.inspector.call(
            "Runtime.callFunctionOn",
            objectId=self._keeper,
            functionDeclaration=f"function (...given) {{ return this.{method}(...given) }}",
            arguments=arguments,
            returnByValue=by_value,
            silent=True,
        )
        result: Result = reply["result"]
        return result

    async def _ask(self, method: str, arguments: list[Result]) -> Any:
        return (await self._call(method, arguments, by_value=True)).get("value")


def _text(value: Result) -> str:
    return f"{value.get('type')}:{value.get('value', value.get('unserializableValue', value.get('description')))}"


def _distinct(found: Iterable[Variable]) -> tuple[Variable, ...]:
    return tuple(dict.fromkeys(found))
