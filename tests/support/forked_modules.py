"""Imports what a local run needs, for the process that tests fork (tests/support/forked.py)."""

import os
from importlib import import_module

# As the command line does it, before pydantic is imported: it reads the metadata of every package otherwise.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")

for _name in (
    "poc_cli.cli.run_commands",
    "poc_cli.commands.run",
    "poc_cli.commands.loads_of_run",
    "poc_cli.commands.start_services",
    "poc_cli.engine.run_plays",
    "poc_cli.engine.hibernation_traced",
    "poc_cli.clients.websocket",
    "poc_cli.targets.module_state",
    "poc_cli.commands.run_folder",
    "poc_cli.report.text",
):
    import_module(_name)
