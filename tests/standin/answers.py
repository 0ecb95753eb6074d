"""The objects that the API answers with, made from the state of an account.

Pure; a secret's value is in none of them.
"""

from collections.abc import Mapping
from typing import Any

from tests.standin.account import SECRETS, Account, Deployment, Script, Version


def ok(result: Any) -> dict[str, Any]:
    """Return the envelope of what went well."""
    return {"success": True, "errors": [], "messages": [], "result": result}


def page(results: list[Any]) -> dict[str, Any]:
    """Return the envelope of a list, all of it on one page."""
    info = {"page": 1, "per_page": max(len(results), 1), "count": len(results), "total_count": len(results)}
    return {**ok(results), "result_info": {**info, "total_pages": 1}}


def refused(code: int, message: str) -> dict[str, Any]:
    """Return the envelope of an error."""
    return {"success": False, "errors": [{"code": code, "message": message}], "messages": [], "result": None}


def bindings(script: Script) -> list[dict[str, Any]]:
    """Return the bindings of the newest version without the values of secrets."""
    given: list[dict[str, Any]] = []
    for each in script.bindings:
        shown = {"name": each["name"], "type": each["type"]} if each["type"] in SECRETS else dict(each)
        if each["type"] == "durable_object_namespace" and each["class_name"] in script.classes:
            shown["namespace_id"] = script.classes[each["class_name"]].key
        given.append(shown)
    return given


def secret(binding: Mapping[str, Any]) -> dict[str, Any]:
    """Return a secret without its value."""
    return {"name": binding["name"], "type": binding["type"]}


def script(each: Script) -> dict[str, Any]:
    """Return a Worker as the list of Workers shows it."""
    return {
        "id": each.name,
        "tag": each.tag,
        "tags": each.tags,
        "etag": each.versions[-1].etag if each.versions else "",
        "handlers": ["fetch"],
        "has_assets": False,
        "has_modules": True,
        "usage_model": "standard",
        "last_deployed_from": each.last_deployed_from,
        "migration_tag": each.migration_tag,
        "compatibility_date": each.versions[-1].metadata.get("compatibility_date") if each.versions else None,
        "created_on": each.created_on,
        "modified_on": each.modified_on,
    }


def service(each: Script) -> dict[str, Any]:
    """Return a Worker as a service with its one environment."""
    shown = {
        "environment": "production",
        "created_on": each.created_on,
        "modified_on": each.modified_on,
        "script": script(each),
    }
    return {
        "id": each.name,
        "default_environment": shown,
        "environments": [shown],
        "created_on": each.created_on,
        "modified_on": each.modified_on,
    }


def settings(each: Script) -> dict[str, Any]:
    """Return the settings of a Worker."""
    metadata = each.versions[-1].metadata if each.versions else {}
    return {
        "bindings": bindings(each),
        "compatibility_date": metadata.get("compatibility_date"),
        "compatibility_flags": metadata.get("compatibility_flags", []),
        "usage_model": "standard",
        "placement": {},
        "migration_tag": each.migration_tag,
        "annotations": metadata.get("annotations", {}),
        **unversioned(each),
    }


def unversioned(each: Script) -> dict[str, Any]:
    """Return the settings that no version has a say in."""
    return {"logpush": False, "observability": {"enabled": False}, "tail_consumers": None, **each.settings} | {
        "tags": each.tags
    }


def uploaded(each: Script, version: Version, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to an upload that was deployed; `before` holds the classes that there were."""
    answer = {
        **script(each),
        "startup_time_ms": 1,
        # it has the name of a deployment, and wrangler takes it for the id of the version
        "deployment_id": version.etag,
        "pipeline_hash": None,
        "mutable_pipeline_id": None,
    }
    if "exports" in version.metadata:
        lists = ("updated", "deleted", "renamed", "transferred", "transfer_pending", "removable_entries")
        answer["exports_reconciliation"] = {
            "created": sorted(set(each.classes) - set(before)),
            **{name: [] for name in (*lists, "warnings", "info")},
        }
    return answer


def version(each: Script, one: Version) -> dict[str, Any]:
    """Return one version."""
    return {
        "id": one.id,
        "number": one.number,
        "startup_time_ms": 1,
        "metadata": {
            "author_email": "standin@example.com",
            "author_id": each.tag,
            "created_on": one.created_on,
            "modified_on": one.created_on,
            "source": one.source,
            "has_preview": False,
        },
        "annotations": one.metadata.get("annotations", {}),
        "resources": {
            "bindings": [dict(secret(b)) if b["type"] in SECRETS else dict(b) for b in one.bindings],
            "script": {"etag": one.etag, "handlers": ["fetch"], "last_deployed_from": one.source},
            "script_runtime": {
                "compatibility_date": one.metadata.get("compatibility_date"),
                "compatibility_flags": one.metadata.get("compatibility_flags", []),
                "usage_model": "standard",
            },
        },
    }


def deployment(one: Deployment) -> dict[str, Any]:
    """Return one deployment."""
    return {
        "id": one.id,
        "source": "wrangler",
        "strategy": "percentage",
        "author_email": "standin@example.com",
        "annotations": {"workers/triggered_by": "deployment", **one.annotations},
        "versions": [{"version_id": one.version.id, "percentage": 100}],
        "created_on": one.created_on,
    }


def subdomain(account: Account, each: Script) -> dict[str, Any]:
    """Return a Worker as the newest part of the API shows it, with whether it is on workers.dev.

    No address of it: wrangler would keep nothing but that one's host name.
    """
    return {
        "id": each.tag,
        "name": each.name,
        "tags": each.tags,
        "created_on": each.created_on,
        "updated_on": each.modified_on,
        "subdomain": {"enabled": each.on_workers_dev and account.subdomain is not None, "previews_enabled": False},
    }
