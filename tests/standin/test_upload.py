"""Uploads are read byte by byte, and what is no upload is refused in a sentence."""

import json

import pytest

from tests.standin.refusal import Refusal
from tests.standin.upload import Module, read

TYPE = "multipart/form-data; boundary=----line"
METADATA = json.dumps({"main_module": "index.js"}).encode()


def _body(*parts: tuple[str, bytes]) -> bytes:
    pieces = [b"------line\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n" for head, content in parts]
    return b"".join(pieces) + b"------line--\r\n"


def _part(name: str, kind: str, content: bytes) -> tuple[str, bytes]:
    head = f'Content-Disposition: form-data; name="{name}"; filename="{name}"\r\nContent-Type: {kind}'
    return head, content


META = ('Content-Disposition: form-data; name="metadata"', METADATA)


def test_modules_come_byte_by_byte_with_the_main_one_first() -> None:
    strange = b"\x00\r\n\n\r--not a line\r\n\xff"
    upload = read(
        TYPE,
        _body(
            META,
            _part("./page.html", "application/octet-stream", strange),
            _part("index.js", "application/javascript+module", b"export default {}"),
            _part("index.js.map", "application/source-map", b"{}"),
        ),
    )
    assert upload.metadata == {"main_module": "index.js"}
    assert upload.modules == (
        Module("index.js", "esModule", b"export default {}"),
        Module("./page.html", "data", strange),
    )


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("text/plain", b"", "not multipart"),
        (TYPE, _body(META)[:-12], "ends in the middle"),
        (TYPE, _body(_part("index.js", "application/javascript+module", b"")), "no metadata"),
        (TYPE, _body((META[0], b"{")), "no JSON"),
        (TYPE, _body((META[0], b"[]")), "no object"),
        (TYPE, _body(META), "no main module: index.js"),
        (TYPE, _body(META, _part("index.js", "application/x-python", b"")), "no module of type application/x-python"),
    ],
)
def test_what_is_no_upload_is_refused(kind: str, body: bytes, says: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(kind, body)
    assert refused.value.code == 10021
    assert says in refused.value.message
