"""Storage and attachments: nothing is judged without a witness from before the sleep."""

import pytest

from tests.unit.judge.histories import finding, scenario, tale, verdicts

CONNECT = '{ connect = ["ann", "bob"] }'
SLEEP = '{ hibernate = "idle" }'


def read(expect: str, more: str = "", client: str = "ann") -> str:
    return f'{{ on = "{client}", send = {{ op = "get" }}, expect = {expect}{more} }}'


CLAIM = ', claim = "it"'
ANY = ', order = "any"'
BLUE = '{ value = "blue" }'


both = pytest.mark.parametrize("check", ["storage-survives", "attachments-survive"])
"""These two ask the same of different state."""


@both
def test_the_same_right_answer_before_and_after(check: str) -> None:
    told = tale(scenario(check, [CONNECT, read(BLUE), SLEEP, read(BLUE, CLAIM)]))
    told.connect()
    told.says({"value": "blue"})
    told.sleeps()
    told.says({"value": "blue"})
    found = finding(told.done())
    assert found["verdict"] == "held"
    assert found["reason"].startswith("object left memory 10.001 s after its last event")


@both
def test_another_answer_after_is_refuted(check: str) -> None:
    told = tale(scenario(check, [CONNECT, read(BLUE), SLEEP, read(BLUE, CLAIM)]))
    told.connect()
    told.says({"value": "blue"})
    told.sleeps()
    told.gets_wrong({"value": None})
    assert verdicts(told.done()) == {"it": "refuted"}


@both
def test_without_a_witness_it_was_never_there(check: str) -> None:
    told = tale(scenario(check, [CONNECT, SLEEP, read(BLUE, CLAIM)]))
    told.connect()
    told.sleeps()
    told.says({"value": "blue"})
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert found["reason"] == "no step read the same value before the sleep, so nothing shows that it was there"


@both
def test_without_a_witness_a_wrong_answer_refutes_nothing(check: str) -> None:
    told = tale(scenario(check, [CONNECT, SLEEP, read(BLUE, CLAIM)]))
    told.connect()
    told.sleeps()
    told.gets_wrong({"value": None})
    assert verdicts(told.done()) == {"it": "unknown"}


@both
def test_a_read_that_found_something_else_is_no_witness(check: str) -> None:
    told = tale(scenario(check, [CONNECT, read('{ value = "red" }'), SLEEP, read(BLUE, CLAIM)]))
    told.connect()
    told.says({"value": "red"})
    told.sleeps()
    told.says({"value": "blue"})
    assert verdicts(told.done()) == {"it": "unknown"}


@both
@pytest.mark.parametrize(("room", "verdict"), [("{play}", "held"), ("{play}-b", "unknown")])
def test_what_another_object_answered_is_no_witness(check: str, room: str, verdict: str) -> None:
    text = scenario(check, ['{ connect = ["ann", "bob"] }', read(BLUE, client="bob"), SLEEP, read(BLUE, CLAIM)])
    text = text.replace('bob = "/room/{play}', f'bob = "/room/{room}').replace("{play}?name=bob-b", "{play}-b?name=bob")
    told = tale(text)
    told.connect()
    told.says({"value": "blue"})
    told.sleeps()
    told.says({"value": "blue"})
    assert verdicts(told.done()) == {"it": verdict}


def remembering(check: str, fields: dict[str, object] | None) -> dict[str, object]:
    """Return the claim of a story whose read before the sleep was cut, with so much of it kept."""
    told = tale(scenario(check, [CONNECT, read(BLUE), SLEEP, read(BLUE, CLAIM)]))
    told.connect()
    told.says({"value": "blue"})
    answer = next(event for event in reversed(told.history.events) if event.kind == "received")
    answer.data.update({"cut": True, "text": '{"filling": "xxx'} | ({} if fields is None else {"fields": fields}))
    told.sleeps()
    told.says({"value": "blue"})
    found = finding(told.done())
    return {"verdict": found["verdict"], "reason": found["reason"]}


@both
@pytest.mark.parametrize(
    ("fields", "verdict"),
    [({"value": "blue"}, "held"), ({"value": "red"}, "unknown"), ({}, "unknown"), (None, "unknown")],
)
def test_of_an_answer_that_was_cut_the_known_fields_witness(
    check: str, fields: dict[str, object], verdict: str
) -> None:
    assert remembering(check, fields)["verdict"] == verdict


@both
def test_an_answer_that_was_cut_is_not_said_to_be_missing(check: str) -> None:
    reason = str(remembering(check, {})["reason"])
    assert reason.startswith("the answer before the sleep, event ")
    assert reason.endswith("was too long to be recorded in full")


@both
def test_a_silence_after_is_no_loss(check: str) -> None:
    told = tale(scenario(check, [CONNECT, read(BLUE), SLEEP, read(BLUE, CLAIM)]))
    told.connect()
    told.says({"value": "blue"})
    told.sleeps()
    told.gets_nothing()
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert found["reason"].startswith("the step after the sleep got no answer")


@both
def test_a_read_that_the_object_did_not_come_back_for_proves_nothing(check: str) -> None:
    told = tale(scenario(check, [CONNECT, read(BLUE), SLEEP, read(BLUE, CLAIM)]))
    told.connect()
    told.says({"value": "blue"})
    told.sleeps()
    told.says({"value": "blue"}, reached=0)
    assert verdicts(told.done()) == {"it": "unknown"}


@both
def test_a_crash_between_the_sleep_and_the_read_leaves_it_open(check: str) -> None:
    told = tale(scenario(check, [CONNECT, read(BLUE), SLEEP, read(BLUE, CLAIM)]))
    told.connect()
    told.says({"value": "blue"})
    told.sleeps()
    told.enters()
    told.leaves("died", 0.1)
    told.gets_wrong({"value": None})
    assert verdicts(told.done()) == {"it": "unknown"}


@both
def test_the_play_ending_before_the_read_leaves_it_open(check: str) -> None:
    told = tale(scenario(check, [CONNECT, read(BLUE), SLEEP, read(BLUE, CLAIM)]))
    told.connect()
    told.says({"value": "blue"})
    told.sleeps()
    assert verdicts(told.stops()) == {"it": "unknown"}


@both
def test_of_several_reads_the_worst_counts(check: str) -> None:
    told = tale(scenario(check, [CONNECT, read(BLUE), SLEEP, read(BLUE, CLAIM), read(BLUE, CLAIM, "bob")]))
    told.connect()
    told.says({"value": "blue"})
    told.sleeps()
    told.says({"value": "blue"})
    told.gets_wrong({"value": None})
    assert verdicts(told.done()) == {"it": "refuted"}


@both
def test_the_witness_must_stand_before_the_last_sleep_only(check: str) -> None:
    told = tale(scenario(check, [CONNECT, SLEEP, read(BLUE), SLEEP, read(BLUE, CLAIM)]))
    told.connect()
    told.sleeps()
    told.says({"value": "blue"})
    told.sleeps()
    told.says({"value": "blue"})
    assert verdicts(told.done()) == {"it": "held"}


def test_a_claim_that_no_step_reads_is_unknown() -> None:
    told = tale(scenario("storage-survives", [CONNECT, SLEEP]))
    told.connect()
    told.sleeps()
    found = finding(told.done())
    assert (found["verdict"], found["reason"]) == ("unknown", "no step of the play reads it")


def test_the_witness_must_have_asked_the_same() -> None:
    other = '{ on = "ann", send = { op = "peek" }, expect = { value = "blue" } }'
    told = tale(scenario("storage-survives", [CONNECT, other, SLEEP, read(BLUE, CLAIM)]))
    told.connect()
    told.says({"value": "blue"})
    told.sleeps()
    told.says({"value": "blue"})
    assert verdicts(told.done()) == {"it": "unknown"}


def test_binary_questions_are_told_apart() -> None:
    def ask(code: str, more: str = "") -> str:
        return f'{{ on = "ann", send = {{ hex = "{code}" }}, expect = "blue"{more} }}'

    for before, expected in (("0102", "held"), ("ff", "unknown")):
        told = tale(scenario("storage-survives", [CONNECT, ask(before), SLEEP, ask("0102", CLAIM)]))
        told.connect()
        told.says("blue")
        told.sleeps()
        told.says("blue")
        assert verdicts(told.done()) == {"it": expected}


def test_a_question_that_was_not_kept_whole_is_no_witness() -> None:
    told = tale(scenario("storage-survives", [CONNECT, read(BLUE), SLEEP, read(BLUE, CLAIM)]))
    told.connect()
    told.says({"value": "blue"}, cut=True)
    told.sleeps()
    told.says({"value": "blue"}, cut=True)
    assert verdicts(told.done()) == {"it": "unknown"}


def where(condition: str, more: str = "") -> str:
    return f'{{ on = "ann", send = {{ op = "get" }}, where = [\'{condition}\']{more} }}'


def test_conditions_are_asked_of_the_witness_too() -> None:
    for before, expected in (("blue", "held"), ("red", "unknown")):
        steps = [CONNECT, where("value exists"), SLEEP, where('value == "blue"', CLAIM)]
        told = tale(scenario("storage-survives", steps))
        told.connect()
        told.says({"value": before})
        told.sleeps()
        told.says({"value": "blue"})
        assert verdicts(told.done()) == {"it": expected}


def test_a_condition_that_tells_a_change_is_not_asked_of_the_witness() -> None:
    first = read(BLUE, ', capture = { before = "instance" }')
    last = read(BLUE, ", where = ['instance != {before}']" + CLAIM)
    told = tale(scenario("storage-survives", [CONNECT, first, SLEEP, last]))
    told.connect()
    told.says({"value": "blue", "instance": 1})
    told.sleeps()
    told.says({"value": "blue", "instance": 2})
    assert verdicts(told.done()) == {"it": "held"}


def test_a_captured_value_may_be_its_own_witness() -> None:
    first = '{ on = "ann", send = { op = "get" }, capture = { kept = "value" } }'
    told = tale(scenario("storage-survives", [CONNECT, first, SLEEP, where("value == {kept}", CLAIM)]))
    told.connect()
    told.says({"value": "blue"})
    told.sleeps()
    told.says({"value": "blue"})
    assert verdicts(told.done()) == {"it": "held"}


def test_a_change_alone_shows_no_state() -> None:
    first = '{ on = "ann", send = { op = "get" }, capture = { kept = "value" } }'
    told = tale(scenario("storage-survives", [CONNECT, first, SLEEP, where("value != {kept}", CLAIM)]))
    told.connect()
    told.says({"value": "blue"})
    told.sleeps()
    told.says({"value": "green"})
    assert verdicts(told.done()) == {"it": "unknown"}


def test_of_several_messages_the_last_is_the_answer() -> None:
    twice = read('["one", { value = "blue" }]')
    told = tale(scenario("storage-survives", [CONNECT, twice, SLEEP, read('["one", { value = "blue" }]', CLAIM)]))
    told.connect()
    told.says({"value": "blue"})
    told.sleeps()
    told.says({"value": "blue"})
    assert verdicts(told.done()) == {"it": "held"}


def test_with_several_objects_the_witness_stands_before_the_sleep_of_each() -> None:
    objects = 'objects = { room = { class = "Room", name = "{play}" }, log = { class = "Log", name = "{play}" } }'
    text = scenario("storage-survives", [CONNECT, SLEEP, read(BLUE), SLEEP, read(BLUE, CLAIM)])
    told = tale(text.replace('object = { class = "Room", name = "{play}" }', objects))
    told.connect(enters=("room", "log"))
    told.sleeps(label="room")
    told.says({"value": "blue"}, label="room")
    told.sleeps(label="log")
    told.says({"value": "blue"}, label="log")
    assert verdicts(told.done()) == {"it": "unknown"}


def test_of_several_messages_in_any_order_each_may_be_the_answer() -> None:
    first = read('["one", { value = "blue" }]', ', order = "any"')
    told = tale(scenario("storage-survives", [CONNECT, first, SLEEP, read('[{ value = "blue" }, "one"]', ANY + CLAIM)]))
    told.connect()
    told.says({"value": "blue"})
    told.sleeps()
    told.says("one")
    assert verdicts(told.done()) == {"it": "held"}
