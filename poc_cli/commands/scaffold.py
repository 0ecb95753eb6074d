"""Guess the Durable Object classes of a project and the path of an object from its files, for a first scenario."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tomli

from poc_cli.errors import UsageError
from poc_cli.residency.identity import namespaces
from poc_cli.targets.worker_source import DECLARATION, WorkerSource

_SOURCES: Final = frozenset({".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs"})
_PASSED_OVER: Final = frozenset({"node_modules", ".wrangler", "dist", "build", "test", "tests", "__tests__"})
_LARGEST: Final = 200_000  # characters; longer files are generated
_MOST_FILES: Final = 300

_COMMENTS: Final = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMAS: Final = re.compile(r'("(?:[^"\\\n]|\\.)*")|,(?=\s*[}\]])')

_STRING: Final = r"[\"'`]"
_ROUTE: Final = re.compile(rf"{_STRING}(/(?:[\w.-]+/)*):\w+((?:/[\w.-]+)*){_STRING}")
_PREFIX: Final = re.compile(rf"{_STRING}(/(?:[\w.-]+/)+){_STRING}")
_PATTERN: Final = re.compile(r"/\^\\/((?:[\w-]+\\/)+)\(")
_PART: Final = re.compile(rf"[!=]==?\s*{_STRING}([a-z][\w-]*){_STRING}")
_QUERY: Final = re.compile(rf"idFromName\([^;]*?searchParams\.get\({_STRING}(\w+){_STRING}\)")
_NO_PART: Final = frozenset({"websocket", "string", "object", "number", "boolean", "function", "undefined"})


@dataclass(frozen=True, slots=True)
class Guess:
    """The classes that the project declares, and the likely path of an object named `{play}`."""

    classes: tuple[str, ...]
    path: str | None


def guess(source: WorkerSource) -> Guess:
    """Read a project. Raises UsageError if its configuration cannot be read, or declares no class."""
    if source.configs:
        config = _config(source.configs[0])
        classes = tuple(dict.fromkeys(_classes(config)))
        main = config.get("main")
        root = (source.configs[0].parent / main).parent if isinstance(main, str) else source.folder
    else:
        classes = tuple(namespaces(_text(source.folder / DECLARATION)))
        root = source.folder
    if not classes:
        raise UsageError(
            f"{source.configs[0] if source.configs else source.folder} declares no Durable Object class",
            "bind one in durable_objects; only objects can sleep",
        )
    return Guess(classes, path_in("\n".join(_texts(root))))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {file}: {error}") from error


def _config(file: Path) -> dict[str, Any]:
    text = _text(file)
    try:
        value = tomli.loads(text) if file.suffix == ".toml" else json.loads(plain_json(text))
    except ValueError as error:
        raise UsageError(f"cannot read {file}: {error}", "wrangler cannot read it either") from error
    if not isinstance(value, dict):
        raise UsageError(f"cannot read {file}: it is not a table")
    return value


def plain_json(text: str) -> str:
    """Return JSON without comments and trailing commas; strings are not changed."""
    without = _COMMENTS.sub(lambda match: match[1] or " ", text)
    return _LAST_COMMAS.sub(lambda match: match[1] or "", without)


def _classes(config: dict[str, Any]) -> Iterator[str]:
    objects = config.get("durable_objects")
    bindings = objects.get("bindings") if isinstance(objects, dict) else None
    for each in bindings if isinstance(bindings, list) else []:
        if isinstance(each, dict) and isinstance(each.get("class_name"), str) and not each.get("script_name"):
            yield each["class_name"]


def _texts(root: Path) -> Iterator[str]:
    """Yield the project's own source files, without generated code."""
    found = (each for each in sorted(root.rglob("*")) if each.suffix in _SOURCES and each.is_file())
    own = (each for each in found if not _PASSED_OVER.intersection(each.relative_to(root).parts[:-1]))
    for _, file in zip(range(_MOST_FILES), own, strict=False):
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if len(text) <= _LARGEST:
            yield text


def path_in(code: str) -> str | None:
    """Return the path with `{play}` in which the code seems to look for an object's name, None if there is none."""
    if found := _QUERY.search(code):
        return f"/?{found[1]}={{play}}"
    if found := _ROUTE.search(code):
        return f"{found[1]}{{play}}{found[2]}"
    if found := _PREFIX.search(code):
        return f"{found[1]}{{play}}"
    if found := _PATTERN.search(code):
        return f"/{found[1]}{{play}}".replace("\\", "")
    if "pathname.split(" in code:
        parts = [part for part in _PART.findall(code[code.index("pathname.split(") :]) if part not in _NO_PART]
        return f"/{parts[0]}/{{play}}" if parts else "/{play}"
    return None
