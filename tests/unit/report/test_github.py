"""The output for GitHub Actions: annotations, the summary, and that no text becomes a command."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poc_cli.judge.gates import Outcome, check_gates
from poc_cli.judge.requirements import Gates, Row, entry
from poc_cli.report.github import LARGEST_SUMMARY, annotations, annotations_of_check, summary
from tests.unit.judge.histories import History
from tests.unit.judge.histories import scenario as story
from tests.unit.judge.performing import hibernate_run
from tests.unit.report.hostile import TEXTS, claim, document, everywhere, scenario

COMMANDS = [
    "::error::gone",
    "a\n::stop-commands::x",
    "##[add-mask]x",
    "%0A::error::x",
    "%25",
    "a,file=x::y",
    "a\r::b::c",
]
FIELDS = re.compile(r"(?:file=[^,:]+(?:,line=\d+)?,)?title=[^,:]+")


def here(file: str) -> str | None:
    return file


def obeys(log: str) -> list[tuple[str, str]]:
    """Return the commands that GitHub's runner finds in a log: `::` at the start of a line, `##[` anywhere."""
    found = []
    for line in log.splitlines():
        match = re.match(r"\s*::([^\s:]+)(.*?)::(.*)", line)
        if match:
            found.append((match[1], match[2].strip()))
        elif "##[" in line:
            found.append(("old", line))
    return found


def test_a_refuted_claim_points_at_the_step_that_failed() -> None:
    history = hibernate_run(wrong={"storage-survives-sleep"})
    told = annotations(history.judged(), history.events, here)
    (line,) = told.splitlines()
    steps = history.judged()
    number = next(
        index
        for index, each in enumerate(history.events[1].data["text"].split("\n"), start=1)
        if 'claim = "storage-survives-sleep"' in each
    )
    assert steps["scenarios"][0]["file"] == "scenarios/story.toml"
    assert line.startswith(
        f"::error file=scenarios/story.toml,line={number},title=poc%3A refuted%3A hibernate/storage-survives-sleep::"
        "A row that was written before the sleep can be read after it. "
    )


def test_a_scenario_outside_of_the_repository_is_not_pointed_at() -> None:
    history = hibernate_run(wrong={"storage-survives-sleep"})
    told = annotations(history.judged(), history.events, lambda _file: None)
    assert told.startswith("::error title=poc%3A refuted%3A hibernate/storage-survives-sleep::")


def test_the_refuted_come_first_and_the_rest_is_counted() -> None:
    claims = [claim(f"u{number}", "unknown") for number in range(8)] + [claim(f"r{number}") for number in range(4)]
    told = annotations(document(scenario("s", *claims, error=None, stopped=None)), (), here).splitlines()
    assert [line.partition(" ")[0] for line in told] == ["::error"] * 4 + ["::warning"] * 6 + ["::notice"]
    assert told[-1] == "::notice title=poc::2 more are not shown here; see the job summary"


def test_what_is_as_it_should_be_is_not_annotated() -> None:
    claims = [claim("h", "held"), claim("k", "refuted", known="refuted")]
    assert annotations(document(scenario("s", *claims, error=None, stopped=None)), (), here) == ""


def test_a_check_annotates_its_gates() -> None:
    judged = document(
        scenario("s", claim("a"), claim("b"), claim("c", "held"), error=None, stopped=None, file="s.toml")
    )
    outcome = check_gates(Gates((entry("c"),), (entry("b"),)), judged, {"s": ("a", "b", "c")})
    told = annotations_of_check(judged, (), here, outcome)
    assert told == "::error file=s.toml,title=poc%3A not met%3A s/a is not refuted::refuted: a\n"


@pytest.mark.parametrize("hostile", [*TEXTS, *COMMANDS])
def test_hostile_text_adds_no_command_and_no_property(hostile: str) -> None:
    row = Row(hostile, hostile, "not met", (hostile, hostile))
    for told in (
        annotations(everywhere(hostile), (), here),
        annotations_of_check(everywhere(hostile), (), here, Outcome((row,))),
    ):
        assert [name for name, _ in obeys(told)] == [line.partition(" ")[0][2:] for line in told.splitlines()]
        assert all(FIELDS.fullmatch(fields) for _, fields in obeys(told))


@given(st.text(alphabet=st.sampled_from("a:,%=# \n\r[]\u2028\x0b"), min_size=1, max_size=30))
def test_any_text_adds_no_command(hostile: str) -> None:
    told = annotations(everywhere(hostile), (), here)
    assert len(obeys(told)) == len(told.splitlines())
    assert all(FIELDS.fullmatch(fields) for _, fields in obeys(told))


def test_a_long_reason_is_cut() -> None:
    judged = document(scenario("s", claim("c", reason="r" * 5000), error=None, stopped=None))
    assert len(annotations(judged, (), here)) < 1200


def test_the_summary_has_the_gates_first_and_quotes() -> None:
    history = hibernate_run(wrong={"storage-survives-sleep"})
    judged = history.judged()
    outcome = check_gates(Gates((entry("storage-survives-sleep"),)), judged, {"hibernate": ("storage-survives-sleep",)})
    told = summary(judged, list(history.events), outcome, LARGEST_SUMMARY)
    assert told.startswith(
        "**poc check: not feasible: a gate is not met**\n\n| Requirement | Found | Verdict |\n|---|---|---|\n| hib"
    )
    assert "```text\n" in told


@pytest.mark.parametrize("room", [4096, 60_000, LARGEST_SUMMARY, 2 * LARGEST_SUMMARY])
def test_the_summary_is_cut_by_ourselves(room: int) -> None:
    claims = [claim(f"c{number}", reason="ä" * 1400, says="ß" * 1400) for number in range(400)]
    told = summary(document(scenario("s", *claims, error=None, stopped=None)), [], None, room)
    assert len(told.encode()) <= min(room, LARGEST_SUMMARY)
    assert "Truncated to fit" in told


def test_the_path_is_one_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from poc_cli.commands.report import in_repository

    (tmp_path / "repository" / "inner").mkdir(parents=True)
    (tmp_path / "repository" / "inner" / "s.toml").touch()
    (tmp_path / "s.toml").touch()
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "repository"))
    monkeypatch.chdir(tmp_path / "repository" / "inner")
    assert in_repository("s.toml") == "inner/s.toml"
    assert in_repository("../../s.toml") is None
    assert in_repository("missing.toml") is None


def test_what_one_step_failed_is_annotated_once_at_that_step() -> None:
    says = '{ on = "ann", send = "a", expect = "b", claim = "%s" }'
    history = History()
    more = '[[claim]]\nid = "other"\nsays = "Another."'
    tale = history.play(story("", ['{ connect = "*" }', says % "it", says % "other"], more=more))
    tale.connect()
    tale._begin_exchange()
    tale.closed("ann", code=1012)
    tale.fails("closed", "ann was closed while it waited for an answer")
    tale.begins("on")
    tale.fails("closed", "ann could not send: received 1012")
    tale.done()
    judged = history.judged()
    outcome = check_gates(Gates(), judged, {"story": ("it", "other")})
    for told in (
        annotations_of_check(judged, history.events, here, outcome),
        annotations(judged, history.events, here),
    ):
        (line,) = told.splitlines()
        assert "file=scenarios/story.toml,line=7," in line
        assert "By the same step: other (" in line
