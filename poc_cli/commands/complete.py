"""What the shell offers while one types: the names of the shipped scenarios, and scenario files."""

from pathlib import Path

from poc_cli.errors import PocError
from poc_cli.scenario.catalog import shipped_files


def scenarios(incomplete: str) -> list[str]:
    """Return the names that begin so, then the folders and .toml files that do."""
    try:
        known = [word for name in shipped_files() for word in (name.rpartition("/")[2], name)]
        names = [name for name in dict.fromkeys(known) if name.startswith(incomplete)]
    except PocError:  # a broken installation; a command that is run will say so
        names = []
    return names + _paths(incomplete)


def _paths(incomplete: str) -> list[str]:
    folder, slash, beginning = incomplete.rpartition("/")
    try:
        found = sorted(Path(folder + slash or ".").iterdir())
    except OSError:
        return []
    shown = [path for path in found if path.name.startswith(beginning) and (beginning or path.name[0] != ".")]
    folders = [f"{folder}{slash}{path.name}/" for path in shown if path.is_dir()]
    return folders + [f"{folder}{slash}{path.name}" for path in shown if path.suffix == ".toml" and path.is_file()]
