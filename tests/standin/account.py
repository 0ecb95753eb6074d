"""What is on the accounts: Workers with their versions, secrets, classes and deployments, and tails that are open.

Pure state: it never starts, sends or waits for anything, and raises Refusal for what Cloudflare would refuse.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from tests.standin.migrations import Class
from tests.standin.refusal import Refusal, no_script
from tests.standin.upload import Module, Upload

FREE_SCRIPTS: Final = 100
"""Workers of an account on the free plan (developers.cloudflare.com/workers/platform/limits)."""

SECRETS: Final = ("secret_text", "secret_key")


def now() -> str:
    """Return the time as the API writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a Worker, whole: what was uploaded and what it is bound to, secrets included."""

    id: str
    number: int
    modules: tuple[Module, ...]
    bindings: tuple[Mapping[str, Any], ...]
    metadata: Mapping[str, Any]
    created_on: str
    source: str

    @property
    def etag(self) -> str:
        """Return a mark of the content; the version's own id serves."""
        return self.id.replace("-", "")


@dataclass(frozen=True, slots=True)
class Deployment:
    """Which version answers since when. Shares between versions are not known here."""

    id: str
    version: Version
    created_on: str
    annotations: Mapping[str, str]
    strategy: Mapping[str, Any]


@dataclass(slots=True)
class Script:
    """One Worker of an account; `foreign` says that the stand-in put it there before anything was deployed."""

    name: str
    tag: str = field(default_factory=lambda: secrets.token_hex(16))
    created_on: str = field(default_factory=now)
    modified_on: str = field(default_factory=now)
    foreign: bool = False
    versions: list[Version] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    classes: dict[str, Class] = field(default_factory=dict)
    migration_tag: str | None = None
    tags: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    on_workers_dev: bool = False
    last_deployed_from: str = "wrangler"

    @property
    def deployed(self) -> Version | None:
        """Return the version that is deployed; None of a script whose upload was left half-finished."""
        return self.deployments[-1].version if self.deployments else None

    @property
    def bindings(self) -> tuple[Mapping[str, Any], ...]:
        """Return what the newest version is bound to."""
        return self.versions[-1].bindings if self.versions else ()

    @property
    def secrets(self) -> list[str]:
        """Return the names of its secrets."""
        return [str(each["name"]) for each in self.bindings if each["type"] in SECRETS]

    def version(self, wanted: str) -> Version:
        """Return one of its versions by its id. Raises Refusal where there is none."""
        for each in self.versions:
            if each.id == wanted:
                return each
        raise Refusal(404, 10025, "The version does not exist.")

    def add(self, upload: Upload) -> Version:
        """Return a new version made of an upload, with what it inherits of the newest; it is not deployed yet."""
        return self._add(upload.modules, inherited(upload.metadata, self.bindings), upload.metadata, "wrangler")

    def rebind(self, bindings: Iterable[Mapping[str, Any]]) -> Version:
        """Return a new version that differs from the newest in its bindings alone."""
        if not self.versions:
            raise no_script(self.name)
        newest = self.versions[-1]
        return self._add(newest.modules, tuple(bindings), newest.metadata, "secret")

    def _add(
        self,
        modules: tuple[Module, ...],
        bindings: tuple[Mapping[str, Any], ...],
        metadata: Mapping[str, Any],
        source: str,
    ) -> Version:
        version = Version(str(uuid4()), len(self.versions) + 1, modules, bindings, metadata, now(), source)
        self.versions.append(version)
        self.modified_on = version.created_on
        return version

    def deploy(
        self, version: Version, annotations: Mapping[str, str] | None = None, strategy: Mapping[str, Any] | None = None
    ) -> Deployment:
        """Make a version the one that is deployed."""
        chosen = strategy if strategy is not None else version.metadata.get("code_update_strategy", {})
        deployment = Deployment(str(uuid4()), version, now(), annotations or {}, chosen)
        self.deployments.append(deployment)
        return deployment


def inherited(metadata: Mapping[str, Any], before: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Return the bindings of an upload with those kept from the version before. Raises Refusal for a missing one."""
    old = {each["name"]: each for each in before}
    given: dict[str, Mapping[str, Any]] = {}
    for each in metadata.get("bindings", []):
        name = each["name"]
        if each["type"] == "inherit":
            if each.get("old_name", name) not in old:
                raise Refusal(400, 10057, f"The binding {name} is to be inherited, and the version before has none.")
            each = {**old[each.get("old_name", name)], "name": name}  # noqa: PLW2901 - it takes the other's place
        given[name] = each
    keep = metadata.get("keep_bindings", [])
    kept = [each for name, each in old.items() if each["type"] in keep and name not in given]
    return (*given.values(), *kept)


@dataclass(slots=True)
class Tail:
    """One tail that was asked for; it is live until it is deleted, whether or not anybody listens."""

    id: str
    script: str


@dataclass(slots=True)
class Account:
    """One account with what is on it."""

    name: str = "Stand-in"
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    subdomain: str | None = "standin"
    free: bool = True
    scripts: dict[str, Script] = field(default_factory=dict)
    tails: dict[str, Tail] = field(default_factory=dict)

    def script(self, name: str) -> Script:
        """Return one of its Workers. Raises Refusal where there is none of the name."""
        if name not in self.scripts:
            raise no_script(name)
        return self.scripts[name]

    def new(self, name: str) -> Script:
        """Return a new Worker, which is not on the account yet. Raises Refusal where it may not come there."""
        if self.subdomain is None:
            raise Refusal(
                403, 10063, "You need a workers.dev subdomain in order to proceed. Please go to the dashboard."
            )
        if self.free and len(self.scripts) >= FREE_SCRIPTS:
            raise Refusal(403, 10037, f"You have exceeded the limit of {FREE_SCRIPTS} Workers on your account.")
        return Script(name)

    def add_foreign(self, *names: str) -> None:
        """Put Workers of somebody else's on the account; they answer with their name and keep nothing."""
        for name in names:
            script = Script(name, foreign=True, on_workers_dev=True, last_deployed_from="dash")
            code = f'export default {{ fetch: () => new Response("{name} is none of yours") }};'
            metadata = {"main_module": "worker.js", "compatibility_date": "2026-01-01"}
            script.deploy(script.add(Upload(metadata, (Module("worker.js", "esModule", code.encode()),))))
            self.scripts[name] = script

    @property
    def ours(self) -> list[str]:
        """Return the names of all Workers that were deployed by way of the API, sorted."""
        return sorted(name for name, script in self.scripts.items() if not script.foreign)

    @property
    def live_tails(self) -> list[str]:
        """Return the name of the Worker of each tail that is live."""
        return sorted(tail.script for tail in self.tails.values())
