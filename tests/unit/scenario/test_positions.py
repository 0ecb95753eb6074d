"""Positions: every key and value of a TOML text is found where it stands."""

import itertools

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from poc_cli.errors import Position
from poc_cli.scenario.positions import locate
from poc_cli.scenario.values import Path

Place = tuple[Path, str, str]
"""A path, the text of its key (empty for a list element), the text of its value (empty for a table of sections)."""


def text_at(text: str, position: Position) -> str:
    lines = text.split("\n")
    return "\n".join([lines[position.line - 1][position.column - 1 :], *lines[position.line :]])


def paths_in(value: object, path: Path = ()) -> set[Path]:
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return {path} | {way for key, item in items for way in paths_in(item, (*path, key))}


KEYS = ["key{n}", '"quoted {n}"', "'lit.{n}'", '"esc\\u00e9\\"{n}"', "k-{n}_", "{n}"]
SCALARS = [
    "{n}",
    "true",
    '"s]}} # {n}"',
    "'lit \" {n}'",
    '"esc\\"{n}\\\\"',
    '"""over\n lines ""{n}"""""',
    "'''lit\n''{n}'''''",
    '""""""',
    "1979-05-27 07:32:00",
    "1979-05-27T07:32Z",
    "[]",
    "{{}}",
    "-1.5e3",
]
BLANKS = ["", " ", "\n", " # [x = { \" '\n", "\t\n ", " \n\n"]


class Writer:
    """Writes one TOML document as Hypothesis draws it, and notes what stands at each of its paths."""

    def __init__(self, draw: st.DrawFn) -> None:
        """Take what draws."""
        self._draw = draw
        self._count = itertools.count(1)
        self.places: list[Place] = []

    def document(self) -> str:
        """Return the text."""
        lines = [self._entry((), 3) for _ in range(self._draw(st.integers(0, 3)))]
        for _ in range(self._draw(st.integers(0, 3))):
            lines += self._section()
        return "\n".join(lines) + "\n"

    def _section(self) -> list[str]:
        key, path = self._key(())
        self.places.append((path, key, ""))
        if self._draw(st.booleans()):
            return [f"[ {key} ] # c", self._entry(path, 2)]
        lines: list[str] = []
        for index in range(self._draw(st.integers(1, 2))):
            inner: Path = (*path, index)
            lines += [f"[[{key}]]", self._entry(inner, 2), f"[{key}.sub]", self._entry((*inner, "sub"), 1)]
            self.places += [(inner, "", f"[[{key}]]"), ((*inner, "sub"), "sub", "")]
        return lines

    def _key(self, table: Path) -> tuple[str, Path]:
        key = self._one_of(KEYS)
        return key, (*table, *tomli.loads(f"{key} = 1"))

    def _entry(self, table: Path, depth: int) -> str:
        """Return `key = value`, the key dotted now and then."""
        dotted = ""
        if self._draw(st.booleans()):
            key, table = self._key(table)
            self.places.append((table, key, ""))
            dotted = f"{key} . "
        key, path = self._key(table)
        value = self._value(path, depth)
        self.places.append((path, key, value))
        return f"{dotted}{key} = {value}"

    def _value(self, path: Path, depth: int) -> str:
        form = self._draw(st.sampled_from(["scalar", "list", "table"])) if depth else "scalar"
        size = self._draw(st.integers(1, 3))
        if form == "scalar":
            return self._one_of(SCALARS)
        if form == "table":
            return "{" + self._inside([self._entry(path, depth - 1) for _ in range(size)]) + "}"
        items = [self._value((*path, index), depth - 1) for index in range(size)]
        self.places += [((*path, index), "", item) for index, item in enumerate(items)]
        return "[" + self._inside(items) + "]"

    def _inside(self, items: list[str]) -> str:
        comma = self._draw(st.sampled_from(["", ","]))
        return ",".join(f"{self._blank()}{item}{self._blank()}" for item in items) + comma + self._blank()

    def _one_of(self, forms: list[str]) -> str:
        return self._draw(st.sampled_from(forms)).format(n=next(self._count))

    def _blank(self) -> str:
        return self._draw(st.sampled_from(BLANKS))


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[Place]]:
    """Return a TOML document and what stands at each of its paths."""
    writer = Writer(draw)
    return writer.document(), writer.places


@settings(max_examples=settings().max_examples * 3 // 2)
@given(documents())
def test_each_key_and_value_starts_at_its_position(document: tuple[str, list[Place]]) -> None:
    text, places = document
    assert {path for path, _, _ in places} | {()} == paths_in(tomli.loads(text)), "the generator misses a path"
    positions = locate(text)
    for path, key, value in places:
        assert text_at(text, positions.of(path)).startswith(key or value)
        if value:
            assert text_at(text, positions.value(path)).startswith(value)


TEXT = """\
name = "x"
steps = [
  { on = "ann", send = {
      op = "who",
  } },
]
[[claim]]
id = "a"
[[claim]]
id = "b"
control.clients.ann = "/"
"""


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("name",), (1, 1), (1, 8)),
        (("steps", 0), (3, 3), (3, 3)),
        (("steps", 0, "send", "op"), (4, 7), (4, 12)),
        (("claim",), (7, 3), (7, 3)),
        (("claim", 1), (9, 1), (9, 1)),
        (("claim", 1, "id"), (10, 1), (10, 6)),
        (("claim", 1, "control", "clients"), (11, 9), (11, 9)),
        (("claim", 1, "control", "clients", "ann"), (11, 17), (11, 23)),
    ],
)
def test_key_and_value_have_places_of_their_own(path: Path, key: tuple[int, int], value: tuple[int, int]) -> None:
    positions = locate(TEXT)
    assert positions.of(path) == Position(*key)
    assert positions.value(path) == Position(*value)


def test_a_path_without_a_place_gives_its_nearest_ancestor() -> None:
    assert locate(TEXT).of(("steps", 0, "send", "missing", 3)) == locate(TEXT).of(("steps", 0, "send"))


def test_the_empty_path_is_the_start_of_the_text() -> None:
    assert locate("# comment\nname = 1").of(()) == Position(1, 1)


def test_lines_that_end_in_carriage_returns_count_as_one() -> None:
    assert locate('a = """x\r\ny"""\r\nb = 2').of(("b",)) == Position(3, 1)


def test_two_headers_of_the_same_words_are_not_mixed_up() -> None:
    positions = locate("[[a.a]]\nx = 1\n[[a.a]]\nx = 2\n[a.a.b]\ny = 3")
    assert positions.of(("a", "a", 1, "x")) == Position(4, 1)
    assert positions.of(("a", "a", 1, "b", "y")) == Position(6, 1)


def test_any_depth_is_located_without_exhausting_the_stack() -> None:
    text = "a = " + "[" * 400 + "1" + "]" * 400 + "\nb = 2"
    assert locate(text).of(("b",)) == Position(2, 1)
