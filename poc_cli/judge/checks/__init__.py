"""The checks of stories: each takes a play and a claim and returns a finding.

Every module of this package is imported here, so that a new check is a new file and nothing else.
"""

from importlib import import_module
from pkgutil import iter_modules

from poc_cli.judge.check_registry import CHECKS as CHECKS

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
