"""The abilities of targets, and those that scenarios can need; shared by the language and the targets."""

from collections.abc import Mapping
from typing import Final, Literal, get_args

Need = Literal["trace", "evict", "crash", "restart", "deploy", "deferred", "api", "environment", "itself"]
"""What a scenario can need from a target. `api`: the worker can call poc's API on loopback; `environment`: poc sets the
worker's variables; `itself`: the worker can call its own URL."""

Ability = Literal[Need, "idle", "origin", "worker"]
"""What a target can offer: every need, and in addition `idle`: it has an idle timer; `origin`: an app is deployed for
it; `worker`: it runs the worker that the scenarios bring."""

LOCAL_ABILITIES: Final[frozenset[Ability]] = frozenset(get_args(Ability)) - {"deferred"}
"""What a runtime on this machine can do: all but what only Cloudflare does."""

WITHOUT: Final[Mapping[Need, str]] = {
    "trace": "reads the runtime's trace, which exists only where poc runs the worker",
    "evict": "evicts objects, which only the local runtime does on request",
    "crash": "kills the runtime",
    "restart": "restarts the runtime",
    "deploy": "deploys a new version that replaces the code of objects at once",
    "deferred": "deploys a new version that waits until objects hibernate, as only Cloudflare does",
    "api": "lets the worker call a server on this machine",
    "environment": "needs variables that poc sets for the worker",
    "itself": "lets the worker call its own URL, which Cloudflare rejects on workers.dev (error 1042)",
}
"""What a play does that requires an ability, as the end of a sentence that starts with `it`."""
