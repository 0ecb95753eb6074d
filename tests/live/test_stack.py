"""The mission's own stack, whole: what `poc run stack` says, and that nothing of it is left."""

import pytest

from tests.support.browser import executable
from tests.support.command import Poc
from tests.support.processes import using
from tests.support.record import latest, verdicts

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.long]

STORIES = ["app-fails", "foreign-pages", "many-sleeps", "one-order", "reconnect", "subscriptions", "tickets"]


def _run(poc: Poc, *words: str) -> str:
    ran = poc.run("run", *words, "--sleep", "evict", variables={"POC_CHROMIUM": str(executable())})
    assert ran.code == 0, ran.out + ran.err
    return ran.out


def test_the_answer_comes_first(poc: Poc) -> None:
    question, answer, *_ = _run(poc, "stack").splitlines()
    assert question == "Can Next.js on Vercel and hibernating WebSockets on Cloudflare carry a tRPC chat?"
    assert answer.startswith("  yes: all ")
    run = str(latest(poc.results))
    assert f"**{question}** yes: all " in poc.run("report", run, "--format", "md").out
    assert poc.run("report", run, "--format", "html").code == 0
    page = (latest(poc.results) / "report.html").read_text(encoding="utf-8")
    assert 0 < page.index(question) < page.index("<h1>")
    assert [f"{name} — {what}" in page for name, what in (("ann", "page"), ("cli", "program"), ("origin", "app"))] == [
        True,
        True,
        True,
    ]
    assert not list(poc.temporary.iterdir())
    assert using(poc.temporary) == []


def test_every_other_story_holds(poc: Poc) -> None:
    words = [f"stack/{name}" for name in STORIES]
    variables = {"POC_CHROMIUM": str(executable())}
    ran = poc.run("run", *words, "--sleep", "evict", "--jobs", "2", "--json", variables=variables)
    told = verdicts(ran.document())
    assert {name: verdict for name, verdict in told.items() if verdict != "held"} == {}
    assert {name.partition("/")[0] for name in told} == set(STORIES)
