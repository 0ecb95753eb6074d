"""The html report in a real browser: it opens clean, its links land, what is pointed at shows, and it fits a phone."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support import pages
from tests.support.command import Poc
from tests.unit.report.hostile import TEXTS

pytestmark = pytest.mark.browser

Open = Callable[..., Page]

PAGES = {"held": pages.held, "refuted": pages.refuted, "pinned": pages.pinned}

MARKUP = [
    "</script><script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "<!--<script>",
]

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def story(page: Page) -> tuple[float, float]:
    """Scroll to the first timeline and give the middle of its first stay in memory, once the script has taken over."""
    plot = page.locator(".timeline .plot").first
    plot.scroll_into_view_if_needed()
    expect(plot).to_have_class(re.compile("live"))
    box = plot.locator("rect.memory").first.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_it_opens_clean_and_answers_first(opened: Open, name: str, scheme: str) -> None:
    page = opened(PAGES[name](), color_scheme=scheme)
    expect(page.locator("h1")).to_have_text("Feasible." if name == "held" else "Not feasible.")
    expect(page.locator("h1")).to_be_in_viewport()
    story(page)


@pytest.mark.parametrize("name", PAGES)
def test_all_links_inside_the_page_land(opened: Open, name: str) -> None:
    page = opened(PAGES[name](), java_script_enabled=True)
    lost = "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href').slice(1))"
    assert page.evaluate(f"{lost}.filter(id => !document.getElementById(id))") == []
    assert page.evaluate(f"{lost}.length") > 20
    ids = "[...document.querySelectorAll('[id]')].map(each => each.id)"
    assert page.evaluate(f"{ids}.length") == page.evaluate(f"new Set({ids}).size")


@pytest.mark.parametrize("script", [True, False])
def test_evidence_leads_to_its_line(opened: Open, script: bool) -> None:  # noqa: FBT001 - a parameter of the test
    page = opened(pages.refuted(), java_script_enabled=script)
    page.get_by_role("link", name="lost").click()
    claim = page.locator(".claim.refuted")
    expect(claim).to_be_in_viewport()
    link = claim.locator("dd a[href^='#e']").last
    target = link.get_attribute("href")
    assert target is not None
    link.click()
    expect(page.locator(target)).to_be_in_viewport()


def test_a_link_from_outside_opens_what_is_folded(opened: Open) -> None:
    html = pages.held()
    last = re.findall(r'<li id="(e\d+)"', html)[-1]
    page = opened(html, fragment=f"#{last}")
    expect(page.locator(f"#{last}")).to_be_in_viewport()


def test_pointing_shows_the_event_and_a_click_leads_to_its_line(opened: Open) -> None:
    page = opened(pages.held())
    x, y = story(page)
    page.mouse.move(x, y)
    tip = page.locator(".tip")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("in memory, from 0.0")
    page.mouse.click(x, y)
    expect(page.locator("li:focus")).to_have_text(re.compile("object in memory"))
    expect(page.locator("li:focus")).to_be_in_viewport()


def test_a_tap_shows_the_event_and_a_second_one_leads_to_its_line(opened: Open) -> None:
    page = opened(pages.held(), width=390, has_touch=True)
    x, y = story(page)
    page.touchscreen.tap(x, y)
    expect(page.locator(".tip")).to_contain_text("in memory, from 0.0")
    page.touchscreen.tap(x, y)
    expect(page.locator("li:focus")).to_have_text(re.compile("object in memory"))


def test_it_can_be_read_with_the_keyboard(opened: Open) -> None:
    page = opened(pages.held())
    story(page)
    plot = page.locator(".timeline .plot").first
    plot.focus()
    seen = set()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
        seen.add(page.locator(".tip").text_content())
    assert len(seen) > 4
    page.keyboard.press("Enter")
    expect(page.locator("li:focus")).to_be_in_viewport()


def test_zoom_shows_what_stood_together(opened: Open) -> None:
    page = opened(pages.held())
    story(page)
    plot, span = page.locator(".timeline .plot").first, page.locator(".timeline output").first
    whole, clustered = span.text_content(), plot.locator(".many").count()
    assert clustered
    plot.focus()
    page.keyboard.press("Shift+ArrowLeft")
    for _ in range(9):
        page.keyboard.press("+")
        page.keyboard.press("Shift+ArrowLeft")
        page.keyboard.press("Shift+ArrowLeft")
    assert plot.locator(".many").count() < clustered
    assert span.text_content() != whole
    page.get_by_role("button", name="show all").first.click()
    assert span.text_content() == whole


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("name", [*PAGES, "hostile"])
def test_a_phone_scrolls_down_and_never_sideways(opened: Open, name: str, script: bool) -> None:  # noqa: FBT001
    html = PAGES[name]() if name in PAGES else pages.hostile("<b>" + "wide" * 200)
    page = opened(html.replace("<details", "<details open"), width=390, java_script_enabled=script)
    page.keyboard.press("End")
    assert page.evaluate(SIDEWAYS) <= 0


def test_it_prints(opened: Open) -> None:
    page = opened(pages.refuted())
    page.emulate_media(media="print")
    assert page.pdf().startswith(b"%PDF")
    expect(page.locator(".tools").first).to_be_hidden()


@pytest.mark.parametrize("text", [*MARKUP, *TEXTS])
def test_what_others_wrote_is_inert(opened: Open, text: str) -> None:
    page = opened(pages.hostile(text))
    story(page)
    assert page.locator("img, iframe, object, embed, form, base, link").count() == 0
    links = page.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    assert [link for link in links if not link.startswith(("#", "https://example.com/"))] == []
    plain = opened(pages.hostile("word"))
    for name in ("script", "style", "details", "section", "h1", "h2", "table"):
        assert page.locator(name).count() == plain.locator(name).count()


def test_a_hundred_thousand_events_open_whole(opened: Open) -> None:
    page = opened(pages.long())
    expect(page.locator(".scenario")).to_have_count(100)
    last = page.locator(".scenario").last
    last.locator("summary").first.click()
    expect(last.locator(".plot").first).to_have_class(re.compile("live"))
    last.locator(".transcript summary").click()
    expect(last.locator(".fold").first).to_contain_text("events not shown")


@pytest.mark.live
def test_a_run_on_the_real_runtime_is_reported(opened: Open, poc: Poc) -> None:
    assert poc.run("run", "resume", "crash", "--sleep", "evict", "-q").code == 0
    ran = poc.run("report", "--format", "html")
    assert (ran.code, ran.out) == (0, "")
    written = poc.results / "latest" / "report.html"
    page = opened(Path(written).read_text(encoding="utf-8"))
    expect(page.locator("h1")).to_have_text("Feasible.")
    story(page)
    expect(page.locator("svg .asleep").first).to_be_attached()
    expect(page.locator("svg .gone").first).to_be_attached()


AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"

NO_VIOLATIONS = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", [*PAGES, "long"])
def test_axe_finds_nothing_that_keeps_people_out(opened: Open, name: str, scheme: str) -> None:
    html = pages.long(20) if name == "long" else PAGES[name]()
    page = opened(html, color_scheme=scheme, bypass_csp=True)
    for summary in page.locator("details.scenario > summary").all()[:2]:
        if summary.evaluate("each => !each.parentElement.open"):
            summary.click()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(NO_VIOLATIONS) == []


def test_axe_finds_what_it_should(opened: Open) -> None:
    page = opened(pages.held().replace('<html lang="en">', "<html>"), bypass_csp=True)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert any(each.startswith("html-has-lang: ") for each in page.evaluate(NO_VIOLATIONS))


NODES = "document.getElementsByTagName('*').length"

MOST_NODES = 15_000


def test_a_page_of_a_hundred_scenarios_has_few_elements_until_one_is_opened(opened: Open) -> None:
    page = opened(pages.long())
    before = page.evaluate(NODES)
    assert before < MOST_NODES
    last = page.locator(".scenario").last
    expect(last.locator(".claim")).to_have_count(0)
    last.locator("summary").first.click()
    expect(last.locator(".claim").first).to_be_visible()
    assert page.evaluate(NODES) > before


def test_a_link_by_name_opens_the_section_that_holds_it(opened: Open) -> None:
    html = pages.long(20)
    name = re.findall(r'id="(s/[^"/]+)"', html)[-1]
    claim = re.findall(rf'id=\\"({re.escape(name)}/[^"\\]+)\\"', html)[0]
    page = opened(html, fragment=f"#{claim}")
    expect(page.locator(f'[id="{claim}"]')).to_be_in_viewport()


def test_scenarios_are_searched_and_filtered(opened: Open) -> None:
    page = opened(pages.long(20))
    shown = page.locator("details.scenario:visible")
    expect(shown).to_have_count(20)
    names = page.locator("details.scenario .name").all_text_contents()
    page.get_by_label("Search").fill(names[3].upper())
    expect(shown.locator(".name").first).to_have_text(names[3])
    page.get_by_label("Search").fill("no such scenario")
    expect(shown).to_have_count(0)
    expect(page.locator("#filters output")).to_have_text("0 of 20 scenarios")
    page.get_by_label("Search").fill("")
    page.get_by_label("Verdict").select_option(index=1)
    expect(page.locator("#filters output")).not_to_have_text("0 of 20 scenarios")


def test_the_failed_line_is_marked_and_its_command_can_be_copied(opened: Open) -> None:
    page = opened(pages.refuted(), permissions=["clipboard-read", "clipboard-write"])
    page.locator("details.source summary").click()
    failed = page.locator("details.source li.failed")
    expect(failed).to_have_count(1)
    expect(failed).to_contain_text('claim = "storage"')
    page.get_by_role("button", name="Copy rerun command").click()
    expect(page.locator("button.copy")).to_have_text(re.compile("Copied|Selected"))
    expect(page.locator(".rerun code")).to_have_text("poc run scenarios/story.toml --only story")
