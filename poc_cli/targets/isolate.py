"""One isolate as the inspector shows it: its objects, their properties, and the texts of its scripts."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, TypeVar

from poc_cli.targets.inspector import Inspector, InspectorError, Result

T = TypeVar("T")

_BUILT_IN: Final = ("node-internal:", "cloudflare-internal:", "node:", "cloudflare:", "workerd:", "internal:")
"""Beginnings of the names of the runtime's own scripts."""

_AT_ONCE: Final = 256
"""Commands that are under way at a time; each is answered in a tenth of a millisecond."""


class Isolate:
    """What can be asked of an isolate."""

    def __init__(self, inspector: Inspector) -> None:
        """Take its inspector."""
        self.inspector = inspector
        self.sources: dict[str, list[str]] = {}
        """The lines of the scripts whose text was asked for."""

        self._limit = asyncio.Semaphore(_AT_ONCE)

    @property
    def own_scripts(self) -> list[str]:
        """Return the ids of the scripts that are the worker's."""
        return [each for each in self.inspector.scripts if not self.is_built_in(each)]

    async def all_of(self, prototype: str) -> str:
        """Return a list of all objects of the isolate that inherit from a prototype."""
        found = await self.evaluate(prototype)
        told = await self.inspector.call("Runtime.queryObjects", prototypeObjectId=found["objectId"])
        handle: str = told["objects"]["objectId"]
        return handle

    async def evaluate(self, expression: str) -> Result:
        """Return the value of an expression in the global scope."""
        told = await self.inspector.call(
            "Runtime.evaluate", expression=expression, contextId=self.inspector.context, silent=True
        )
        result: Result = told["result"]
        return result

    async def properties(self, handle: str) -> list[Result]:
        """Return the properties of an object or a scope."""
        told = await self.inspector.call("Runtime.getProperties", objectId=handle, ownProperties=True)
        found: list[Result] = told["result"]
        return found

    async def elements(self, handle: str) -> list[Result]:
        """Return the elements of a list."""
        return [each["value"] for each in await self.properties(handle) if each["name"].isdigit()]

    async def internal_properties(self, handle: str) -> dict[str, Result]:
        """Return what the inspector shows of an object beside its properties, by its names."""
        told = await self.inspector.call("Runtime.getProperties", objectId=handle, ownProperties=True)
        return {each["name"]: each["value"] for each in told.get("internalProperties", []) if "value" in each}

    async def gather(self, calls: Iterable[Callable[[], Awaitable[T]]]) -> list[T]:
        """Return the results of many calls, of which only so many are under way at a time."""

        async def one(call: Callable[[], Awaitable[T]]) -> T:
            async with self._limit:
                return await call()

        return await asyncio.gather(*(one(call) for call in calls))

    async def source(self, script: str) -> list[str]:
        """Return the lines of a script."""
        if script not in self.sources:
            told = await self.inspector.call("Debugger.getScriptSource", scriptId=script)
            self.sources[script] = told["scriptSource"].split("\n")
        return self.sources[script]

    def is_built_in(self, script: str) -> bool:
        """Return whether a script is one of the runtime's own."""
        name = self.inspector.scripts.get(script, "")
        return not name or name.startswith(_BUILT_IN)

    async def quietly(self, method: str, **parameters: Any) -> None:
        """Return a command whose failure changes nothing."""
        try:
            await self.inspector.call(method, **parameters)
        except InspectorError:
            return


def argument(value: Result) -> Result:
    """Return a value that the inspector told as an argument of a call."""
    for name in ("objectId", "unserializableValue", "value"):
        if name in value:
            return {name: value[name]}
    return {}
