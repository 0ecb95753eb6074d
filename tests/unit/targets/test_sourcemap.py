"""Lines of a bundle told as lines of the source."""

import json
from pathlib import Path

import pytest

from poc_cli.errors import TargetError
from poc_cli.residency.trace import Place
from poc_cli.targets.sourcemap import SourceMap

# Line 1: column 1 is src/room.ts line 12. Line 2: nothing. Line 3: column 1 is line 13 of the same, column 5 is line 3
# of a package, column 9 is nobody's. Line 4: column 1 is line 1 of what the bundler adds.
MAPPINGS = "AAWA;;AACA,ICVA,I;ACFA"
SOURCES = ["../../app/src/room.ts", "../../app/node_modules/party/index.js", "tmp/loader.ts"]


@pytest.fixture
def bundle(tmp_path: Path) -> SourceMap:
    """Return the map of a project in `app`, bundled in `x/build`."""
    file = tmp_path / "x" / "build" / "index.js.map"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"version": 3, "sources": SOURCES, "mappings": MAPPINGS}), encoding="utf-8")
    return SourceMap(file, tmp_path / "app", (tmp_path / "x",))


@pytest.mark.parametrize(
    ("line", "column", "place"),
    [
        (1, 1, Place("src/room.ts", 12)),
        (1, 80, Place("src/room.ts", 12)),
        (2, 1, None),
        (3, 4, Place("src/room.ts", 13)),
        (3, 5, Place("node_modules/party/index.js", 3)),
        (3, 9, None),
        (4, 1, None),
        (0, 1, None),
        (5, 1, None),
    ],
)
def test_a_place(bundle: SourceMap, line: int, column: int, place: Place | None) -> None:
    assert bundle.place(line, column) == place


def frame(line: int, column: int, script: str = "index.js") -> dict[str, object]:
    return {"fn": "f", "script": script, "line": line, "col": column}


def test_a_persons_own_line_goes_before_one_of_a_package(bundle: SourceMap) -> None:
    package = ("node_modules/party/index.js", 3)
    assert bundle.innermost([frame(4, 1), frame(3, 5), frame(1, 1)], "index.js") == Place("src/room.ts", 12, package)
    assert bundle.innermost([frame(1, 1), frame(3, 5)], "index.js") == Place("src/room.ts", 12)
    assert bundle.innermost([frame(4, 1), frame(3, 5)], "index.js") == Place("node_modules/party/index.js", 3)


def test_frames_of_other_scripts_and_broken_ones_are_passed_over(bundle: SourceMap) -> None:
    assert bundle.innermost([frame(1, 1, "node-internal:timers"), {"script": "index.js"}, 7], "index.js") is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"sources": [], "mappings": "?"}', '{"sources": [1]}'])
def test_what_is_no_map_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "index.js.map"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(TargetError, match=r"cannot read the source map .*index\.js\.map"):
        SourceMap(file, tmp_path)


def test_large_and_negative_numbers_are_read(tmp_path: Path) -> None:
    # the line goes up by 1000 and then down by 999
    file = tmp_path / "index.js.map"
    file.write_text(json.dumps({"sources": ["a.ts"], "mappings": "AAw+BA;AAv+BA"}), encoding="utf-8")
    found = SourceMap(file, tmp_path)
    assert (found.place(1, 1), found.place(2, 1)) == (Place("a.ts", 1001), Place("a.ts", 2))
