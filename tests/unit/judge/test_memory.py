"""Fields in memory: reset only where the same question had another answer before the sleep."""

from tests.unit.judge.histories import finding, scenario, tale, verdicts

CONNECT = '{ connect = ["ann", "bob"] }'
SLEEP = '{ hibernate = "idle" }'
CLAIM = ', claim = "it"'


def count(number: int, more: str = "") -> str:
    return f'{{ on = "ann", send = {{ op = "count" }}, expect = {{ count = {number} }}{more} }}'


MEMORY = scenario("memory-is-reset", [CONNECT, count(1), count(2), SLEEP, count(1, CLAIM)])


def test_a_field_that_starts_anew_was_reset() -> None:
    told = tale(MEMORY)
    told.connect()
    told.says({"count": 1})
    told.says({"count": 2})
    told.sleeps()
    told.says({"count": 1})
    found = finding(told.done())
    assert found["verdict"] == "held"
    witness = told.history.events[found["evidence"][0] - 1]
    assert witness.data["text"] == '{"count":2}'


def test_a_field_that_goes_on_was_not() -> None:
    told = tale(MEMORY)
    told.connect()
    told.says({"count": 1})
    told.says({"count": 2})
    told.sleeps()
    told.gets_wrong({"count": 3})
    assert verdicts(told.done()) == {"it": "refuted"}


def test_a_field_that_had_no_other_value_shows_no_loss() -> None:
    told = tale(scenario("memory-is-reset", [CONNECT, count(1), SLEEP, count(1, CLAIM)]))
    told.connect()
    told.says({"count": 1})
    told.sleeps()
    told.says({"count": 1})
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert found["reason"] == "no step read another value before the sleep, so nothing shows a loss"


def test_it_is_the_latest_value_before_the_sleep_that_counts() -> None:
    told = tale(scenario("memory-is-reset", [CONNECT, count(2), count(1), SLEEP, count(1, CLAIM)]))
    told.connect()
    told.says({"count": 2})
    told.says({"count": 1})
    told.sleeps()
    told.says({"count": 1})
    assert verdicts(told.done()) == {"it": "unknown"}


def test_a_field_is_not_reset_by_a_sleep_that_was_none() -> None:
    told = tale(MEMORY)
    told.connect()
    told.says({"count": 1})
    told.says({"count": 2})
    told.begins("hibernate")
    told.leaves("dropped", 0.2)
    told.ends()
    told.says({"count": 1})
    assert verdicts(told.done()) == {"it": "unknown"}
