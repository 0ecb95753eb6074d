"""What a project binds, as wrangler reads it: which workers are not there, and what is on Cloudflare only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from poc_cli.errors import TargetError

_SIMULATED: Final = frozenset(
    {
        "analytics_engine",
        "assets",
        "d1",
        "hyperdrive",
        "images",
        "kv_namespace",
        "pipeline",
        "queue",
        "r2_bucket",
        "ratelimit",
        "secrets_store_secret",
        "send_email",
        "workflow",
    }
)
"""The types of bindings for which wrangler has a simulator, which begins empty."""

_WORKERS: Final = frozenset({"service", "durable_object_namespace", "workflow"})
_BROWSER: Final = "browser"

_ALWAYS_REMOTE: Final = frozenset({"ai", "ai_search", "ai_search_namespace", "media", "vectorize", "vpc_service"})
"""The types of bindings that exist on Cloudflare only, whether or not the project says `remote`."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A binding or a tail consumer; `script` is the worker that it names, if any, with an entrypoint or a class."""

    name: str
    type: str
    remote: bool = False
    script: str | None = None
    entrypoint: str | None = None
    class_name: str | None = None

    @property
    def target(self) -> str:
        """Return the worker that it names, as wrangler writes it."""
        part = self.entrypoint or self.class_name
        return f"{self.script}#{part}" if part else str(self.script)


@dataclass(frozen=True, slots=True)
class Absent:
    """A worker that a project binds and that does not run here, with what is expected of it."""

    script: str
    entrypoints: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    """Classes of Durable Objects."""

    has_workflows: bool = False


def bindings_of(reply: Iterable[Mapping[str, Any]]) -> tuple[Binding, ...]:
    """Return the bindings of the workers that the control script reports."""
    return tuple(
        Binding(
            each["name"],
            each["type"],
            each.get("remote") is True,
            each.get("service") or each.get("script_name"),
            each.get("entrypoint"),
            each.get("class_name"),
        )
        for worker in reply
        for each in worker["bindings"]
    )


def absent(bindings: Sequence[Binding], there: Sequence[str]) -> tuple[Absent, ...]:
    """Return the workers that are bound and are not among those that run, in order of their names."""
    missing = [each for each in bindings if each.script is not None and each.script not in there]

    def of(script: str, kind: str) -> list[Binding]:
        return [each for each in missing if (each.script, each.type) == (script, kind)]

    return tuple(
        Absent(
            script,
            _distinct(each.entrypoint for each in missing if each.script == script),
            _distinct(each.class_name for each in of(script, "durable_object_namespace")),
            bool(of(script, "workflow")),
        )
        for script in sorted({str(each.script) for each in missing})
    )


def _distinct(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in names if each is not None))


def raise_if_remote(bindings: Sequence[Binding], config: str) -> None:
    """Raise TargetError if a binding is marked as remote."""
    remote = [f"{each.name} ({each.type})" for each in bindings if each.remote]
    if remote:
        raise TargetError(
            f"{config} has bindings to remote resources on Cloudflare, which poc does not use: {', '.join(remote)}",
            "leave out --remote-bindings refuse to simulate them, or choose an environment without them",
        )


def notes(bindings: Sequence[Binding], there: Sequence[str]) -> list[str]:
    """Return what the user has to know: what is simulated instead of remote, and which workers are not connected."""
    missing = {each.script for each in absent(bindings, there)}
    services = [f"{each.name} ({each.target})" for each in bindings if each.script in missing]
    remote = [each for each in bindings if each.remote and each.type not in _WORKERS]
    empty = [each.name for each in remote if each.type in _SIMULATED]
    browsers = [each.name for each in remote if each.type == _BROWSER]
    failing = [
        f"{each.name} ({each.type})"
        for each in bindings
        if each.type in _ALWAYS_REMOTE or (each in remote and each.type not in _SIMULATED | {_BROWSER})
    ]
    parts = [
        _part(empty, "is an empty simulation", "are empty simulations"),
        _part(browsers, "starts a Chrome on this machine", "start a Chrome on this machine"),
        _part(failing, "fails when used", "fail when used"),
    ]
    said = []
    if any(parts):
        said.append(f"poc: nothing on Cloudflare is used: {'; '.join(part for part in parts if part)}")
    if services:
        said.append(f"poc: [not connected] {', '.join(services)}: no such worker runs here, and calls to it fail")
    return said


def _part(names: Sequence[str], singular: str, plural: str) -> str:
    return f"{', '.join(names)} {singular if len(names) == 1 else plural}" if names else ""
