"""A plan is the scenario's table with the flags laid over it, its rounds written out."""

import pickle
from dataclasses import replace

import pytest

from poc_cli.errors import UsageError
from poc_cli.load.plan import LoadOverrides, Plan, plan_of, template
from poc_cli.scenario.load_model import LoadTable

TABLE = LoadTable.model_validate(
    {
        "sockets": 100,
        "rooms": 4,
        "path": "/room/{play}-{room}?name={i}",
        "stages": [
            {"ramp": "5s"},
            {"idle": "1s"},
            {"sleep": "natural"},
            {"storm": "staggered", "over": "4s", "within": "2s"},
        ],
    }
)


def verbs(plan: Plan) -> list[tuple[str, str]]:
    return [(step.verb, step.how) for step in plan.stages]


def test_it_is_the_table_where_no_flag_says_otherwise() -> None:
    plan = plan_of(TABLE)
    assert (plan.sockets, plan.rooms, plan.instance) == (100, 4, "instance")
    assert verbs(plan) == [("ramp", ""), ("idle", ""), ("sleep", "natural"), ("storm", "staggered")]
    assert [step.seconds for step in plan.stages] == [5.0, 1.0, 13.0, 4.0]


def test_flags_go_before_the_table() -> None:
    plan = plan_of(TABLE, LoadOverrides(sockets=10, rooms=2, ramp=0.5, idle=0.0, sleep="evict", storm="all"))
    assert (plan.sockets, plan.rooms) == (10, 2)
    assert [(step.verb, step.how, step.seconds) for step in plan.stages] == [
        ("ramp", "", 0.5),
        ("idle", "", 0.0),
        ("sleep", "evict", 0.0),
        ("storm", "all", 0.0),
    ]


def test_a_stage_that_only_a_flag_asks_for_stands_where_it_belongs() -> None:
    plan = plan_of(TABLE, LoadOverrides(churn=20, chat=6, seconds=2.0))
    assert verbs(plan) == [
        ("ramp", ""),
        ("idle", ""),
        ("chat", "self"),
        ("churn", ""),
        ("sleep", "natural"),
        ("storm", "staggered"),
    ]
    assert [(step.seconds, step.rate) for step in plan.stages[2:4]] == [(2.0, 6), (2.0, 20)]


def test_a_rate_keeps_what_the_file_says_of_its_stage() -> None:
    table = TABLE.model_copy(update={"stages": [{"ramp": "1s"}, {"chat": "9s", "rate": 1, "to": "room"}]})
    (_, chat) = plan_of(table, LoadOverrides(chat=60)).stages
    assert (chat.how, chat.seconds, chat.rate) == ("room", 9.0, 60)


def test_no_sleep_means_no_storm() -> None:
    assert verbs(plan_of(TABLE, LoadOverrides(sleep="none"))) == [("ramp", ""), ("idle", "")]
    assert verbs(plan_of(TABLE, LoadOverrides(storm="none")))[-1] == ("sleep", "natural")


def test_rounds_are_written_out_behind_the_ramp() -> None:
    plan = plan_of(TABLE, LoadOverrides(rounds=3))
    assert [(step.verb, step.round) for step in plan.stages] == [
        ("ramp", 1),
        *[(verb, number) for number in (1, 2, 3) for verb in ("idle", "sleep", "storm")],
    ]


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (LoadOverrides(rooms=101), "101 rooms are too many for 100 sockets"),
        (LoadOverrides(sleep="none", storm="all"), "a wake storm needs a sleep before it"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(overrides: LoadOverrides, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        plan_of(TABLE, overrides)


def test_the_longest_that_it_takes_has_room_for_every_answer() -> None:
    # 5 and 10 for the handshakes, 1, 13 and 2 to ask the rooms, and 4 with twice 2 for the storm and its roll call
    assert plan_of(TABLE).longest == 5 + 10 + 1 + 13 + 2 + 4 + 2 * 2


def test_neighbours_share_a_room_and_all_rooms_are_alike() -> None:
    plan = replace(plan_of(TABLE), sockets=10, rooms=3)
    assert [plan.room_of(index) for index in range(10)] == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    ("message", "made", "is_binary"),
    [
        ({"hex": "01"}, b"\x01~0.1~", True),
        ({"op": "echo", "text": "{mark}"}, b'{"op":"echo","text":"~0.1~"}', False),
        ({"text": "say {mark}!"}, b"say ~0.1~!", False),
    ],
)
def test_a_message_holds_its_mark(*, message: object, made: bytes, is_binary: bool) -> None:
    found = template(message)
    assert (found.with_mark(b"~0.1~"), found.is_binary) == (made, is_binary)


def test_it_can_be_pickled() -> None:
    plan = plan_of(TABLE, LoadOverrides(chat=6))
    assert pickle.loads(pickle.dumps(plan)) == plan  # noqa: S301 - our own bytes
