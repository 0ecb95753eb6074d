"""Reads the upload of a Worker: a multipart body in, its metadata and modules out."""

import json
import re
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from typing import Any, Final

from tests.standin.refusal import bad_upload

KINDS: Final = {
    "application/javascript+module": "esModule",
    "application/javascript": "commonJsModule",
    "application/octet-stream": "data",
    "application/wasm": "wasm",
    "application/json": "json",
    "text/plain": "text",
}
"""What a module is to workerd, by the type of its part."""

_SKIPPED: Final = "application/source-map"


@dataclass(frozen=True, slots=True)
class Module:
    """One module, under the name by which others import it; `kind` is workerd's word."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Upload:
    """What one request brought."""

    metadata: dict[str, Any]
    modules: tuple[Module, ...]


def read(content_type: str, body: bytes) -> Upload:
    """Return what a multipart body holds, the main module first. Raises Refusal where it is no Worker of modules."""
    metadata: dict[str, Any] | None = None
    modules: list[Module] = []
    for head, content in _parts(content_type, body):
        name = str(head.get_param("name", "", "content-disposition"))
        kind = head.get_content_type()
        if name == "metadata":
            metadata = _object(content)
        elif kind in KINDS:
            modules.append(Module(name, KINDS[kind], content))
        elif kind != _SKIPPED:
            raise bad_upload(f"The stand-in knows no module of type {kind}: {name}.")
    if metadata is None:
        raise bad_upload("The upload has no metadata.")
    main = metadata.get("main_module")
    if main not in {module.name for module in modules}:
        raise bad_upload(f"The upload has no main module: {main}.")
    return Upload(metadata, tuple(sorted(modules, key=lambda module: module.name != main)))


def _object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError as error:
        raise bad_upload(f"The metadata is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise bad_upload("The metadata is no object.")
    return value


def _parts(content_type: str, body: bytes) -> list[tuple[Message, bytes]]:
    # Split by hand: the parsers of the standard library are for mail, and may touch the ends of lines.
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if found is None:
        raise bad_upload("The upload is not multipart.")
    line = b"\r\n--" + found[1].encode()
    pieces = (b"\r\n" + body).split(line)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):  # before the first, at least one part, the end
        raise bad_upload("The upload ends in the middle.")
    parts: list[tuple[Message, bytes]] = []
    for piece in pieces[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        parts.append((HeaderParser().parsestr(head.decode()), content))
    return parts
