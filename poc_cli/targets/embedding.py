"""Check that a worker's `local.capnp` only embeds files of its own folder.

Imports only the standard library, so that the runtime can start while the rest is still loading.
"""

import re
from collections.abc import Iterator
from os.path import normpath
from pathlib import Path

from poc_cli.errors import TargetError

_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_OWN_DISK = re.compile(r'\bservice\s*=\s*(?:\(\s*name\s*=\s*)?"disk"')


def raise_if_outside(folder: Path, name: str) -> None:
    """Raise TargetError if a declaration, or one that it imports, names a link that leads out of the folder.

    workerd itself rejects `..` and absolute paths, but follows links. An untrusted folder could expose any file that
    poc may read to the worker, and so to every client. Every string of the declaration is treated as a path; a string
    that is not one does not exist as a file.
    """
    root = folder.resolve()
    for file in named_files(folder, name):
        if not (folder / file).resolve().is_relative_to(root):
            raise TargetError(
                f"{folder / file} is a link that leads out of the worker's folder", "replace the link by the file"
            )
        _raise_if_it_binds_the_disk(folder / file)


def named_files(folder: Path, name: str) -> Iterator[Path]:
    """Yield a declaration and the files and folders that it, or one that it imports, names."""
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
            "use the storage of the worker's Durable Objects instead",
        )


def _named(folder: Path, declaration: Path) -> Iterator[Path]:
    """Yield the paths in a declaration, relative to its folder or, with a leading slash, to the worker's."""
    for match in _STRING.finditer(_text(folder / declaration)):
        literal = match[1].encode().decode("unicode_escape")
        base = Path() if literal.startswith("/") else declaration.parent
        name = Path(normpath(base / literal.lstrip("/")))
        if literal and name != Path() and ".." not in name.parts and _is_there(folder / name):
            yield name


def _is_there(path: Path) -> bool:
    try:
        return path.is_symlink() or path.exists()
    except (OSError, ValueError):  # too long for a path, or with a null byte
        return False
