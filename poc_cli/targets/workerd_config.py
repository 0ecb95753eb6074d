"""Generate workerd's configuration: the worker under test and poc's side-car."""

from collections.abc import Mapping
from dataclasses import dataclass

SIDECAR = """\
// Evicts objects on request, and answers. Its requests also flush the runtime's trace, which is written out
// whenever a context ends; a request to it is therefore a fence.
import unsafe from "workerd:unsafe";
export default {
  async fetch(request, env) {
    const { class: name, id, webSockets } = await request.json();
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
    def evict(self) -> str:
        """Return the name of the service that evicts objects."""
        return f"poc-evict-{self.nonce}"


SUBJECT = "main"
"""The name of the service under test in the trace."""


def quoted(value: str) -> str:
    """Return a text as a literal of the configuration language."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _sidecar(name: str, objects: Mapping[str, tuple[str, str]]) -> str:
    """Return the definition of a side-car bound to objects: (class, service) by binding name."""
    bindings = ", ".join(
        f"(name = {quoted(each)}, "
        f"durableObjectNamespace = (className = {quoted(class_name)}, serviceName = {quoted(service)}))"
        for each, (class_name, service) in objects.items()
    )
    return (
        f"    (name = {quoted(name)}, worker = (\n"
        f'      modules = [(name = "sidecar.js", esModule = embed "sidecar.js")],\n'
        f'      compatibilityDate = "2026-10-01", compatibilityFlags = ["experimental", "unsafe_module"],\n'
        f"      bindings = [{bindings}],\n"
        f"    )),\n"
    )


def _sidecars(services: Services, objects: Mapping[str, tuple[str, str]]) -> str:
    return _sidecar(services.fence, {}) + _sidecar(services.evict, objects)


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
