"""Writes the configuration with which workerd serves one version of a Worker."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.standin.account import Version
from tests.standin.migrations import Class

TAIL: Final = "tail.js"
"""The name of the file that the tail Worker's module stands in."""


def file_name(number: int) -> str:
    """Return the name of the file that the module of this number stands in."""
    return f"module-{number}"


def text(value: str) -> str:
    """Return a string as Cap'n Proto's text format writes it."""
    escaped = "".join(_ESCAPES.get(each, each) if each >= " " else f"\\x{ord(each):02x}" for each in value)
    return f'"{escaped}"'


_ESCAPES: Final = {"\\": "\\\\", '"': '\\"'}


def _binding(binding: Mapping[str, Any]) -> str | None:
    name, kind = text(str(binding["name"])), binding["type"]
    match kind:
        case "plain_text" | "secret_text":
            return f"(name = {name}, text = {text(binding['text'])})"
        case "json":
            return f"(name = {name}, json = {text(json.dumps(binding['json']))})"
        case "durable_object_namespace":
            return f"(name = {name}, durableObjectNamespace = {text(binding['class_name'])})"
    return None


def unserved(bindings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of bindings that the stand-in cannot serve."""
    served = {"plain_text", "secret_text", "json", "durable_object_namespace"}
    return [
        str(each["name"])
        for each in bindings
        if each["type"] not in served or (each["type"] == "durable_object_namespace" and each.get("script_name"))
    ]


def config(
    version: Version,
    classes: Mapping[str, Class],
    disk: str,
    collector: str,
) -> str:
    """Return the text of the configuration; its port is any free one, its objects are kept in the folder `disk`.

    `collector` is the address to which the runtime's tail events are posted.
    """
    embedded = ",\n      ".join(
        f"(name = {text(module.name)}, {module.kind} = embed {text(file_name(number))})"
        for number, module in enumerate(version.modules)
    )
    bound = ", ".join(each for each in map(_binding, version.bindings) if each is not None)
    namespaces = ", ".join(
        f"(className = {text(name)}, uniqueKey = {text(each.key)}, enableSql = {str(each.sqlite).lower()})"
        for name, each in classes.items()
    )
    date = str(version.metadata.get("compatibility_date", "2021-11-02"))  # what Cloudflare takes where none is said
    flags = version.metadata.get("compatibility_flags", [])
    return (
        'using Workerd = import "/workerd/workerd.capnp";\n'
        "const config :Workerd.Config = (\n"
        "  services = [\n"
        '    (name = "main", worker = (\n'
        f"      modules = [{embedded}],\n"
        f"      compatibilityDate = {text(date)},\n"
        f"      compatibilityFlags = [{', '.join(map(text, flags))}],\n"
        f"      bindings = [{bound}],\n"
        f"      durableObjectNamespaces = [{namespaces}],\n"
        '      durableObjectStorage = (localDisk = "disk"),\n'
        '      globalOutbound = "internet",\n'
        '      tails = ["standin-tail"],\n'
        "    )),\n"
        '    (name = "standin-tail", worker = (\n'
        f"      modules = [(name = {text(TAIL)}, esModule = embed {text(TAIL)})],\n"
        '      compatibilityDate = "2026-10-01",\n'
        f'      bindings = [(name = "COLLECTOR", text = {text(collector)})],\n'
        '      globalOutbound = "internet",\n'
        "    )),\n"
        # loopback is private: origins of tests listen there
        '    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),\n'
        f'    (name = "disk", disk = (path = {text(disk)}, writable = true)),\n'
        "  ],\n"
        "  sockets = [\n"
        '    (name = "http", address = "127.0.0.1:0", service = "main",\n'
        '     http = (forwardedProtoHeader = "X-Forwarded-Proto", cfBlobHeader = "CF-Blob")),\n'
        "  ],\n"
        ");\n"
    )
