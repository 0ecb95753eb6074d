"""A load in the reports: every stage, socket, message and process is told, and nothing of it is markup."""

from typing import Any, cast

import pytest

from poc_cli.report.html import html
from poc_cli.report.html.load_charts import charts_of_loads
from poc_cli.report.junit import junit
from poc_cli.report.load_text import fates, lines, messages
from poc_cli.report.markdown import markdown
from poc_cli.report.styled import plain
from poc_cli.report.text import lines as whole
from poc_cli.report.transcript import transcript
from tests.unit.judge.loading import FATES, drop, judged, load_history, loss, ramp, sleep, storm

NASTY = "<script>alert(1)</script>\x1b[31m"


def section(**more: Any) -> Any:
    (found,) = judged()["load"]
    assert isinstance(found, dict)
    return found | more


def test_the_text_tells_stages_sockets_messages_and_processes() -> None:
    text = "\n".join(plain(line) for line in whole(judged(), "results/x"))
    for words in (
        "load  4 sockets in 2 rooms (file limit 20,000, load average 0.5 at the start)",
        "ramp              0.5 s, 4 opened, handshake p50 2.0 p99 4.0 max 4.0 ms",
        "sleep natural     0.5 s, 4 sent, 4 of 4 received, 13.0 s idle",
        "storm all         0.5 s, 8 sent, 8 of 8 received, all received within 0.04 s, ",
        "reply p50 20.0 p99 40.0 max 40.0 ms",
        "open at the end   4 (sockets 0 to 3)",
        "messages          12 sent, 12 expected = 12 received + 0 lost",
        "client            50 to 52 MiB, 0.4 s of CPU time",
        "runtime           60 to 70 MiB",
    ):
        assert words in text, text


def test_every_way_in_which_sockets_fared_is_told() -> None:
    told = FATES | {
        "open": [],
        "dropped": drop(0),
        "failed": [{"error": "the server answered 503 full", "sockets": [[1, 1]]}],
        "left": [[2, 2]],
        "unknown": [[3, 3]],
    }
    assert dict(fates(told)) == {
        "open at the end": "0",
        "dropped": "1 (socket 0): 1012 'restarted', closed by the server",
        "not opened": "1 (socket 1): the server answered 503 full",
        "left": "1 (socket 2)",
        "unknown": "1 (socket 3)",
    }


def test_of_many_ways_the_rest_is_counted() -> None:
    groups = [{"error": f"error {number}", "sockets": [[number, number]]} for number in range(9)]
    assert ("failed", "4 more in 4 other ways") in list(fates(FATES | {"failed": groups}))


def test_losses_are_named() -> None:
    silent = judged(ramp(), sleep(), storm(came=7, answered=[[0, 2]], losses=loss("unanswered", 3)))
    told = messages(silent["load"][0]["messages"])
    assert "12 expected = 11 received + 1 lost; stage 3: 1 unanswered at socket 3" in told


def test_markdown_has_it_as_a_table() -> None:
    text = markdown(judged())
    assert "**crowd**: 4 sockets in 2 rooms" in text
    assert "| storm all | 0.5 s, 8 sent, 8 of 8 received" in text


def test_the_page_draws_it() -> None:
    history = load_history().end()
    page = html(history.judged(), history.events)
    for words in ("The load of crowd", "open sockets, at most 4", "memory of the runtime, at most 70 MiB"):
        assert words in page
    assert "replies in the wake storm: median 20.0 ms, p99 40.0 ms" in page


def test_a_run_without_a_load_has_no_chart_of_one() -> None:
    assert charts_of_loads(cast("Any", {"figures": {}}), []) == ()


def test_a_load_that_was_never_sampled_has_only_its_latencies() -> None:
    (chart,) = charts_of_loads(judged(), [])
    assert chart.heading == "Latencies"


@pytest.mark.parametrize("form", [markdown, html, junit])
def test_what_a_server_said_stays_text(form: Any) -> None:
    refused = [{"error": f"the server answered 503 {NASTY}", "sockets": [[3, 3]]}]
    history = load_history(
        ramp(opened=3, failed=1),
        sleep(open=[[0, 2]]),
        storm(answered=[[0, 2]], dropped=drop(2, reason=NASTY)),
        fates=FATES | {"open": [[0, 1]], "failed": refused, "dropped": drop(2, reason=NASTY)},
    ).end()
    told = form(history.judged(), history.events)
    text = "".join(told.split("```")[::2])  # what stands in a code block is text in any case
    assert "<script>alert" not in text
    assert "\x1b" not in text


def test_the_transcript_tells_the_stages() -> None:
    told = "\n".join(plain(line) for line in transcript(load_history().end().events, messages=True))
    assert "load, " in told
    assert "storm all, 8 sent, 8 came, done" in told
    assert "sockets at the end: open [[0, 3]]" in told


def test_a_section_is_told_with_nothing_measured() -> None:
    bare = section(processes=[], stages=[], file_limit=None, load_average=None)
    assert plain(lines(bare)[0]) == "load  4 sockets in 2 rooms"
