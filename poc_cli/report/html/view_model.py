"""The values that the templates of the HTML page render."""

from dataclasses import dataclass, field

from poc_cli.report.question import QuestionAnswer

Spans = tuple[tuple[str, str], ...]
"""Texts, each with the name of its style, empty for none."""


INCOMPLETE = "incomplete"
"""Replaces the verdict `held` if the record is incomplete."""


def verdict_shown(verdict: str, *, whole: bool) -> str:
    """Return the verdict as it is shown: nothing counts as held if the record is incomplete."""
    return verdict if whole or verdict != "held" else INCOMPLETE


@dataclass(frozen=True, slots=True)
class Reference:
    """A text that links to an anchor on the page, or plain text without an anchor."""

    text: str
    anchor: str | None


@dataclass(frozen=True, slots=True)
class Note:
    """One remark: what it is about, the sentence tested, and the reason."""

    where: Reference
    says: str
    reason: str
    others: tuple[Reference, ...] = ()
    """Other claims that the same step failed."""
    place: str = ""
    """The step, as `file:line:column`."""


@dataclass(frozen=True, slots=True)
class Notes:
    """The remarks of one kind, below a heading."""

    heading: str
    verdict: str
    items: tuple[Note, ...]
    folded: str | None = None
    """What they are in a line, which opens them; None if they are open from the beginning."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of the run with its facts and remarks."""

    verdict: str
    headline: str
    sentence: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, str], ...]
    notes: tuple[Notes, ...]
    questions: tuple[QuestionAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the survival matrix; `tone` is the verdict that gives it its color and shape."""

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
    """A shape in a drawing: `x` and `w` in percent of the width, `y` and `h` in pixels."""

    x: float
    w: float
    y: float
    h: float
    style: str
    title: str = ""
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A text in a drawing, at `x` percent and `y` pixels; `anchor` is SVG's text-anchor."""

    x: float
    y: float
    text: str
    anchor: str
    style: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing with its height in pixels; it is as wide as the page."""

    height: float
    label: str
    shapes: tuple[Shape, ...]
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: its heading, a sentence that summarizes it, and its drawing."""

    heading: str
    sentence: str
    drawing: Drawing


@dataclass(frozen=True, slots=True)
class Picture:
    """The timeline of a play: whole, as a close-up if that shows more, and as data for the script."""

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
    """A claim with its finding. `url` is an http or https URL."""

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
    rests_on: str
    control: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap of a session: its state, and the words for it."""

    state: str
    words: str


@dataclass(frozen=True, slots=True)
class Loss:
    """What a client saw differently after a sleep."""

    where: str
    says: str
    expected: str
    seen: str
    looks_like: str
    url: str | None
    advice: str | None


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of a scenario, and whether a step in it failed."""

    number: int
    text: str
    failed: bool


@dataclass(frozen=True, slots=True)
class FailedClaims:
    """Claims that one step failed: the step in lines of spans, and the command that runs it again."""

    claims: tuple[Reference, ...]
    place: str
    url: str | None
    lines: tuple[Spans, ...]
    command: str


@dataclass(frozen=True, slots=True)
class Session:
    """A session with sleeps in its gaps."""

    gaps: tuple[Gap, ...]
    legend: tuple[Gap, ...]
    losses: tuple[Loss, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario with its claims, its story and its controls."""

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
    theme: str = ""
    failures: tuple[FailedClaims, ...] = ()
    source: tuple[SourceLine, ...] = ()
    session: Session | None = None
    is_lazy: bool = False
    """Whether the page holds its content as data until it is opened."""

    @property
    def searched(self) -> str:
        """Return the text in which the page searches."""
        claims = (f"{claim.id} {claim.says} {claim.reason}" for claim in self.claims)
        return " ".join([self.name, self.title, *claims]).casefold()


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate of a check: what it requires, what was found, and its verdict."""

    requirement: str
    found: str
    verdict: str


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """One of the last runs of the results folder: its name and result, and the address of its page if it has one."""

    name: str
    started: str
    verdict: str
    words: str
    seconds: str
    wake: str
    url: str | None
    is_this: bool


@dataclass(frozen=True, slots=True)
class Page:
    """The page."""

    run: str
    answer: Answer
    matrix: Matrix
    charts: tuple[Chart, ...]
    scenarios: tuple[Scenario, ...] = field(default=())
    missing: tuple[str, ...] = field(default=())
    bills: tuple[Chart, ...] = field(default=())
    gates: tuple[Gate, ...] = field(default=())
    gates_answer: str = ""
    trend: tuple[EarlierRun, ...] = field(default=())

    @property
    def themes(self) -> tuple[str, ...]:
        """Return the themes of the scenarios, each once."""
        return tuple(dict.fromkeys(each.theme for each in self.scenarios if each.theme))

    @property
    def verdicts(self) -> tuple[str, ...]:
        """Return the verdicts of the scenarios, each once."""
        return tuple(dict.fromkeys(each.verdict for each in self.scenarios))
