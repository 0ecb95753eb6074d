"""Durable Object classes of a Worker, and how an upload changes them by migrations or by its declared exports.

Pure; never removes what objects have stored: what it leaves out is for the caller to remove.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.standin.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Class:
    """One class; its key stays the same as long as the class is there, under whatever name."""

    sqlite: bool
    key: str = field(default_factory=lambda: uuid4().hex)


def classes_after(
    before: Mapping[str, Class], tag: str | None, metadata: Mapping[str, Any], *, free: bool
) -> tuple[dict[str, Class], str | None]:
    """Return the classes and the migration tag after an upload. Raises Refusal where Cloudflare would not take it."""
    classes = dict(before)
    if (migrations := metadata.get("migrations")) is not None:
        if "old_tag" in migrations and migrations["old_tag"] != tag:
            raise Refusal(
                412,
                10079,
                f"The migration tag precondition failed: the Worker is at {tag!r}, not where the upload says.",
            )
        # one step may stand there without a list around it
        for step in migrations.get("steps", [migrations]):
            _apply(classes, step, free=free)
        tag = migrations.get("new_tag", tag)
    if "exports" in metadata:
        classes = _declared(classes, metadata["exports"], free=free)
    for binding in metadata.get("bindings", []):
        if binding["type"] == "durable_object_namespace" and not binding.get("script_name"):
            _is_known(classes, binding["class_name"])
    return classes, tag


def _apply(classes: dict[str, Class], step: Mapping[str, Any], *, free: bool) -> None:
    for sqlite, word in ((True, "new_sqlite_classes"), (False, "new_classes")):
        for name in step.get(word, []):
            _add(classes, name, sqlite=sqlite, free=free)
    for each in step.get("renamed_classes", []):
        _is_known(classes, each["from"])
        classes[each["to"]] = classes.pop(each["from"])
    for name in step.get("deleted_classes", []):
        _is_known(classes, name)
        del classes[name]


def _declared(classes: dict[str, Class], exports: Mapping[str, Any], *, free: bool) -> dict[str, Class]:
    for name, each in exports.items():
        if each.get("type") == "durable-object" and name not in classes:
            _add(classes, name, sqlite=each.get("storage") == "sqlite", free=free)
    return classes


def _add(classes: dict[str, Class], name: str, *, sqlite: bool, free: bool) -> None:
    if free and not sqlite:
        raise Refusal(
            403,
            10097,
            "In order to use Durable Objects with a free plan, you must create a namespace using a "
            "`new_sqlite_classes` migration.",
        )
    if name in classes:
        raise Refusal(
            400,
            10074,
            f"Cannot apply new-class migration to class '{name}' that is already depended on by existing "
            "Durable Objects",
        )
    classes[name] = Class(sqlite)


def _is_known(classes: Mapping[str, Class], name: str) -> None:
    if name not in classes:
        raise Refusal(
            400,
            10061,
            f"Cannot create binding for class '{name}' because it is not currently configured to implement "
            "Durable Objects. Did you forget to apply a new-class migration to it?",
        )
