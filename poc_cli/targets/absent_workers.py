"""Workers that stand for those that a project binds and that do not run here: every call of them fails with a name."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from poc_cli.targets.bindings import Absent
from poc_cli.targets.workerd_config import quoted

_REFERENCE: Final = re.compile(rb"core:user:([^\0\s\"'`$]+)\0")
"""A service's name in a compiled configuration, where a text ends with a null byte and begins at a word."""

_WORD: Final = 8

USER: Final = "core:user:"
"""The prefix of a worker's name in the simulator's service names."""

_REGISTRY: Final = "dev-registry-proxy"
_REGISTRY_ENTRYPOINT: Final = "ExternalServiceProxy"
"""The service to which the simulator of workflows sends what belongs to a worker that is not there."""

_CODE: Final = """\
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
const reason = REASON;
function failing(Base) {
  return class extends Base {
    constructor(ctx, env) {
      super(ctx, env);
      return new Proxy(this, {
        get(target, name) {
          if (name in target || typeof name !== "string") return Reflect.get(target, name);
          return () => { throw new Error(reason); };
        },
      });
    }
    fetch() { return new Response(reason, { status: 503 }); }
    tail() {}
    tailStream() { return () => {}; }
  };
}
export default failing(WorkerEntrypoint);
"""


def referenced(message: bytes) -> set[str]:
    """Return the names of all workers that a compiled configuration mentions."""
    found = (match for match in _REFERENCE.finditer(message) if match.start() % _WORD == 0)
    return {match[1].decode("utf-8", "replace") for match in found}


@dataclass(frozen=True, slots=True)
class StandIn:
    """A worker without code of its own: its name in the configuration, and the names of workers for its errors."""

    name: str
    label: str
    entrypoints: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """Return its module."""
        reason = f'the worker "{self.label}" is not connected: it does not run here'
        parts = [_CODE.replace("REASON", json.dumps(reason))]
        named = {name: "WorkerEntrypoint" for name in self.entrypoints if name != "default"}
        for index, (name, base) in enumerate((named | dict.fromkeys(self.classes, "DurableObject")).items()):
            parts.append(f"const part{index} = failing({base});\nexport {{ part{index} as {json.dumps(name)} }};\n")
        return "".join(parts)

    def service(self, file: str) -> str:
        """Return its definition in a configuration; `file` has its module."""
        objects = ", ".join(
            f"(className = {quoted(each)}, uniqueKey = {quoted(f'{self.name}-{each}')}, enableSql = true)"
            for each in self.classes
        )
        return (
            f"    (name = {quoted(USER + self.name)}, worker = (\n"
            f'      modules = [(name = "absent.js", esModule = embed {quoted(file)})],\n'
            f'      compatibilityDate = "2026-10-01", compatibilityFlags = ["experimental"],\n'
            f"      durableObjectNamespaces = [{objects}], durableObjectStorage = (inMemory = void),\n"
            f"    )),\n"
        )


def stand_ins(message: bytes, defined: Iterable[str], missing: Sequence[Absent]) -> list[StandIn]:
    """Return what stands for the workers that a compiled configuration mentions and does not define.

    `defined` are the names of its services, `missing` what is known about the workers.
    """
    known = {each.script: StandIn(each.script, each.script, each.entrypoints, each.classes) for each in missing}
    far = [each.script for each in missing if each.has_workflows]
    known[_REGISTRY] = StandIn(_REGISTRY, ", ".join(far), (_REGISTRY_ENTRYPOINT,))
    wanted = referenced(message) - {each.removeprefix(USER) for each in defined}
    return [known.get(name) or StandIn(name, name) for name in sorted(wanted)]
