"""The values of the environment variables that scenarios use as `{env.NAME}`."""

import os
from collections.abc import Iterable, Mapping, Sequence

from poc_cli.errors import UsageError
from poc_cli.scenario.scenario import Scenario
from poc_cli.scenario.templates import ENVIRONMENT


def variables_of(scenarios: Sequence[Scenario], secrets: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the value of each name such as `env.TOKEN`: the worker's own secret, else the environment variable.

    Raises UsageError for a variable that is not set.
    """
    known: Mapping[str, str] = os.environ | dict(secrets)
    for scenario in scenarios:
        missing = sorted(name for name in scenario.variables if name.removeprefix(ENVIRONMENT) not in known)
        if missing:
            names = " and ".join(name.removeprefix(ENVIRONMENT) for name in missing)
            several = len(missing) > 1
            raise UsageError(
                f"{scenario.file} uses {{{'} and {'.join(missing)}}}, and {names} {'are' if several else 'is'} not set",
                f"set the environment variable{'s' * several} {names}, or put them into .dev.vars of the worker",
            )
    return {name: known[name.removeprefix(ENVIRONMENT)] for scenario in scenarios for name in scenario.variables}


def named(variables: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the variables as secrets that must not be recorded, without the `env.` of their names."""
    return [(name.removeprefix(ENVIRONMENT), value) for name, value in variables.items()]
