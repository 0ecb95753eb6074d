"""What a place can do and what a scenario may need of it: one table for the language and the targets."""

from collections.abc import Mapping
from typing import Final, Literal, get_args

Need = Literal["trace", "evict", "crash", "restart", "deploy", "api", "environment", "itself"]
"""What a scenario may need of the place where it is played. `api`: that the worker can call poc's API on loopback;
`environment`: that the worker's variables are those that poc gives; `itself`: that it can call its own address."""

Ability = Literal[Need, "idle", "origin", "worker"]
"""What a place offers: what can be needed, and beside it `idle`: it has an idle timer; `origin`: an app is deployed for
it too; `worker`: the worker that the scenarios bring is the one that runs there."""

EVERY_ABILITY: Final[frozenset[Ability]] = frozenset(get_args(Ability))

WITHOUT: Final[Mapping[Need, str]] = {
    "trace": "asks the runtime's trace, which is only read where poc runs the worker",
    "evict": "evicts objects, which only the local runtime does on request",
    "crash": "kills the runtime",
    "restart": "restarts the runtime",
    "deploy": "deploys a new version",
    "api": "lets the worker call a server on this machine",
    "environment": "looks at variables that poc gives the worker",
    "itself": "lets the worker call its own address, which Cloudflare refuses at workers.dev (error 1042)",
}
"""What a play does that asks for an ability, as the end of a sentence that begins with `it`."""
