"""Changes of a Worker: one at a time, tried before it counts, and the account is as it was where it is refused."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from tests.standin.account import Account, Script, Version
from tests.standin.capnp import unserved
from tests.standin.migrations import classes_after
from tests.standin.refusal import bad_upload, unknown_error
from tests.standin.upload import Upload
from tests.standin.world import World


class Changes:
    """What can be done to the Workers of one stand-in."""

    def __init__(self, world: World) -> None:
        """Take what is to be changed."""
        self._world = world

    async def upload(self, account: Account, name: str, upload: Upload, *, half: bool) -> tuple[Script, Version]:
        """Store a version and deploy it. Where `half`, it stays without a deployment, and a Refusal is raised."""
        async with self._world.alone(account, name):
            script, version = await self._version(account, name, upload)
            if half:
                account.scripts[name] = script
                raise unknown_error()
            script.deploy(version, upload.metadata.get("annotations"))
            script.foreign = False
            script.last_deployed_from = "wrangler"
            await self._serve(account, script)
            return script, version

    async def store(self, account: Account, name: str, upload: Upload) -> tuple[Script, Version]:
        """Store a version of a Worker that is there; the version that is deployed stays so."""
        async with self._world.alone(account, name):
            account.script(name)
            script, version = await self._version(account, name, upload)
            account.scripts[name] = script
            return script, version

    async def _version(self, account: Account, name: str, upload: Upload) -> tuple[Script, Version]:
        script = deepcopy(account.scripts[name]) if name in account.scripts else account.new(name)
        classes = classes_after(script.classes, script.migration_tag, upload.metadata, free=account.free)
        script.classes, script.migration_tag = classes
        version = script.add(upload)
        script.tags = upload.metadata.get("tags", script.tags)
        if names := unserved(version.bindings):
            raise bad_upload(f"The stand-in cannot serve these bindings: {', '.join(names)}.")
        await self._world.stage.serving(account, name).check(version, script.classes)
        return script, version

    async def deploy(
        self, account: Account, name: str, version: str, annotations: Mapping[str, str], strategy: Mapping[str, Any]
    ) -> Script:
        """Deploy a version that is stored, by its id."""
        async with self._world.alone(account, name):
            script = deepcopy(account.script(name))
            script.deploy(script.version(version), annotations, strategy)
            script.foreign = False
            await self._serve(account, script)
            return script

    async def rebind(self, account: Account, name: str, bindings: Iterable[Mapping[str, Any]]) -> Script:
        """Deploy a version that differs from the newest in its bindings, as a change of secrets does."""
        async with self._world.alone(account, name):
            script = deepcopy(account.script(name))
            script.deploy(script.rebind(bindings), strategy={"mode": "immediate"})
            await self._serve(account, script)
            return script

    async def remove(self, account: Account, name: str) -> None:
        """Remove a Worker with its objects, secrets, versions and tails."""
        async with self._world.alone(account, name):
            account.script(name)
            for tail in [each for each in account.tails.values() if each.script == name]:
                del account.tails[tail.id]
                await self._world.tails.end(tail.id)
            del account.scripts[name]
            await self._world.stage.remove(account, name)

    async def _serve(self, account: Account, script: Script) -> None:
        # A version that does not start is not deployed, so this comes first.
        await self._world.stage.deploy(account, script, self._world.faults.propagation_ms / 1000)
        account.scripts[script.name] = script
