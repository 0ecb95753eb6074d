"""An example for each verb: steps that the shipped worker carries out as told."""

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
"""The file around an example's steps."""

EXAMPLES: Final = {verb: model.example for verb, model in VERBS.items()}
"""The steps of each verb's example."""


ORIGIN: Final = 'origin  = { dir = "app", start = "node server.mjs", ready = "/hello" }\n'
"""What a file has beside that where its steps are about an app server."""


def whole(steps: str) -> str:
    """Return a whole file with the steps in it."""
    file = FRAME % steps
    return file.replace("clients = ", f"{ORIGIN}clients = ", 1) if "origin = " in steps else file
