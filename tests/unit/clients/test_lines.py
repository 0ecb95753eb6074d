"""Lines of a pipe: whole however they come, and never longer than is kept."""

from hypothesis import given
from hypothesis import strategies as st

from poc_cli.clients.lines import Lines


@given(st.lists(st.text(alphabet="ab\r", max_size=20), max_size=8), st.integers(1, 7))
def test_what_is_cut_into_pieces_comes_out_whole(texts: list[str], size: int) -> None:
    data = "".join(f"{text}\n" for text in texts).encode()
    lines = Lines()
    found = [line for at in range(0, len(data), size) for line in lines.feed(data[at : at + size])]
    assert found == [(text.removesuffix("\r"), 0) for text in texts]
    assert lines.rest() is None


def test_of_a_long_line_the_beginning_is_kept_and_the_rest_counted() -> None:
    lines = Lines(longest=4)
    assert list(lines.feed(b"abc")) == []
    assert list(lines.feed(b"defgh")) == []
    assert list(lines.feed(b"i\nnext\n")) == [("abcd", 5), ("next", 0)]


def test_what_stands_at_the_end_without_an_end_of_line() -> None:
    lines = Lines()
    assert list(lines.feed(b"one\ntw")) == [("one", 0)]
    assert list(lines.feed(b"o\xff")) == []
    assert lines.rest() == ("two\N{REPLACEMENT CHARACTER}", 0)
