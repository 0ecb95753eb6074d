"""Claims that a place cannot put to the test: listed with the reason, never judged, never a pass for a gate."""

from typing import Any

from poc_cli.judge.claim_diff import Kind, compare
from poc_cli.judge.gates import check_gates
from poc_cli.judge.requirements import Entry, Gates
from poc_cli.report.junit import junit
from poc_cli.report.markdown import markdown
from poc_cli.report.styled import plain
from poc_cli.report.text import lines, verdict_line
from tests.unit.judge.boxes import CONNECT, SLEEP, ask, box, slept_in
from tests.unit.judge.histories import scenario

PROBE = '{ probe = "asleep", claim = "away" }'
AWAY = '[[claim]]\nid = "away"\nsays = "It is away."\n'


def judged() -> Any:
    story = box(scenario("sleeps", [CONNECT, ask(), ask(), SLEEP, PROBE, ask(), ask()], more=AWAY))
    slept_in(10.0, story.history)
    story.connect()
    story.answers("a", "a")
    story.waits()
    story.next += 1  # the probe is passed over
    story.answers("b", "b")
    return story.done().judged()


def test_the_claim_is_listed_with_its_reason_and_not_judged() -> None:
    (story,) = judged()["scenarios"]
    assert [claim["id"] for claim in story["claims"]] == ["it"]
    (left,) = story["left_out_claims"]
    assert left["id"] == "away"
    assert "runtime's trace" in left["reason"]
    assert left["reason"].endswith("not available on url")


def test_it_is_counted_and_changes_neither_verdict_nor_exit_code() -> None:
    document = judged()
    assert (document["verdict"], document["exit_code"]) == ("held", 0)
    assert document["counts"]["claims_left_out"] == 1
    assert "1 held, 1 claim left out" in plain(verdict_line(document))


def test_every_report_names_it() -> None:
    document = judged()
    told = "\n".join(plain(line) for line in lines(document, "results/x"))
    assert "left out  away: " in told
    assert "sleep begins between 9.50 and 10.01 s after the last event, on url (measured from outside" in told
    assert "story/away** was left out" in markdown(document)
    assert "left out: it reads" in junit(document)


def test_a_gate_that_requires_it_fails() -> None:
    outcome = check_gates(Gates(require=(Entry("away"),)), judged(), {"story": ("it", "away")})
    assert outcome.exit_code == 4
    assert "left out: " in outcome.rows[0].found


def test_a_gate_that_requires_others_tells_it_and_passes() -> None:
    outcome = check_gates(Gates(require=(Entry("it"),)), judged(), {"story": ("it", "away")})
    assert outcome.exit_code == 0
    assert [row.verdict for row in outcome.rows if row.claim == ("story", "away")] == ["left out"]


def test_where_everything_is_required_it_is_missing() -> None:
    assert check_gates(Gates(), judged(), {"story": ("it", "away")}).exit_code == 4


def test_beside_a_run_that_judged_it_it_is_left_out_now() -> None:
    after = judged()
    before = judged()
    (story,) = before["scenarios"]
    story["claims"] = [*story["claims"], story["claims"][0] | {"id": "away"}]
    story["left_out_claims"] = []
    assert [change.name for change in compare(before, after).of(Kind.left_out)] == ["story/away"]
