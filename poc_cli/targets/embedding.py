"""What a worker's `local.capnp` takes into itself: files of its own folder, and nothing else of this machine.

Imports only the standard library, so that the runtime starts while the rest is still loading.
"""

import re
from collections.abc import Iterator
from os.path import normpath
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
    for file in named_files(folder, name):
        if not (folder / file).resolve().is_relative_to(root):
            raise TargetError(
                f"{folder / file} is a link that leads out of the worker's folder", "put the file itself there"
            )
        _raise_if_it_binds_the_disk(folder / file)


def named_files(folder: Path, name: str) -> Iterator[Path]:
    """Yield the paths in a folder that a declaration, or one that it imports, names: itself, files, and folders."""
    waiting, seen = [Path(name)], set[Path]()
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            yield file
            waiting += _named(folder, file)


def _text(declaration: Path) -> str:
    if declaration.suffix != ".capnp":
        return ""
    try:
        return declaration.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _raise_if_it_binds_the_disk(declaration: Path) -> None:
    if _OWN_DISK.search(_text(declaration)):
        raise TargetError(
            f"{declaration} binds the service `disk`, on which the runtime keeps the objects' storage",
            "give the worker the storage of its objects instead",
        )


def _named(folder: Path, declaration: Path) -> Iterator[Path]:
    """Yield what a declaration names: from its own folder on, or with a slash before it from the worker's."""
    for match in _STRING.finditer(_text(folder / declaration)):
        literal = match[1].encode().decode("unicode_escape")
        base = Path() if literal.startswith("/") else declaration.parent
        name = Path(normpath(base / literal.lstrip("/")))
        if literal and name != Path() and ".." not in name.parts and _is_there(folder / name):
            yield name


def _is_there(path: Path) -> bool:
    try:
        return path.is_symlink() or path.exists()
    except (OSError, ValueError):  # longer than a path may be, or with a zero in it
        return False
