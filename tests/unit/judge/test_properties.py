"""Whatever happens to a record on its way, it never proves more than it did, and judging it never breaks."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from poc_cli.history.reader import events_of
from poc_cli.judge.run_document import document
from tests.unit.judge.histories import Document, History
from tests.unit.judge.performing import hibernate_run

GOOD = hibernate_run()
RUNS = {
    "good": GOOD,
    "a control that did not fail": hibernate_run(broken_controls=True),
    "a claim refuted": hibernate_run(wrong={"storage-survives-sleep"}),
}
"""The middle one shows what is lost with a control: it is what keeps six claims from holding."""

runs = st.sampled_from(sorted(RUNS))


def held(judged: Document) -> int:
    count: int = judged["counts"]["held"]
    return count


BEFORE = {name: held(run.judged()) for name, run in RUNS.items()}


def judge(text: str) -> Any:
    judged = document(list(events_of(text)))
    # What was judged must fit into a file.
    json.dumps(judged)
    return judged


def test_the_runs_differ() -> None:
    assert BEFORE == {"good": 7, "a control that did not fail": 1, "a claim refuted": 6}


@given(run=runs, data=st.data())
def test_cutting_the_file_anywhere_never_proves_more_and_never_passes(run: str, data: st.DataObject) -> None:
    whole = RUNS[run].text().encode()
    length = data.draw(st.integers(0, len(whole) - 2))
    judged = judge(whole[:length].decode("utf-8", "replace"))
    assert held(judged) <= BEFORE[run]
    assert judged["exit_code"] == 3


def test_cutting_the_file_after_any_line_never_proves_more() -> None:
    lines = GOOD.text().splitlines()
    for length in range(len(lines)):
        judged = judge("\n".join(lines[:length]))
        assert held(judged) <= BEFORE["good"]
        assert judged["exit_code"] == 3


@given(run=runs, data=st.data())
def test_dropping_lines_never_proves_more_and_never_passes(run: str, data: st.DataObject) -> None:
    lines = RUNS[run].text().splitlines()
    dropped = data.draw(st.sets(st.integers(0, len(lines) - 1), min_size=1))
    judged = judge("\n".join(line for index, line in enumerate(lines) if index not in dropped))
    assert held(judged) <= BEFORE[run]
    assert judged["exit_code"] == 3


@given(run=runs, random=st.randoms(use_true_random=False))
def test_lines_in_another_order_never_prove_more(run: str, random: Any) -> None:
    lines = RUNS[run].text().splitlines()
    shuffled = random.sample(lines, len(lines))
    judged = judge("\n".join(shuffled))
    assert held(judged) == (BEFORE[run] if shuffled == lines else 0)


@given(position=st.integers(0, len(GOOD.text().encode()) - 1), byte=st.integers(0, 255))
def test_a_changed_byte_never_breaks_the_judge(position: int, byte: int) -> None:
    text = bytearray(GOOD.text().encode())
    text[position] = byte
    assert held(judge(text.decode("utf-8", "replace"))) <= BEFORE["good"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)


@given(data=st.data(), value=anything)
def test_any_value_in_any_place_never_breaks_the_judge(data: st.DataObject, value: object) -> None:
    lines = [json.loads(line) for line in GOOD.text().splitlines()]
    event = data.draw(st.sampled_from(lines))
    place = data.draw(st.sampled_from(["play", "actor", "kind", "step", "data", *event["data"]]))
    if place in event["data"]:
        event["data"][place] = value
    else:
        event[place] = value
    judged = judge("\n".join(map(json.dumps, lines)))
    assert held(judged) <= BEFORE["good"]


@settings(max_examples=settings().max_examples * 2)
@given(st.lists(st.one_of(st.text(max_size=40), anything.map(json.dumps), st.just(GOOD.text().splitlines()[1]))))
def test_any_text_at_all_never_breaks_the_judge(lines: list[str]) -> None:
    assert judge("\n".join(lines))["exit_code"] == 3


def test_judging_twice_gives_equal_documents() -> None:
    for history in RUNS.values():
        assert history.judged() == history.judged() == judge(history.text())


def test_an_empty_run_is_inconclusive_and_not_a_pass() -> None:
    assert History().end().judged()["exit_code"] == 4
