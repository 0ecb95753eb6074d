"""The question of a scenario and its answer, first in every report: yes for all that it claims, and for no less."""

import pytest

from poc_cli.judge.run_document import document
from poc_cli.report.html import html
from poc_cli.report.markdown import markdown
from poc_cli.report.question import question_answers
from poc_cli.report.styled import plain
from poc_cli.report.text import lines
from tests.support.pages import STORY, begin
from tests.unit.judge.histories import History

QUESTION = "Can it carry a chat?"
ASKING = STORY.replace('name = "story"\n', f'name = "story"\nquestion = "{QUESTION}"\n').replace(
    'control = { clients = { ann = "/room/{play}?name=ann&api=standard" }, expect = "refuted" }\n', ""
)


def run(ending: str, color: str = "blue") -> History:
    history = History()
    told = history.play(ASKING)
    begin(told)
    if ending == "no sleep":
        told.stays()
        return told.stops()
    told.sleeps()
    told.says("pong", reached=0)
    told.says({"sockets": 2})
    if color == "blue":
        told.says({"value": color})
    else:
        told.gets_wrong({"value": color})
    told.close("ann", "bob")
    told.ended("done")
    return history.end()


@pytest.mark.parametrize(
    ("history", "said"),
    [
        pytest.param(run("done"), "yes: all 3 claims of story held on local (workerd 1.2)", id="yes"),
        pytest.param(run("done", color="red"), "no: 1 of 3 claims of story was refuted", id="no"),
    ],
)
def test_it_is_answered_first(history: History, said: str) -> None:
    judged = document(list(history.events))
    first, second, *_ = (plain(line) for line in lines(judged, "results/run"))
    assert (first, second) == (QUESTION, f"  {said}")
    assert markdown(judged).startswith(f"**{QUESTION}** {said}")
    page = html(judged, history.events)
    assert 0 < page.index(QUESTION) < page.index("<h1>")


def test_what_could_not_be_shown_is_no_yes() -> None:
    found = list(question_answers(document(list(run("no sleep").events))))
    assert [(each.answer, each.verdict) for each in found] == [("no", "refuted")]  # a room that does not sleep


def test_a_record_that_is_not_whole_answers_nothing() -> None:
    history = run("done")
    found = list(question_answers(document(list(history.events[:-1]))))
    assert [(each.answer, each.verdict) for each in found] == [("not shown", "unknown")]


def test_without_a_question_there_is_no_answer() -> None:
    history = History()
    told = history.play(STORY)
    begin(told)
    told.stays()
    assert list(question_answers(document(list(told.stops().events)))) == []
