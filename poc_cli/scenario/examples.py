"""An example for each verb, which works with the shipped worker."""

from typing import Final

from poc_cli.scenario.model import VERBS

FRAME: Final = """\
name    = "example"
title   = "Two clients in one room."
object  = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}?name=ann", bob = "/room/{play}?name=bob" }

steps = [
%s]
"""
"""The scenario file around the steps of an example."""

EXAMPLES: Final = {verb: model.example for verb, model in VERBS.items()}
"""The example steps of each verb."""


ORIGIN: Final = 'origin  = { dir = "app", start = "node server.mjs", ready = "/hello" }\n'
"""The line that examples with an app server need in addition."""


def whole(steps: str) -> str:
    """Return a complete scenario file with the steps."""
    file = FRAME % steps
    return file.replace("clients = ", f"{ORIGIN}clients = ", 1) if "origin = " in steps else file
