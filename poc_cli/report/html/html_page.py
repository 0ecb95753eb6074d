"""A judged run as one self-contained HTML file, readable without a network or a server.

Without scripts it has the result, the failures and their reasons, and everything of a run of few scenarios.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound
from markupsafe import Markup

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.inert import inert
from poc_cli.judge.document_types import RunDocument
from poc_cli.judge.gates import Outcome
from poc_cli.report.failure_causes import Causes
from poc_cli.report.gate_table import answer
from poc_cli.report.html.answer import answer_of
from poc_cli.report.html.charts import charts_of
from poc_cli.report.html.safe import digest, embedded
from poc_cli.report.html.scenarios import Linked, Plays, anchors_of, scenarios_of
from poc_cli.report.html.survival_matrix import matrix_of
from poc_cli.report.html.view_model import Chart, EarlierRun, Gate, Page
from poc_cli.report.styled import plain

_SCRIPTS: Final = ("base.js", "view.js", "start.js")
"""The parts of the page's script, in order."""


def html(  # noqa: PLR0913 - what a page may have besides the run
    document: RunDocument,
    events: Iterable[Event | None],
    missing: Sequence[str] = (),
    bills: Sequence[Chart] = (),
    *,
    outcome: Outcome | None = None,
    trend: Sequence[EarlierRun] = (),
    linked: Linked = lambda _file, _line: None,
) -> str:
    """Return the page for a judged run and its history.

    `missing` lists what is missing from the run folder; `bills` are the charts of the cost; `outcome` is that of a
    check, `trend` the last runs, and `linked` returns the address of a line of a file.
    """
    page = _page(document, list(events), linked)
    rows = () if outcome is None else (*outcome.failing, *(row for row in outcome.rows if row not in outcome.failing))
    gates = tuple(Gate(row.requirement, row.found, row.verdict) for row in rows)
    said = "" if outcome is None else plain(answer(outcome))
    whole = replace(page, missing=tuple(missing), bills=tuple(bills), trend=tuple(trend))
    return _render(replace(whole, gates=gates, gates_answer=said))


def _page(document: RunDocument, events: Sequence[Event | None], linked: Linked) -> Page:
    by_label: dict[str, list[Event]] = {}
    for event in events:
        if event is not None and event.kind not in kinds.OF_THE_RUN:
            by_label.setdefault(event.play, []).append(event)
    claims = (claim for scenario in document["scenarios"] for claim in scenario["claims"])
    evidence = {each for claim in claims for each in claim["evidence"]}
    anchors = anchors_of(document).claims
    causes = Causes(events)
    return Page(
        run=str(document["run"] or "unnamed run"),
        answer=answer_of(document, anchors, causes),
        matrix=matrix_of(document, {f"{scenario}/{claim}": place for (scenario, claim), place in anchors.items()}),
        charts=(*charts_of(document, by_label.values()), *_of_loads(document, by_label)),
        scenarios=scenarios_of(document, Plays(by_label, evidence), causes, linked),
    )


def _of_loads(document: RunDocument, plays: dict[str, list[Event]]) -> tuple[Chart, ...]:
    if not document.get("load"):
        return ()
    from poc_cli.report.html.load_charts import charts_of_loads

    return charts_of_loads(document, plays.values())


def _render(page: Page) -> str:
    style, script = _source("page.css"), "".join(map(_source, _SCRIPTS))
    policy = (
        f"default-src 'none'; style-src '{digest(style)}'; script-src '{digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    # Both are files of this package, and neither contains the end tag of its element.
    ours = {"style": Markup(style), "script": Markup(script)}  # noqa: S704
    return _environment().get_template("page.html.j2").render(page=page, policy=policy, **ours)


class _Templates(BaseLoader):
    """Loads the templates of this package."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        """Return the text of a template. Raises TemplateNotFound if there is none."""
        del environment
        try:
            return _source(template), template, None
        except FileNotFoundError as error:
            raise TemplateNotFound(template) from error


def _source(name: str) -> str:
    return (files("poc_cli.report.html") / "templates" / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=_Templates(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    made.filters["embedded"] = lambda markup: embedded(str(markup))
    return made


def _visible(value: object) -> object:
    """Return a text with control characters escaped; markup is left as it is."""
    return inert(value) if isinstance(value, str) and not isinstance(value, Markup) else value
