"""The configuration for deploying a copy of a project: under another name and separate from production."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from poc_cli.errors import TargetError, UsageError
from poc_cli.targets.worker_source import CONFIGURATIONS, WorkerSource, configuration_in
from poc_cli.targets.wrangler_config import read

_PLAIN: Final = frozenset(
    [
        "compatibility_date",
        "compatibility_flags",
        "main",
        "find_additional_modules",
        "preserve_file_names",
        "base_dir",
        "tsconfig",
        "jsx_factory",
        "jsx_fragment",
        "migrations",
        "exports",
        "limits",
        "rules",
        "build",
        "no_bundle",
        "minify",
        "keep_names",
        "upload_source_maps",
        "placement",
        "assets",
        "observability",
        "cache",
        "python_modules",
        "alias",
        "wasm_modules",
        "text_blobs",
        "data_blobs",
        "first_party_worker",
        "compliance_region",
    ]
)
"""Keys that are copied unchanged; an environment inherits them."""

_OWN: Final = frozenset(
    [
        "define",
        "vars",
        "secrets",
        "durable_objects",
        "ai",
        "browser",
        "images",
        "media",
        "version_metadata",
        "worker_loaders",
        "unsafe_hello_world",
    ]
)
"""Keys that are copied, but not inherited by an environment; none of them stores anything outside of the Worker."""

_PASSED_OVER: Final = frozenset(
    [
        "$schema",
        "name",
        "account_id",
        "env",
        "dev",
        "send_metrics",
        "keep_vars",
        "dependencies_instrumentation",
        "workers_dev",
        "preview_urls",
    ]
)
"""Keys that a copy replaces or does not need."""

_PRODUCTION: Final = {
    "route": "its route",
    "routes": "its routes and custom domains",
    "triggers": "its cron triggers",
    "tail_consumers": "its tail consumers",
    "streaming_tail_consumers": "its tail consumers",
    "logpush": "its logpush",
    "addresses": "its e-mail addresses",
    "connect": "its ports",
    "previews": "its previews",
    "access": "its Access policy",
}
"""Keys that would take traffic from production or send it data; they are left out and reported."""

_PREVIEWS: Final = {
    "kv_namespaces": ("id", "preview_id"),
    "r2_buckets": ("bucket_name", "preview_bucket_name"),
    "d1_databases": ("database_id", "preview_database_id"),
}
"""Resources with a preview id; a copy is bound to the preview if there is one."""

_IMPOSSIBLE: Final = {
    "workflows": "workflows, which would stay on the account",
    "containers": "containers",
    "cloudchamber": "containers",
    "site": "a Workers Site, whose files would stay on the account",
    "pages_build_output_dir": "a Pages project",
}

_ALLOW: Final = "name an environment (--env) without them, give them preview ids, or bind them anyway (--force)"


@dataclass(frozen=True, slots=True)
class Copy:
    """A configuration for wrangler, with descriptions of what was left out of the project's."""

    config: dict[str, Any]
    left_out: tuple[str, ...]
    account: str | None

    @property
    def date(self) -> str | None:
        """Return the compatibility date."""
        found = self.config.get("compatibility_date")
        return None if found is None else str(found)


def copied(source: WorkerSource, name: str, variables: Mapping[str, str], date: str | None, *, force: bool) -> Copy:
    """Return the configuration to deploy a copy under a name.

    Raises UsageError if the copy would write to resources that production may use, unless forced, and TargetError
    where the project cannot be read or copied.
    """
    file = configuration(source)
    raw = read(file)
    table = _of_environment(raw, source.envs[0] if source.envs else None, file)
    if source.main is not None:
        table = {**table, "main": str(source.main)}
    _raise_if_impossible(table, file)
    account = table.get("account_id") or raw.get("account_id")
    kept = {key: value for key, value in table.items() if key in _PLAIN | _OWN}
    left_out = [said for key, said in _PRODUCTION.items() if table.get(key)]
    shared: list[str] = []
    for key, value in table.items():
        if key in _PLAIN | _OWN | _PASSED_OVER | set(_PRODUCTION) or not value:
            continue
        _bind(key, value, kept, left_out, shared)
    shared += [
        f"the objects of {each['script_name']} ({each.get('name')})"
        for each in (kept.get("durable_objects") or {}).get("bindings") or []
        if each.get("script_name")
    ]
    if shared and not force:
        raise UsageError(
            f"{file} binds what production may use, and a copy would write to it: {'; '.join(shared)}", _ALLOW
        )
    config = _absolute(kept, file.parent)
    config |= {"name": name, "workers_dev": True, "preview_urls": False}
    config["vars"] = {**(config.get("vars") or {}), **variables}
    if date is not None:
        config["compatibility_date"] = date
    return Copy(config, tuple(dict.fromkeys(left_out)), None if account is None else str(account))


def configuration(source: WorkerSource) -> Path:
    """Return the file that wrangler would read. Raises TargetError if there is none, or several."""
    if len(source.configs) > 1:
        raise TargetError(
            f"{source.folder} has several workers, and poc deploys one",
            f"name one of {', '.join(each.name for each in source.configs)}",
        )
    if source.configs:
        return source.configs[0]
    found = configuration_in(source.folder)
    if found is None:
        raise TargetError(
            f"{source.folder} has no {', '.join(CONFIGURATIONS[:-1])} or {CONFIGURATIONS[-1]} to deploy it by",
            "add one; poc show and the documentation of wrangler say what is in it",
        )
    return found


def _of_environment(raw: dict[str, Any], env: str | None, file: Path) -> dict[str, Any]:
    """Return one table: the environment's keys and those that it inherits, as in wrangler."""
    if not env:
        return raw
    environments = raw.get("env") or {}
    if env not in environments:
        raise TargetError(f'{file} has no environment "{env}"', f"it has {', '.join(environments) or 'none'}")
    inherited = {key: value for key, value in raw.items() if key in _PLAIN | set(_PRODUCTION) | _PASSED_OVER}
    return {**inherited, **environments[env]}


def _raise_if_impossible(table: Mapping[str, Any], file: Path) -> None:
    for key, said in _IMPOSSIBLE.items():
        if table.get(key):
            raise TargetError(f"{file} has {said}; poc cannot deploy a copy of that", "name a project without it")
    if not table.get("main"):
        raise TargetError(f"{file} has no main, so there is no Worker to deploy", "name the Worker's configuration")
    transferred = any(each.get("transferred_classes") for each in table.get("migrations") or [])
    if transferred or "transferred_from" in json.dumps(table.get("exports") or {}, default=str):
        raise TargetError(
            f"{file} takes over the objects of another Worker (transferred_classes); a copy would take them from it",
            "remove that migration, or deploy by wrangler and give poc the URL",
        )


def _bind(key: str, value: Any, kept: dict[str, Any], left_out: list[str], shared: list[str]) -> None:
    """Bind a resource outside of the Worker: its preview if there is one, else it is shared with production."""
    if key == "queues":
        if value.get("consumers"):
            left_out.append("its queue consumers")
        value = {"producers": value.get("producers")}
        if not value["producers"]:
            return
    if key in _PREVIEWS:
        real, preview = _PREVIEWS[key]
        kept[key] = [{**each, real: each[preview]} if each.get(preview) else each for each in value]
        shared += [f"{key} {each.get('binding')}" for each in value if not each.get(preview)]
        return
    kept[key] = value
    shared.append(f"{key} {', '.join(_names(value))}".strip())


def _names(value: Any) -> Iterator[str]:
    """Yield the names of the bindings somewhere in a value."""
    if isinstance(value, dict):
        name = value.get("binding") or value.get("name")
        if isinstance(name, str):
            yield name
        for each in value.values():
            yield from _names(each)
    elif isinstance(value, list):
        for each in value:
            yield from _names(each)


def _absolute(config: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the configuration with absolute paths; globs of `rules` are relative to `main` and unchanged."""

    def at(value: Any) -> Any:
        return [at(each) for each in value] if isinstance(value, list) else str((folder / str(value)).resolve())

    made = dict(config)
    for key in ("main", "base_dir", "tsconfig"):
        if made.get(key):
            made[key] = at(made[key])
    for key in ("wasm_modules", "text_blobs", "data_blobs"):
        if made.get(key):
            made[key] = {name: at(value) for name, value in made[key].items()}
    if (made.get("assets") or {}).get("directory"):
        made["assets"] = {**made["assets"], "directory": at(made["assets"]["directory"])}
    if made.get("alias"):
        made["alias"] = {name: at(to) if str(to).startswith(".") else to for name, to in made["alias"].items()}
    if (made.get("build") or {}).get("command"):
        build = made["build"]
        made["build"] = {**build, "cwd": at(build.get("cwd", ".")), "watch_dir": at(build.get("watch_dir", "src"))}
    return made
