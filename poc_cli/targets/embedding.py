"""What a worker's `local.capnp` takes into itself: files of its own folder, and nothing else of this machine.

Imports only the standard library, so that the runtime starts while the rest is still loading.
"""

import re
from pathlib import Path

from poc_cli.errors import TargetError

_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_OWN_DISK = re.compile(r'\bservice\s*=\s*(?:\(\s*name\s*=\s*)?"disk"')


def raise_if_outside(folder: Path, name: str) -> None:
    """Raise TargetError where a declaration, or one that it imports, names a file that a link leads out of the folder.

    workerd itself refuses `..` and absolute paths, and follows links. A stranger's folder would hand the worker, and
    with it every client, any file that poc may read. Each text of the declaration is taken for a path, since one that
    is none leads nowhere.
    """
    root = folder.resolve()
    waiting, seen = [name], set[str]()
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        if not (folder / file).resolve().is_relative_to(root):
            raise TargetError(
                f"{folder / file} is a link that leads out of the worker's folder", "put the file itself there"
            )
        if file.endswith(".capnp"):
            waiting += _named(folder / file)


def _named(declaration: Path) -> list[str]:
    """Return the texts of a declaration that name files in its folder. Raises TargetError where it binds the disk."""
    try:
        text = declaration.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    if _OWN_DISK.search(text):
        raise TargetError(
            f"{declaration} binds the service `disk`, on which the runtime keeps the objects' storage",
            "give the worker the storage of its objects instead",
        )
    literals = (match[1].encode().decode("unicode_escape").lstrip("/") for match in _STRING.finditer(text))
    return [each for each in literals if _is_there(declaration.parent, each)]


def _is_there(folder: Path, name: str) -> bool:
    if name in {"", "."} or ".." in Path(name).parts:  # of no file, or refused by workerd
        return False
    try:
        return (folder / name).is_symlink() or (folder / name).exists()
    except (OSError, ValueError):  # longer than a path may be, or with a zero in it
        return False
