"""What the html page shows, as plain values: the templates only set them in type."""

from dataclasses import dataclass, field

from poc_cli.report.question import Answered

Spans = tuple[tuple[str, str], ...]
"""Texts, each with the name of its style, empty for none."""


NOT_WHOLE = "not whole"
"""Stands where a verdict would, for what was judged as held from a record that is not whole."""


def verdict_shown(verdict: str, *, whole: bool) -> str:
    """Return the verdict as it is shown: nothing counts as held in a record that is not whole."""
    return verdict if whole or verdict != "held" else NOT_WHOLE


@dataclass(frozen=True, slots=True)
class Reference:
    """A word that leads to a place on the page; without an anchor it is only a word."""

    text: str
    anchor: str | None


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that a person has to know: where it is from, what was said, and why it came out so."""

    where: Reference
    says: str
    reason: str


@dataclass(frozen=True, slots=True)
class Notes:
    """What came out in one way."""

    heading: str
    verdict: str
    items: tuple[Note, ...]
    is_folded: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to the question of the run, and what it rests on."""

    verdict: str
    headline: str
    sentence: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, str], ...]
    notes: tuple[Notes, ...]
    answered: tuple[Answered, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the survival matrix; `tone` is the verdict whose color and shape it has."""

    value: str
    tone: str
    documented: str
    claims: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The tested part of the survival matrix."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A piece of a drawing: from `x` to `x + w` per cent of the width, `y` and `h` in pixels."""

    x: float
    w: float
    y: float
    h: float
    style: str
    title: str = ""
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """A text in a drawing, at `x` per cent and `y` pixels; `anchor` is the end of it that stands there."""

    x: float
    y: float
    text: str
    anchor: str
    style: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing of a height in pixels, as wide as the page lets it be."""

    height: float
    label: str
    shapes: tuple[Shape, ...]
    words: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure of the run: its heading, what it says in a sentence, and its drawing."""

    heading: str
    sentence: str
    drawing: Drawing


@dataclass(frozen=True, slots=True)
class Picture:
    """The timeline of a play: whole, from close by where that shows more, and as data for the script."""

    whole: Drawing
    close: Drawing | None
    data: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a transcript."""

    anchor: str | None
    spans: Spans
    is_fold: bool = False


@dataclass(frozen=True, slots=True)
class Play:
    """One play: its heading, its timeline and its transcript."""

    label: str
    what: str
    anchor: str
    events: int
    picture: Picture | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim with all that was found about it. `url` is only ever an http or https address."""

    anchor: str
    id: str
    verdict: str
    known: str
    says: str
    reason: str
    source: str
    url: str | None
    evidence: tuple[Reference, ...]
    more_evidence: int
    control: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario: its claims, its story and its controls."""

    anchor: str
    name: str
    title: str
    file: str
    verdict: str
    seconds: str
    is_open: bool
    remarks: tuple[tuple[str, str], ...]
    claims: tuple[Claim, ...]
    story: tuple[Play, ...]
    controls: tuple[Play, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    run: str
    answer: Answer
    matrix: Matrix
    charts: tuple[Chart, ...]
    scenarios: tuple[Scenario, ...] = field(default=())
    missing: tuple[str, ...] = field(default=())
    bills: tuple[Chart, ...] = field(default=())
