"""Generate workerd's configuration: the worker under test and poc's side-car."""

from collections.abc import Mapping
from dataclasses import dataclass

SIDECAR = """\
// Evicts objects on request, and answers. Its requests also flush the runtime's trace, which is written out
// whenever a context ends; a request to it is therefore a fence. Prints what the worker under test threw and logged.
import unsafe from "workerd:unsafe";
// An object of poc's own: how long it takes to wake shows how fast the machine is, whatever the worker does.
export class Yardstick {
  fetch() {
    return Response.json({ ok: true });
  }
}
export default {
  tail(items, env) {
    for (const { entrypoint, durableObjectId, event, logs, exceptions } of items) {
      if (logs.length + exceptions.length === 0) continue;
      const kind = {
        socket: event?.getWebSocketEvent?.webSocketEventType,
        rpc: event?.rpcMethod,
        url: event?.request?.getUnredacted().url,
        scheduled: event?.scheduledTime !== undefined,
      };
      const report = JSON.stringify({ entrypoint, durableObjectId, kind, logs, exceptions });
      console.log(`${env["poc-tail"]} ${report}`);
    }
  },
  async fetch(request, env) {
    const { class: name, id, webSockets, yardstick } = await request.json();
    if (yardstick) return env[yardstick].get(env[yardstick].idFromName(yardstick)).fetch("http://poc/");
    if (name === undefined) return Response.json({ ok: true });
    const namespace = env[name];
    try {
      await unsafe.evict(namespace.get(namespace.idFromString(id)), { webSockets });
      return Response.json({ ok: true });
    } catch (error) {
      return Response.json({ ok: false, error: String(error) });
    }
  },
};
"""


@dataclass(frozen=True, slots=True)
class Services:
    """The names of poc's services in one runtime."""

    nonce: str

    @property
    def fence(self) -> str:
        """Return the name of the service for fences."""
        return f"poc-fence-{self.nonce}"

    @property
    def tail(self) -> str:
        """Return what begins each line of the log that reports exceptions and console output."""
        return f"poc-tail-{self.nonce}"

    @property
    def evict(self) -> str:
        """Return the name of the service that evicts objects."""
        return f"poc-evict-{self.nonce}"


SUBJECT = "main"
"""The name of the service under test in the trace."""


def quoted(value: str) -> str:
    """Return a text as a literal of the configuration language."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


YARDSTICK = "poc-yardstick"
"""The binding, the namespace and the name of the side-car's own object; like `TAIL_MARK`, it is no class's name."""

TAIL_MARK = "poc-tail"
"""The side-car's binding with the mark of its lines; no class can have this name, so no other binding has it."""


def _sidecar(name: str, objects: Mapping[str, tuple[str, str]], mark: str | None = None) -> str:
    """Return the definition of a side-car bound to objects: (class, service) by binding name.

    With a mark it is its own tail consumer, which `with_tails` makes that of the worker under test, and has the
    yardstick.
    """
    bindings = ", ".join(
        f"(name = {quoted(each)}, "
        f"durableObjectNamespace = (className = {quoted(class_name)}, serviceName = {quoted(service)}))"
        for each, (class_name, service) in objects.items()
    )
    more = ""
    if mark is not None:
        more = (
            f"      tails = [{quoted(name)}],\n"
            f'      durableObjectNamespaces = [(className = "Yardstick", uniqueKey = {quoted(YARDSTICK)})],\n'
            "      durableObjectStorage = (inMemory = void),\n"
        )
        bindings += f"{', ' if bindings else ''}(name = {quoted(TAIL_MARK)}, text = {quoted(mark)})"
        bindings += f', (name = {quoted(YARDSTICK)}, durableObjectNamespace = "Yardstick")'
    return (
        f"    (name = {quoted(name)}, worker = (\n"
        f'      modules = [(name = "sidecar.js", esModule = embed "sidecar.js")],\n'
        f'      compatibilityDate = "2026-10-01", compatibilityFlags = ["experimental", "unsafe_module"],\n'
        f"      bindings = [{bindings}],\n"
        f"{more}"
        f"    )),\n"
    )


def _sidecars(services: Services, objects: Mapping[str, tuple[str, str]]) -> str:
    return _sidecar(services.fence, {}) + _sidecar(services.evict, objects, services.tail)


def _sockets(services: Services) -> str:
    return (
        f'    (name = "fence", address = "unix:fence.sock", http = (), service = {quoted(services.fence)}),\n'
        f'    (name = "evict", address = "unix:evict.sock", http = (), service = {quoted(services.evict)}),\n'
    )


def addition(services: Services, objects: Mapping[str, tuple[str, str]], more: str = "") -> str:
    """Return the configuration text that is joined to a project's configuration: the side-car and its sockets.

    `objects` maps binding names of the side-car to class name and service; `more` are definitions of other services.
    """
    return (
        'using Workerd = import "/workerd/workerd.capnp";\n'
        "const config :Workerd.Config = (\n"
        f"  services = [\n{_sidecars(services, objects)}{more}  ],\n"
        f"  sockets = [\n{_sockets(services)}  ],\n"
        ");\n"
    )


def config(services: Services, classes: list[str]) -> str:
    """Return the configuration text, which imports `/local.capnp` from the worker's folder.

    Sockets: `http` on a free loopback port, and two unix sockets of the side-car beside the configuration.
    """
    return (
        'using Workerd = import "/workerd/workerd.capnp";\n'
        'using Subject = import "/local.capnp";\n'
        "const config :Workerd.Config = (\n"
        "  services = [\n"
        f"    (name = {quoted(SUBJECT)}, worker = Subject.main),\n"
        f"{_sidecars(services, {each: (each, SUBJECT) for each in classes})}"
        '    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),\n'
        '    (name = "disk", disk = (path = "disk", writable = true)),\n'
        "  ],\n"
        "  sockets = [\n"
        f'    (name = "http", address = "127.0.0.1:0", http = (), service = {quoted(SUBJECT)}),\n'
        f"{_sockets(services)}"
        "  ],\n"
        ");\n"
    )
