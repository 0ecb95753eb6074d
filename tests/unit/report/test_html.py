"""The html report as a text: what it says, what it leads to, and what it leaves inert."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poc_cli.judge.gates import Outcome
from poc_cli.judge.requirements import Row
from poc_cli.report.failure_causes import Cause, Causes
from poc_cli.report.html import html
from poc_cli.report.html.answer import answer_of
from tests.support import pages
from tests.unit.judge.histories import History
from tests.unit.report.hostile import TEXTS, cell, claim, document, everywhere, matrix, scenario

MARKUP = [
    "</script><script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "<!--<script>",
]

CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u200b\u202e\u2066\u2028\u2029\ud800-\udfff]")

FREE = {"title", "text"}
"""Elements of drawings whose number depends on where labels find room."""


class Page(HTMLParser):
    """What a browser would make of the page: tags, links, ids and text."""

    def __init__(self, source: str) -> None:
        """Read a page."""
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.data: list[str] = []
        self._inside = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag with its attributes."""
        self._inside = tag
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        del tag
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """Keep the text, and what stands in script elements by itself."""
        if self._inside == "script":
            self.data.append(data)
        else:
            self.words += data

    def all(self, name: str) -> list[str]:
        """Return the values of an attribute."""
        return [value for key, value in self.attributes if key == name]

    def shape(self) -> list[str]:
        """Return the tags."""
        return [tag for tag in self.tags if tag not in FREE]


def test_a_run_that_held_says_so_first() -> None:
    words = Page(pages.held()).words
    assert words.index("Feasible") < words.index("Every claim held.") < words.index("3 claims of 1 scenario")
    assert "on local (workerd 1.2) in 20.1 seconds" in words
    assert "2026-10-01" in words


def test_a_refuted_claim_is_told_with_its_reason_before_all_else() -> None:
    page = Page(pages.refuted())
    words = page.words
    assert words.index("Not feasible") < words.index("1 of 3 claims was refuted.") < words.index("Refuted, and why")
    says = "A row that was written before the sleep can be read after it."
    assert words.index("Refuted, and why") < words.index(says) < words.index("Survival matrix")
    assert "#s/story/storage" in page.all("href")


def test_every_claim_has_its_parts() -> None:
    source = html(document(scenario("s", claim("c", "held", source="https://example.com/a", known="refuted"))), [])
    words = Page(source).words
    for part in (
        "held",
        "c",
        "(known defect is gone)",
        "Source",
        "Evidence",
        "events 1, 2, 3",
        "Control",
        "not run: c",
    ):
        assert part in words
    assert 'href="https://example.com/a"' in source


def test_each_cell_leads_to_its_claims() -> None:
    lost = cell("tags", "crash", "lost", ["s/c", "s/d"], as_documented=False)
    page = Page(html(document(scenario("s", claim("c"), claim("d")), matrix=matrix(lost)), []))
    assert {"#s/s/c", "#s/s/d"} <= set(page.all("href"))
    assert "not as documented" in page.words


def test_a_cell_says_how_many_of_its_claims_are_unknown() -> None:
    tags = cell("tags", "crash", "survived", ["s/c"], as_documented=True) | {"unknown": ["s/d"]}
    page = Page(html(document(scenario("s", claim("c"), claim("d")), matrix=matrix(tags)), []))
    assert {"#s/s/c", "#s/s/d"} <= set(page.all("href"))
    assert "1 of 2; 1 unknown" in page.words


@pytest.mark.parametrize("page", [pages.held, pages.refuted, pages.pinned])
def test_every_link_inside_the_page_lands_and_no_id_is_there_twice(page: Any) -> None:
    found = Page(page())
    ids = found.all("id")
    assert len(ids) == len(set(ids))
    inside = {link[1:] for link in found.all("href") if link.startswith("#")}
    assert inside <= set(ids)


def test_a_pin_is_drawn_with_its_name() -> None:
    source = pages.pinned()
    assert 'class="s pinned"' in source
    assert "pinned by setInterval (room.ts:12)</text>" in source


def test_a_sleep_is_drawn_with_its_length_and_once_more_from_close_by() -> None:
    source = pages.held()
    assert 'class="s asleep"' in source
    assert "asleep 1.000 s</text>" in source
    assert 'data-part="close"' in source


def test_the_transcript_is_all_there() -> None:
    words = Page(pages.held()).words
    assert 'ann > {"op":"put","key":"color","value":"blue"}' in words
    assert "-- object asleep 10.001 s after its last event --" in words


def test_nothing_is_loaded_and_only_what_is_hashed_runs() -> None:
    source = pages.held()
    page = Page(source)
    assert page.all("src") == []
    assert page.all("style") == []
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert re.search(r"default-src &#39;none&#39;; style-src &#39;sha256-[\w+/=]+&#39;", source)


# --- what others wrote

PLAIN = Page(pages.hostile("word")).shape()


@pytest.mark.parametrize("text", [*MARKUP, *TEXTS])
def test_what_others_wrote_stays_text(text: str) -> None:
    source = pages.hostile(text)
    page = Page(source)
    assert not CONTROLS.search(source)
    assert page.tags.count("script") == PLAIN.count("script")
    assert {"img", "iframe", "base", "form", "object", "embed", "link"}.isdisjoint(page.tags)
    links = [link for link in page.all("href") if not link.startswith("#")]
    assert all(link.startswith("https://example.com/") for link in links)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    for data in page.data[:-1]:
        assert json.loads(data)["lanes"]


@settings(max_examples=settings().max_examples // 2)
@given(st.text(min_size=1, max_size=60))
def test_any_text_stays_text(text: str) -> None:
    page = Page(html(everywhere(text), []))
    assert page.shape() == Page(html(everywhere("word"), [])).shape()
    assert not [link for link in page.all("href") if not link.startswith("#")]


# --- a record that is not whole

CUT = [0, 1, 2, 5, 20, 40, -2, -1]


@pytest.mark.parametrize("end", CUT)
def test_nothing_counts_as_held_in_a_record_that_is_cut_off(end: int) -> None:
    history = History()
    history.events = pages.story().events[:end]
    source = html(history.judged(), history.events, ["The record is incomplete."])
    body = source.partition("<body>")[2].partition('<section id="reading">')[0]
    assert 'class="chip held"' not in body
    assert "Feasible" not in body
    assert "What is missing from this record" in body


def test_lines_that_cannot_be_read_do_not_stop_it() -> None:
    events = [event if event.id % 7 else None for event in pages.story().events]
    history = History()
    history.events = [event for event in events if event is not None]
    assert "No answer" in html(history.judged(), events)


def test_a_play_that_could_not_be_judged_is_shown_all_the_same() -> None:
    history = pages.story()
    judged = history.judged()
    judged["scenarios"] = []
    words = Page(html(judged, history.events)).words
    assert "plays without a scenario" in words
    assert "but could not be judged" in words


def test_a_long_run_stays_small_and_says_what_it_folds() -> None:
    source = pages.long(scenarios=20)
    assert len(source.encode()) < 1_500_000
    assert source.count('class="scenario"') == 20
    assert source.count("events not shown") >= 20


def test_how_many_performances_were_repeated_is_among_the_facts() -> None:
    repeats = {"performances": 9, "repeated": 1, "late": 0, "first": None}
    assert "1 of 9 plays, not because of lateness" in Page(html(document(scenario("s"), repeats=repeats), [])).words
    assert "Repeated" not in Page(html(document(scenario("s")), [])).words


def test_the_gates_of_a_check_come_first_those_that_are_not_met_above() -> None:
    rows = (Row("a holds", "held", "met"), Row("b holds", "refuted", "not met"))
    words = Page(html(document(scenario("s")), [], outcome=Outcome(rows))).words
    assert words.index("Gates") < words.index("b holds") < words.index("a holds") < words.index("The history shows it")
    assert "not feasible: a gate is not met (1 of 2 gates met)" in words


def test_failures_come_first_and_only_a_few_are_open() -> None:
    many = [scenario(f"s{number}", claim("c", "held"), verdict="held", error=None, stopped=None) for number in range(9)]
    bad = [scenario(f"bad{number}", claim("c"), error=None, stopped=None) for number in range(3)]
    source = html(document(*many, *bad), [])
    order = re.findall(r'<details class="scenario" id="s/(\w+)"', source)
    assert order[:3] == ["bad0", "bad1", "bad2"]
    assert source.count("<article") == 2
    assert len(re.findall(r'<script type="application/json" class="body">', source)) == 10


def test_what_is_folded_says_how_many_of_what_it_has() -> None:
    left_out = [scenario(f"l{n}", left_out="no token", error=None, stopped=None) for n in range(5)]
    unknown = [scenario(f"u{n}", claim("c", "unknown"), error=None, stopped=None) for n in range(5)]
    words = Page(html(document(*unknown, *left_out), [])).words
    assert "5 claims, each with its reason" in words
    assert "5 scenarios, each with its reason" in words


def test_claims_that_one_step_failed_are_counted_each() -> None:
    class Pairs(Causes):
        """Every scenario has one cause, of all its claims."""

        def of(self, scenario: Any) -> list[Cause]:
            """Return it."""
            return [Cause(scenario, tuple(scenario["claims"]), None)]

    unknown = [scenario(f"u{n}", claim("c", "unknown"), claim("d", "unknown"), error=None) for n in range(5)]
    notes = answer_of(document(*unknown), {}, Pairs()).notes
    assert next(each for each in notes if each.verdict == "unknown").folded == "10 claims, for 5 reasons"


def test_an_anchor_is_the_name_of_its_claim_whatever_else_was_played() -> None:
    alone = Page(html(document(scenario("room", claim("it sleeps"), error=None)), [])).all("id")
    among = Page(html(document(scenario("a", claim("b")), scenario("room", claim("it sleeps"))), [])).all("id")
    assert "s/room/it-sleeps" in alone
    assert "s/room/it-sleeps" in among


def test_a_line_of_a_repository_is_a_link() -> None:
    history = pages.story(color="red")
    source = html(history.judged(), history.events, linked=lambda file, line: f"https://example.com/{file}#L{line}")
    assert '<a href="https://example.com/scenarios/story.toml#L12" rel="noopener noreferrer">' in source


def test_a_page_that_poc_closed_is_not_broken() -> None:
    history = History()
    told = history.play(pages.STORY)
    pages.begin(told)
    told.ended("done")
    told.closed("ann", clean=False)
    broken = 'class="s broken"'
    drawn = html(history.judged(), history.events).partition('id="scenarios"')[2].partition("</ul>")[2]
    assert broken not in drawn
