"""The charts of what it would cost: what they say, and that their parts add up to the width."""

from decimal import Decimal
from typing import Any

import pytest

from poc_cli.cost.measured import Counted, Measured
from poc_cli.cost.month import month_of
from poc_cli.cost.prices import shipped
from poc_cli.cost.profile import SAMPLES, profile_of, sample_text
from poc_cli.report.html import html
from poc_cli.report.html.bill_charts import bills_of
from poc_cli.report.html.view_model import Chart
from tests.unit.report.hostile import claim, document, scenario


def run(**counted: Any) -> Measured:
    return Measured((Counted("s", **{"requests": 1, **counted}),))


NOTHING = Measured(())


def of_month(name: str) -> Chart:
    text = sample_text(name)
    assert text is not None
    (chart,) = bills_of(NOTHING, month_of(profile_of(text, name), shipped()), shipped())
    return chart


def words(chart: Chart) -> list[str]:
    return [each.text for each in chart.drawing.texts]


def test_a_run_that_used_nothing_has_no_chart() -> None:
    assert bills_of(NOTHING, None, shipped()) == ()


def test_the_time_in_memory_is_one_bar() -> None:
    spent = {"active_seconds": Decimal(6), "pinned_seconds": Decimal(4), "resident_seconds": Decimal(16)}
    (chart,) = bills_of(run(**spent), None, shipped())
    assert [(each.style, each.x, each.w) for each in chart.drawing.shapes] == [
        ("duration", 0, 12.5),
        ("pinned", 12.5, 25),
        ("asleep", 37.5, 62.5),
    ]
    assert words(chart)[0] == "in memory for 16 s"
    assert ", ".join(words(chart)[1:]) == "6 s active, 4 s of that pinned, 10 s waiting to sleep"
    assert "Waiting to sleep is not billed; being pinned is." in chart.sentence


def test_a_bound_is_told_as_one() -> None:
    (chart,) = bills_of(run(active_seconds=Decimal(6), at_most=True), None, shipped())
    assert words(chart)[1] == "at most 6 s active"
    assert "at most 0.768 GB-s" in chart.sentence


def test_a_month_is_two_bars_of_one_scale() -> None:
    chart = of_month("example-4")
    assert words(chart) == [
        "with hibernation: $20.65 (this profile)",
        "plan $5.00, requests $3.15, duration $12.50",
        "without: $420.65",
        "plan $5.00, requests $3.15, duration $412.50",
    ]
    bars = {each.y for each in chart.drawing.shapes}
    assert len(bars) == 2
    ends = sorted(max(each.x + each.w for each in chart.drawing.shapes if each.y == bar) for bar in bars)
    assert ends == pytest.approx([100 * 20.65 / 420.65, 100], abs=0.1)


@pytest.mark.parametrize("name", SAMPLES)
def test_no_bar_leaves_its_place_and_no_line_a_phone(name: str) -> None:
    chart = of_month(name)
    assert all(0 <= each.x <= each.x + each.w <= 100.001 for each in chart.drawing.shapes)
    assert all(len(text) <= 46 for text in words(chart))
    assert chart.drawing.height >= max(each.y for each in chart.drawing.texts)


def test_the_page_has_a_section_only_where_there_is_a_bill() -> None:
    judged = document(scenario("s", claim("c")))
    assert 'id="cost"' not in html(judged, [])
    page = html(judged, [], (), [of_month("chat")])
    assert '<section id="cost">' in page
    assert '<a href="#cost">' in page


def test_a_title_is_a_text() -> None:
    profile = profile_of("title = '<script>alert(1)</script>'\n", "t")
    charts = bills_of(NOTHING, month_of(profile, shipped()), shipped())
    page = html(document(scenario("s", claim("c"))), [], (), charts)
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
