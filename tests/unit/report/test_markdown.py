"""The Markdown report: what it says, what it leaves inert, and what it leaves out when it grows too long."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from poc_cli.report.markdown import LARGEST_BYTES, link, markdown, text
from tests.unit.judge.histories import History
from tests.unit.judge.histories import scenario as scenario_text
from tests.unit.judge.performing import hibernate_run
from tests.unit.report.hostile import TEXTS, cell, claim, document, everywhere, matrix, scenario

SAYS = '{ on = "ann", send = "a", expect = "b", claim = "it" }'


class Page(HTMLParser):
    """What a browser would make of the report: its tags, its links and its text."""

    def __init__(self, source: str) -> None:
        """Render as GitHub does: tables, and HTML passed on."""
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.inside = 0
        self.feed(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(source))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag and where it leads."""
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        self.inside += tag == "a"

    def handle_endtag(self, tag: str) -> None:
        """Leave a link."""
        self.inside -= tag == "a"

    def handle_data(self, data: str) -> None:
        """Keep the text outside links."""
        if not self.inside:
            self.words += data


OURS = {"p", "strong", "table", "thead", "tbody", "tr", "th", "td", "h3", "ul", "li", "br", "details", "summary", "a"}

LIVE = re.compile(r"@\w|\w://|www\.\w|#\d|GH-\d|:\w+:|[\x00-\x09\x0b-\x1f\x7f\u202e\u2066\u2028\ud800]", re.IGNORECASE)
"""What GitHub makes a mention, a link, a reference or an emoji of; and what no text may hold."""


def shape(source: str) -> list[str]:
    return Page(source).tags


PLAIN = shape(markdown(everywhere("word")))
"""The same report with a plain word: where hostile text has the same shape, nothing began or ended early."""


@pytest.mark.parametrize("hostile", TEXTS)
def test_hostile_text_is_inert_everywhere(hostile: str) -> None:
    page = Page(markdown(everywhere(hostile)))
    assert set(page.tags) <= OURS
    assert page.links == []
    assert not LIVE.search(page.words)
    assert page.tags == PLAIN


@given(st.text(min_size=1, max_size=60))
def test_any_text_is_inert_everywhere(hostile: str) -> None:
    assume(not hostile.strip().lower().startswith(("http://", "https://")))  # as a source that is a link, and should be
    assert shape(markdown(everywhere(hostile))) == PLAIN


@given(st.text(alphabet=st.sampled_from("ab1 \n\r\t|`@<>/[]()!*_~#:$&;\\-=+.\"'{}"), min_size=1, max_size=40))
def test_any_markup_is_inert_everywhere(hostile: str) -> None:
    page = Page(markdown(everywhere(hostile)))
    assert page.tags == PLAIN
    assert page.links == []


@given(st.text(max_size=80))
def test_text_shows_what_it_was_but_for_spaces_of_no_width(whole: str) -> None:
    printable = "".join(character for character in whole if character.isprintable()).strip()
    shown = Page("x" + text(printable) + "x").words.replace("\u200b", "").strip()
    assert shown == f"x{printable or '(empty)'}x"


@pytest.mark.parametrize(
    "url",
    [
        "https://developers.cloudflare.com/durable-objects/api/state/#setwebsocketautoresponse",
        "http://localhost:8080/a?b=c&d=%20#e",
        "https://example.com/a_b*c/(d)[e]|f`g<h>i",
    ],
)
def test_an_address_becomes_one_link(url: str) -> None:
    page = Page(f"| {link(url)} |\n|---|\n")
    assert page.tags == ["table", "thead", "tr", "th", "a"]
    (found,) = page.links
    assert found.startswith(url.split("(", maxsplit=1)[0])


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example/",
        "ftp://example.com/",
        "https://",
        "https:///path",
        "https://exa mple.com/",
        "https://example.com/\n[x](javascript:alert(1))",
        "https://[",
        "https://example.com/" + "a" * 600,
        "HTTPX://example.com",
        "",
        None,
    ],
)
def test_anything_else_is_text(url: object) -> None:
    assert Page(link(url)).links == []


@given(st.text(max_size=60))
def test_no_address_leads_anywhere_but_to_http(url: str) -> None:
    for found in Page(link(url) + " " + link("https://" + url)).links:
        assert found.startswith(("http://", "https://"))


def test_the_report_of_a_run_says_it_all() -> None:
    judged = hibernate_run(wrong={"storage-survives-sleep"}).judged()
    told = markdown(judged)
    assert told.startswith(
        "**poc: not feasible: a claim was refuted** (6 held, 1 refuted) on local (workerd 1.2) in 5.2 s\n"
    )
    assert "| What | idle sleep |\n|---|---|\n| connections | survived |" in told
    assert "| SQLite rows | ⚠️ **lost**, not as documented: hibernate/storage-survives-sleep |" in told
    assert "### Refuted\n\n- **hibernate/storage-survives-sleep**: A row that was written" in told
    page = "https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/"
    assert f"source: [developers.cloudflare.com](<{page}>)" in told
    assert "; evidence: events 6, 17, " in told
    assert "<details>\n<summary>6 held</summary>\n\n- **hibernate/idle-room-sleeps**" in told
    assert told.endswith("</details>\n")
    assert "### Unknown" not in told


def test_only_tested_rows_and_columns_are_shown() -> None:
    filled = matrix(
        cell("tags", "crash", "lost", ["a/b"], as_documented=False),
        cell("alarms", "idle sleep", "survived", ["a/c"], as_documented=True),
    )
    table = [line for line in markdown(document(matrix=filled)).split("\n") if line.startswith("|")]
    assert table == [
        "| What | idle sleep | crash |",
        "|---|---|---|",
        "| tags | not tested | ⚠️ **lost**, not as documented: a/b |",
        "| alarms | survived | not tested |",
    ]
    assert "|" not in markdown(document())


def test_known_defects_are_marked() -> None:
    known = markdown(document(scenario("s", claim("c", known="refuted"), stopped=None, error=None)))
    assert "- **s/c** (known defect): c" in known
    gone = markdown(document(scenario("s", claim("c", "held", known="refuted"), stopped=None, error=None)))
    assert "- **s/c** (known defect is gone): c" in gone
    undecided = markdown(document(scenario("s", claim("c", "unknown", known="refuted"), stopped=None, error=None)))
    assert "- **s/c**: c" in undecided


def test_what_could_not_be_played_ended_early_or_was_left_out_is_listed() -> None:
    told = markdown(
        document(
            scenario("one", error="the side-car did not answer", stopped=None),
            scenario("two", error=None, stopped="on failed at story.toml:9"),
            scenario("three", error=None, stopped=None, left_out="its subject is the timer"),
        )
    )
    assert "- **one** could not be run: the side-car did not answer" in told
    assert "- **two** ended early: on failed at story.toml:9" in told
    assert "- **three** was left out: its subject is the timer" in told


def test_long_evidence_is_counted() -> None:
    told = markdown(document(scenario("s", claim("c", evidence=list(range(30))), stopped=None, error=None)))
    assert "evidence: events 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 18 more" in told


def test_a_long_reason_is_cut_and_what_is_missing_counted() -> None:
    assert text("a" * 1510) == "a" * 1500 + " … (10 characters more)"


@pytest.mark.parametrize("word", ["a", "ä", "|", "\U000e0001", "\U0001f600"])
@pytest.mark.parametrize("number", [1, 20])
def test_it_always_fits_into_a_comment(word: str, number: int) -> None:
    hostile = word * 5000
    claims = [claim(hostile, verdict) for verdict in ("refuted", "held") for _ in range(number)]
    told = markdown(document(scenario(hostile, *claims), *(scenario(hostile) for _ in range(number))))
    assert len(told.encode()) <= LARGEST_BYTES
    assert shape(told).count("details") <= 1
    assert told.count("<details>") == told.count("</details>")


def test_what_was_cut_is_counted_and_the_refuted_go_first() -> None:
    claims = [claim(f"held-{number}", "held", reason="h" * 900) for number in range(50)]
    claims += [claim(f"refuted-{number}", "refuted", reason="r" * 900) for number in range(40)]
    told = markdown(document(scenario("s", *claims, stopped=None, error=None)))
    assert all(f"**s/refuted-{number}**" in told for number in range(40))
    shown = told.count("**s/held-")
    assert 0 < shown < 50
    ending = told.rstrip().rsplit("\n", maxsplit=1)[-1]
    assert ending.startswith(f"Truncated to fit into a comment: {50 - shown} claims that held are not shown")


def test_the_heading_stays_with_the_first_claim_that_fits() -> None:
    claims = [claim(f"c{number}", reason="r" * 1500, says="s" * 1500) for number in range(60)]
    told = markdown(document(scenario("s", *claims, stopped=None, error=None)))
    assert told.count("### Refuted\n\n- **s/c0**") == 1
    assert "claims that did not hold" in told


def test_nothing_in_a_record_that_is_not_whole_reads_as_a_pass() -> None:
    story = scenario("s", claim("c", "held"), claim("d"), error=None, stopped=None)
    found = markdown(document(story, verdict="error", error="the record breaks off")).splitlines()
    assert found[0].startswith("**poc: the record of this run is incomplete, so it proves nothing** (judged as far as ")
    assert found[2] == "The record of this run is incomplete: the record breaks off."
    assert "- **s/c** (incomplete record): c\\" in found
    assert "- **s/d** (incomplete record): d\\" in found
    assert "<summary>1 held (incomplete record)</summary>" in found
    assert found[-1] == "The record of this run is incomplete, so nothing here counts as a pass."


def test_what_was_played_again_is_told_with_the_reason() -> None:
    replayed = [{"play": "s", "reason": "it hung"}, {"play": "s~c", "reason": "it died"}]
    found = markdown(document(scenario("s", error=None, stopped=None, replayed=replayed))).splitlines()
    assert "- **s** was repeated: it hung" in found
    assert "- **s** was repeated (s\\~c): it died" in found


def test_how_many_performances_were_repeated_is_told_where_any_was() -> None:
    repeats = {"performances": 9, "repeated": 1, "late": 1, "first": {"play": "s", "reason": "it began *late*"}}
    line = "Repeated: 1 of 9 plays, because this machine was too slow (first s: it began \\*late\\*)."
    assert line in markdown(document(scenario("s"), repeats=repeats)).splitlines()
    assert "Repeated" not in markdown(document(scenario("s"), repeats=repeats | {"repeated": 0}))


@pytest.mark.parametrize("hostile", [*TEXTS, "##[error]x", "````", "```text\n</details>\n::error::x"])
def test_the_transcript_around_the_evidence_is_quoted_and_nothing_in_it_is_live(hostile: str) -> None:
    history = History()
    tale = history.play(scenario_text("", ['{ connect = "*" }', SAYS]))
    tale.connect()
    tale.gets_wrong({"json": hostile})
    tale.done()
    told = markdown(history.judged(), history.events)
    page = Page(told)
    assert set(page.tags) - OURS == {"pre", "code"}
    assert (page.tags.count("pre"), page.links) == (1, [])
    assert "ann < " in page.words
    assert "the message that came, event 12, differs:" in page.words
    assert "rerun: poc run scenarios/story.toml" in page.words
    assert "##[" not in told


def test_an_excerpt_gives_way_where_there_is_no_room() -> None:
    history = hibernate_run(wrong={"storage-survives-sleep"})
    judged = history.judged()
    whole, short = markdown(judged, history.events), markdown(judged)
    assert "```text" in whole
    room = len(short.partition("<details>")[0].encode()) + 500
    cut = markdown(judged, history.events, largest=room)
    assert len(cut.encode()) <= room
    assert "**hibernate/storage-survives-sleep**" in cut
    assert "```" not in cut
