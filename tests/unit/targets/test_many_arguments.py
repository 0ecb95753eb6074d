"""How the values of a worker with very many variables reach the script that keeps them."""

import asyncio
from typing import TYPE_CHECKING, Any, cast

from poc_cli.targets.module_state import ModuleState

if TYPE_CHECKING:
    from poc_cli.targets.isolate import Isolate


class _Inspector:
    """Takes calls, and has one array."""

    def __init__(self) -> None:
        self.parts: list[int] = []

    async def call(self, _method: str, **given: Any) -> dict[str, Any]:
        if "arguments" in given:
            assert given["objectId"] == "array"
            self.parts.append(len(given["arguments"]))
        return {"result": {"objectId": "array"}}


class _Isolate:
    inspector = _Inspector()


def test_they_are_handed_over_in_parts() -> None:
    state = ModuleState.__new__(ModuleState)
    state._keeper = "keeper"
    state._isolate = cast("Isolate", _Isolate())
    listed = asyncio.run(state._listed([{"value": 1}] * 25_000))
    assert listed == {"objectId": "array"}
    assert _Isolate.inspector.parts == [10_000, 10_000, 5_000]
