"""Query one isolate through the inspector: objects, properties, and script sources."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice
from typing import Any, Final, TypeVar

from poc_cli.targets.inspector import Inspector, InspectorError, Result

T = TypeVar("T")

_BUILT_IN: Final = ("node-internal:", "cloudflare-internal:", "node:", "cloudflare:", "workerd:", "internal:")
"""Name prefixes of the runtime's own scripts."""

LOADER: Final = "poc-loader"
"""The name of the scripts, in any folder, that load modules of the worker."""

_AT_ONCE: Final = 128
"""Maximum concurrent commands; each takes a tenth of a millisecond."""


class Isolate:
    """Queries of one isolate."""

    def __init__(self, inspector: Inspector) -> None:
        self.inspector = inspector
        self.sources: dict[str, list[str]] = {}
        """The lines of the scripts loaded so far, by script id."""

    @property
    def own_scripts(self) -> list[str]:
        """Return the ids of the worker's own scripts."""
        return [each for each in self.inspector.scripts if not self.is_built_in(each)]

    async def all_of(self, prototype: str) -> str:
        """Return the handle of a list of all objects that inherit from a prototype."""
        found = await self.evaluate(prototype)
        reply = await self.inspector.call("Runtime.queryObjects", prototypeObjectId=found["objectId"])
        handle: str = reply["objects"]["objectId"]
        return handle

    async def evaluate(self, expression: str) -> Result:
        """Return the value of an expression in the global scope."""
        reply = await self.inspector.call(
            "Runtime.evaluate", expression=expression, contextId=self.inspector.context, silent=True
        )
        result: Result = reply["result"]
        return result

    async def properties(self, handle: str) -> list[Result]:
        """Return the properties of an object or a scope."""
        reply = await self.inspector.call("Runtime.getProperties", objectId=handle, ownProperties=True)
        found: list[Result] = reply["result"]
        return found

    async def elements(self, handle: str) -> list[Result]:
        """Return the elements of a list."""
        return [each["value"] for each in await self.properties(handle) if each["name"].isdigit()]

    async def internal_properties(self, handle: str) -> dict[str, Result]:
        """Return the internal properties of an object, such as `[[Scopes]]`, by name."""
        reply = await self.inspector.call("Runtime.getProperties", objectId=handle, ownProperties=True)
        return {each["name"]: each["value"] for each in reply.get("internalProperties", []) if "value" in each}

    async def gather(self, calls: Iterable[Callable[[], Awaitable[T]]]) -> list[T]:
        """Return the results of many calls, run in groups: thousands at once would hold up the event loop."""
        waiting, found = iter(calls), list[T]()
        while group := [*islice(waiting, _AT_ONCE)]:
            found += await asyncio.gather(*(call() for call in group))
        return found

    async def source(self, script: str) -> list[str]:
        """Return the lines of a script."""
        if script not in self.sources:
            reply = await self.inspector.call("Debugger.getScriptSource", scriptId=script)
            self.sources[script] = reply["scriptSource"].split("\n")
        return self.sources[script]

    def is_built_in(self, script: str) -> bool:
        """Return whether a script belongs to the runtime or to us."""
        name = self.inspector.scripts.get(script, "")
        return not name or name.startswith(_BUILT_IN) or name.rpartition("/")[2] == LOADER

    async def quietly(self, method: str, **parameters: Any) -> None:
        """Run a command and ignore its failure."""
        try:
            await self.inspector.call(method, **parameters)
        except InspectorError:
            return


def argument(value: Result) -> Result:
    """Return a value from the inspector in the form of a call argument."""
    for name in ("objectId", "unserializableValue", "value"):
        if name in value:
            return {name: value[name]}
    return {}
