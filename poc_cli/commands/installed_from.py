"""Where the running poc was installed from, so that a workflow can install the same."""

import json
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any, Final

PACKAGE: Final = "poc-durable-objects"


def requirement() -> str | None:
    """Return what pip installs to get this very poc; None for one that was installed from a folder of this machine."""
    try:
        installed = distribution(PACKAGE)
    except PackageNotFoundError:
        return None
    return of_record(installed.read_text("direct_url.json"), installed.version)


def of_record(record: str | None, version: str) -> str | None:
    """Return the requirement for a `direct_url.json` (PEP 610), which an installation from an index does not have."""
    if record is None:
        return f"{PACKAGE}=={version}"
    try:
        found: Any = json.loads(record)
        if str(found["url"]).startswith("file:"):
            return None
        return f"{found['vcs_info']['vcs']}+{found['url']}@{found['vcs_info']['commit_id']}"
    except (ValueError, LookupError, TypeError):
        return None
