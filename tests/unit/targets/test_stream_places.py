"""The line where a worker makes the stream that it answers with."""

from pathlib import Path

import pytest

from poc_cli.residency import RESPONSE_BODY, Pin
from poc_cli.residency.trace import Place
from poc_cli.targets.stream_places import only_stream, with_line

STREAM = "const { readable } = new TransformStream();\n"


@pytest.mark.parametrize(
    ("texts", "place"),
    [
        ([f"// new TransformStream()\n{STREAM}"], Place("0.ts", 2)),
        (["no stream", f"\n\n{STREAM}"], Place("1.ts", 3)),
        (["new IdentityTransformStream()"], Place("0.ts", 1)),
        (["return new Response(new ReadableStream({}))"], Place("0.ts", 1)),
        ([STREAM, STREAM], None),
        (["newTransformStream()"], None),
        ([], None),
    ],
)
def test_it_is_known_where_there_is_only_one(tmp_path: Path, texts: list[str], place: Place | None) -> None:
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.ts").write_text(text, encoding="utf-8")
    names = [*(f"{number}.ts" for number in range(len(texts))), "missing.ts"]
    assert only_stream(tmp_path, names) == place


def test_only_the_pin_of_a_response_body_gets_it() -> None:
    body = Pin("awaitJs", "awaitJs", 1, RESPONSE_BODY, "src/front.ts", 12)
    other = Pin("awaitJs", "awaitJs", 1, "waitUntil", "src/front.ts", 12)
    stream = Place("src/room.ts", 8)
    assert with_line(body, stream) == Pin("awaitJs", "awaitJs", 1, RESPONSE_BODY, "src/room.ts", 8)
    assert with_line(body, None) == body
    assert with_line(other, stream) == other
