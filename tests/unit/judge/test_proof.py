"""Rule 1: no sleep, no verdict. What is a sleep, what is none, and what the reason then says."""

import pytest

from tests.unit.judge.histories import PIN, Tale, finding, scenario, tale, verdicts

STORAGE = scenario(
    "storage-survives",
    [
        '{ connect = ["ann"] }',
        '{ on = "ann", send = "read", expect = "blue" }',
        '{ hibernate = "idle" }',
        '{ on = "ann", send = "read", expect = "blue", claim = "it" }',
    ],
)


def before_the_sleep() -> Tale:
    told = tale(STORAGE)
    told.connect()
    told.says("blue")
    return told


def test_a_proven_sleep_gives_a_verdict_that_names_its_evidence() -> None:
    told = before_the_sleep()
    told.sleeps()
    told.says("blue")
    found = finding(told.done())
    assert found["verdict"] == "held"
    kinds = [told.history.events[number - 1].kind for number in found["evidence"]]
    assert kinds == ["received", "in", "out", "in", "step_end", "received"]


def test_a_read_without_any_sleep_proves_nothing() -> None:
    told = before_the_sleep()
    told.begins("hibernate")
    told.ends()
    told.says("blue")
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert found["reason"] == "no sleep, no verdict: object was not seen to leave memory"


@pytest.mark.parametrize(
    ("how", "reason"),
    [("died", "died with its process"), ("dropped", "left memory neither by the idle timer nor by poc's evict")],
)
def test_who_died_or_was_dropped_did_not_sleep(how: str, reason: str) -> None:
    told = before_the_sleep()
    told.begins("hibernate")
    told.leaves(how)
    told.ends()
    told.says("blue")
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert found["reason"] == f"no sleep, no verdict: object {reason}"


def test_an_object_that_was_never_seen_is_not_asleep_but_the_wrong_one() -> None:
    told = tale(scenario("sleeps", ['{ connect = ["ann"] }', '{ hibernate = "idle" }']))
    told.connect(enters=())
    told.begins("hibernate")
    told.fails("wrong_object", 'Room "x" was never in memory; the trace shows Room ab12')
    found = finding(told.stops())
    assert found["verdict"] == "unknown"
    assert found["reason"].endswith('Room "x" was never in memory; the trace shows Room ab12')


def test_leaving_without_having_been_in_memory_is_no_sleep() -> None:
    told = tale(STORAGE)
    told.connect(enters=())
    told.in_memory.add("object")
    told.says("blue")
    told.sleeps()
    told.says("blue")
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert found["reason"] == "no sleep, no verdict: object was not seen in memory before it left"


def test_the_end_of_another_stay_is_no_sleep_of_this_one() -> None:
    told = before_the_sleep()
    told.begins("hibernate")
    told.leaves(ctx=99)
    told.ends()
    told.says("blue")
    assert verdicts(told.done()) == {"it": "unknown"}


def test_another_object_of_the_play_sleeping_is_not_this_one_sleeping() -> None:
    text = STORAGE.replace(
        'object = { class = "Room", name = "{play}" }',
        'objects = { room = { class = "Room", name = "{play}" }, log = { class = "Log", name = "{play}" } }',
    ).replace('says = "It is so."', 'says = "It is so."\nof = ["room"]')
    told = tale(text)
    told.connect(enters=("room", "log"))
    told.says("blue", label="room")
    told.sleeps(label="log")
    told.says("blue", label="room")
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert found["reason"] == "no sleep, no verdict: room was not seen to leave memory"


def test_rule_one_holds_for_each_object_of_the_claim() -> None:
    text = STORAGE.replace(
        'object = { class = "Room", name = "{play}" }',
        'objects = { room = { class = "Room", name = "{play}" }, log = { class = "Log", name = "{play}" } }',
    )
    told = tale(text)
    told.connect(enters=("room", "log"))
    told.says("blue", label="room")
    told.begins("hibernate")
    told.leaves(label="room")
    told.ends()
    told.says("blue", label="room")
    assert finding(told.done())["reason"] == "no sleep, no verdict: log was not seen to leave memory"


def test_a_sleep_with_no_socket_open_is_not_hibernation() -> None:
    told = before_the_sleep()
    told.begins("hibernate")
    told.closed("ann", by="client")
    told.leaves()
    told.ends()
    told.says("blue", failure=("closed", "could not send"))
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert found["reason"] == "object slept, but no socket stayed open through it: ann was closed before, received 1006"


def test_a_pinned_object_says_what_pinned_it() -> None:
    told = tale(scenario("connections-survive", ['{ connect = ["ann"] }', '{ hibernate = "evict" }']))
    told.connect()
    told.begins("hibernate")
    told.add("object:object", "refused", step=1, pins=[PIN, PIN])
    told.fails("no_sleep", "the evict was refused")
    found = finding(told.stops())
    assert found["verdict"] == "unknown"
    assert found["reason"] == "no sleep, no verdict: the evict was refused: pinned by setInterval (room.ts:12)"


def test_a_claim_decided_by_its_steps_alone_needs_the_sleep_too() -> None:
    steps = [
        '{ connect = ["ann"] }',
        '{ hibernate = "idle" }',
        '{ on = "ann", send = "read", expect = "blue", claim = "it" }',
    ]
    awake = tale(scenario("", steps))
    awake.connect()
    awake.begins("hibernate")
    awake.ends()
    awake.says("blue")
    assert verdicts(awake.done()) == {"it": "unknown"}
    asleep = tale(scenario("", steps))
    asleep.connect()
    asleep.sleeps()
    asleep.says("blue")
    assert verdicts(asleep.done()) == {"it": "held"}


def test_a_hibernate_step_is_not_believed_without_the_trace() -> None:
    text = scenario("", ['{ connect = ["ann"] }', '{ hibernate = "idle", claim = "it" }'])
    told = tale(text)
    told.connect()
    told.begins("hibernate")
    told.ends()
    assert verdicts(told.done()) == {"it": "unknown"}
    proven = tale(text)
    proven.connect()
    proven.sleeps()
    assert verdicts(proven.done()) == {"it": "held"}


def test_a_claim_that_no_sleep_is_asked_for_needs_none() -> None:
    text = scenario("", ['{ connect = ["ann"] }', '{ on = "ann", send = "a", expect = "b", claim = "it" }'])
    told = tale(text)
    told.connect()
    told.says("b")
    assert verdicts(told.done()) == {"it": "held"}
    wrong = tale(text)
    wrong.connect()
    wrong.gets_wrong("c")
    assert verdicts(wrong.done()) == {"it": "refuted"}


def test_an_expectation_that_names_no_claim_ends_the_play_and_leaves_the_rest_unknown() -> None:
    told = before_the_sleep()
    told.begins("hibernate")
    told.fails("no_sleep", "still in memory")
    found = finding(told.stops("hibernate failed at story.toml:7: still in memory"))
    assert found["verdict"] == "unknown"
    assert "hibernate failed at story.toml:7" in found["reason"]


def test_times_of_the_trace_and_of_the_client_are_never_subtracted() -> None:
    resume = '{ resume = "ann", send = "a", expect = "b" }'

    def told(shift_client: int, shift_trace: int) -> list[dict[str, object]]:
        story = tale(scenario("sleeps", ['{ connect = ["ann"] }', '{ hibernate = "idle" }', resume]))
        story.at_ns += shift_trace
        story.history.t_ns += shift_client
        story.connect()
        story.sleeps()
        story.says("b", wake_ms=7.25)
        sleeps: list[dict[str, object]] = story.done().judged()["scenarios"][0]["sleeps"]
        return sleeps

    expected = [told(0, 0), told(0, 10**15), told(10**15, 0)]
    assert expected[0] == expected[1] == expected[2]
    assert expected[0][0]["wake_ms"] == 7.25
    assert expected[0][0]["asleep_ms"] == 10001


def test_a_step_before_the_sleep_needs_none() -> None:
    ask = '{ on = "ann", send = "a", expect = "b", claim = "it" }'
    told = tale(scenario("", ['{ connect = ["ann"] }', ask, '{ hibernate = "idle" }']))
    told.connect()
    told.says("b")
    told.stays()
    assert verdicts(told.stops()) == {"it": "held"}


def test_what_befell_another_object_is_none_of_this_ones() -> None:
    objects = 'objects = { room = { class = "Room", name = "{play}" }, log = { class = "Log", name = "{play}" } }'
    text = STORAGE.replace('object = { class = "Room", name = "{play}" }', objects)
    told = tale(text.replace('says = "It is so."', 'says = "It is so."\nof = ["room"]'))
    told.connect(enters=("room", "log"))
    told.says("blue", label="room")
    told.sleeps(label="room")
    told.leaves("died", 0.1, "log")
    told.says("blue", label="room")
    assert verdicts(told.done()) == {"it": "held"}
