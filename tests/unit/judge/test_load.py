"""Loads judged on literal histories: rule 1 holds for many as for one, and whatever is missing is named."""

from typing import Any

import pytest

from poc_cli.history import event as kinds
from tests.unit.judge.histories import Document
from tests.unit.judge.loading import ALL, FATES, NO_FATES, drop, judged, load_history, loss, ramp, sleep, storm

GOOD = {"opens": "held", "sleeps": "held", "survive": "held", "whole": "held"}


def told(document: Document) -> dict[str, str]:
    return {claim["id"]: claim["verdict"] for claim in document["scenarios"][0]["claims"]}


def reason(document: Document, claim: str) -> str:
    return next(str(each["reason"]) for each in document["scenarios"][0]["claims"] if each["id"] == claim)


def test_a_load_that_is_as_it_should_be_is_held() -> None:
    document = judged()
    assert told(document) == GOOD
    assert (document["exit_code"], document["verdict"]) == (0, "held")
    assert reason(document, "sleeps") == "all 2 rooms slept by the idle timer"
    assert "all 4 sockets were used after their room's sleep" in reason(document, "survive")
    assert reason(document, "whole") == "all 12 arrivals of 12 messages came"


def test_every_claim_names_the_events_that_show_it() -> None:
    for claim in judged()["scenarios"][0]["claims"]:
        assert claim["evidence"], claim["id"]


# --- rule 1


def instances(stage: dict[str, Any], *names: str | None) -> Any:
    rows = [[*row[:2], name, row[3]] for row, name in zip(stage["told"], names, strict=True)]
    return stage | {"told": rows}


def test_the_same_instance_after_thirteen_seconds_is_a_refutation_and_leaves_the_rest_unknown() -> None:
    same = instances(storm(), "after-0", "after-0", "before-1", "before-1")
    document = judged(ramp(), sleep(), same)
    assert told(document) == GOOD | {"sleeps": "refuted", "survive": "unknown", "whole": "unknown"}
    assert reason(document, "sleeps") == ("room 1 answered with the same instance after 13.0 s without any message")
    assert reason(document, "survive").startswith("no sleep, no verdict: room 1")
    assert document["exit_code"] == 1


def test_the_same_instance_after_less_proves_nothing() -> None:
    same = instances(storm(), "before-0", "before-0", "before-1", "before-1")
    document = judged(ramp(), sleep(quiet_ms=12_900.0), same)
    assert told(document)["sleeps"] == "unknown"
    assert "was left idle for only 12.9 s" in reason(document, "sleeps")


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ((ramp(), instances(sleep(), "a", None, "b", "b"), storm()), "1 answers gave room 0's instance id before"),
        ((ramp(), sleep(), instances(storm(), "a", "a", "b", None)), "1 answers gave room 1's instance id after"),
        ((ramp(), sleep(), instances(storm(), "a", "c", "b", "b")), "room 0 gave several instance ids at one time"),
        ((ramp(), instances(sleep(), "a", "c", "b", "b"), storm()), "room 0 gave several instance ids at one time"),
        ((ramp(), sleep()), "room 0 got no message after it was left idle (1 more rooms like it)"),
        ((ramp(), sleep(open=[]), storm()), "no socket was open when the rooms were left idle"),
        ((ramp(),), "the load ended before 1 of its sleeps"),
    ],
)
def test_without_two_answers_on_either_side_nothing_is_known(stages: tuple[dict[str, Any], ...], said: str) -> None:
    document = judged(*stages)
    assert told(document)["sleeps"] == "unknown"
    assert said in reason(document, "sleeps")
    assert told(document)["survive"] == "unknown"
    assert told(document)["whole"] == "unknown"
    assert document["exit_code"] == 4


def test_an_answer_by_a_connection_that_ended_proves_nothing() -> None:
    gone = storm(dropped=drop(2))
    document = judged(ramp(), sleep(), gone, fates=FATES | {"open": [[0, 1], [3, 3]], "dropped": drop(2)})
    assert told(document)["sleeps"] == "unknown"
    assert "1 answers gave room 1's instance id after the sleep" in reason(document, "sleeps")


EVICTED = [{"room": 0, "outcome": "evicted", "said": ""}, {"room": 1, "outcome": "evicted", "said": ""}]


@pytest.mark.parametrize(
    ("second", "verdict", "said"),
    [
        ({"outcome": "evicted", "said": ""}, "held", "all 2 rooms slept by an evict"),
        ({"outcome": "not_running", "said": "Error"}, "held", "all 2 rooms slept by an evict"),
        ({"outcome": "busy", "said": "still has active references"}, "refuted", "still has active references"),
        ({"outcome": "no_answer", "said": "no answer in time"}, "unknown", "ended with no_answer"),
    ],
)
def test_an_evict_that_was_answered_is_proof_by_itself(second: dict[str, str], verdict: str, said: str) -> None:
    evicted = sleep(how="evict", evicted=[EVICTED[0], {"room": 1, **second}], quiet_ms=5.0)
    document = judged(ramp(), evicted, storm())
    assert told(document)["sleeps"] == verdict
    assert said in reason(document, "sleeps")


def test_an_evict_that_found_nobody_proves_nothing_of_a_room_that_was_never_seen() -> None:
    told_by_one = [row for row in sleep()["told"] if row[0] == 0]
    evicted = sleep(
        how="evict", told=told_by_one, evicted=[EVICTED[0], {"room": 1, "outcome": "not_running", "said": "Error"}]
    )
    document = judged(ramp(), evicted, storm())
    assert told(document)["sleeps"] == "unknown"
    assert "its name may belong to another object" in reason(document, "sleeps")


# --- sockets


def test_sockets_that_were_closed_before_they_were_answered_are_named() -> None:
    gone = storm(sent=7, due=7, came=7, answered=[[0, 2]], dropped=drop(3))
    gone["told"] = [row if row[1] != 3 else [1, 2, "after-1", True] for row in gone["told"]]
    document = judged(ramp(), sleep(), gone, fates=FATES | {"open": [[0, 2]], "dropped": drop(3)})
    assert told(document) == GOOD | {"survive": "refuted"}
    assert reason(document, "survive") == (
        "socket 3 (1012 restarted) of 4 that were open at the sleep were closed before they were answered"
    )


def test_sockets_that_ended_while_the_room_slept_count_too() -> None:
    asleep = sleep(dropped=drop(0, code=1006, reason="", by="nobody"))
    after = storm(sent=7, due=7, came=7, answered=[[1, 3]])
    after["told"] = [row if row[1] != 0 else [0, 1, "after-0", True] for row in after["told"]]
    fates = FATES | {"open": [[1, 3]], "dropped": drop(0, code=1006, reason="", by="nobody")}
    assert told(judged(ramp(), asleep, after, fates=fates))["survive"] == "refuted"


def test_an_open_socket_that_was_not_answered_is_unknown_and_its_message_lost() -> None:
    silent = storm(came=7, answered=[[0, 2]], losses=loss("unanswered", 3))
    document = judged(ramp(), sleep(), silent)
    assert told(document) == GOOD | {"survive": "unknown", "whole": "refuted"}
    assert reason(document, "survive") == "socket 3: 1 of 4 stayed open and were not answered"
    assert reason(document, "whole") == ("lost: 1 of 12 arrivals; in stage 3 (storm all) 1 did not come (socket 3)")


def test_what_came_after_its_time_is_not_lost() -> None:
    late = storm(came=7, answered=[[0, 2]], losses=loss("unanswered", 3), late=1)
    document = judged(ramp(), sleep(), late)
    assert told(document)["whole"] == "unknown"
    assert reason(document, "whole") == "1 of 12 arrivals came late, and none is missing"
    one_of_two = storm(came=6, answered=[[0, 1]], losses=loss("unanswered", 2, 3), late=1)
    assert told(judged(ramp(), sleep(), one_of_two))["whole"] == "refuted"


def test_one_that_was_answered_and_closed_a_moment_later_is_unknown() -> None:
    brief = storm(dropped=drop(3))
    brief["told"] = [row if row[1] != 3 else [1, 2, "after-1", True] for row in brief["told"]]
    document = judged(ramp(), sleep(), brief, fates=FATES | {"open": [[0, 2]], "dropped": drop(3)})
    assert told(document)["survive"] == "unknown"
    assert "closed soon after" in reason(document, "survive")


# --- opening


REFUSED = [{"error": "the server answered 503 full", "sockets": [[3, 3]]}]
BROKEN = [{"error": "ConnectionRefusedError: Connection refused", "sockets": [[3, 3]]}]


@pytest.mark.parametrize(("failed", "verdict"), [(REFUSED, "refuted"), (BROKEN, "unknown")])
def test_only_a_refusal_of_the_server_refutes(failed: list[dict[str, Any]], verdict: str) -> None:
    stages = (ramp(opened=3, failed=1), sleep(open=[[0, 2]]), storm(answered=[[0, 2]]))
    document = judged(*stages, fates=FATES | {"open": [[0, 2]], "failed": failed})
    assert told(document)["opens"] == verdict
    assert str(failed[0]["error"]) in reason(document, "opens")
    assert "socket 3" in reason(document, "opens")


def test_sockets_of_a_lost_shard_are_unknown_and_not_dropped() -> None:
    fates = FATES | {"open": [[0, 1]], "unknown": [[2, 3]]}
    document = judged(ramp(opened=2), sleep(open=[[0, 1]]), storm(answered=[[0, 1]]), fates=fates)
    assert told(document)["opens"] == "unknown"
    assert reason(document, "opens") == "nothing is known about sockets 2 to 3"


# --- messages


def test_a_message_whose_connection_ended_first_is_lost() -> None:
    cut = storm(came=7, answered=[[0, 2]], dropped=drop(3), losses=loss("ended first", 3))
    cut["told"] = [row if row[1] != 3 else [1, 2, "after-1", True] for row in cut["told"]]
    document = judged(ramp(), sleep(), cut, fates=FATES | {"open": [[0, 2]], "dropped": drop(3)})
    assert told(document)["whole"] == "refuted"
    assert "had their connection end first (socket 3)" in reason(document, "whole")


def test_what_we_did_not_wait_for_is_not_lost() -> None:
    broken_off = storm(came=7, losses=loss("interrupted", 3))
    document = judged(ramp(), sleep(), broken_off)
    assert told(document)["whole"] == "unknown"


def test_a_load_without_a_message_shows_nothing() -> None:
    document = judged(ramp(), sleep(sent=0, due=0, came=0, told=[]), storm(sent=0, due=0, came=0, told=[], answered=[]))
    assert told(document)["whole"] == "unknown"


# --- an account that does not add up, or has no end


@pytest.mark.parametrize(
    ("stages", "fates", "said"),
    [
        ((ramp(), sleep(), storm(came=7)), FATES, "the messages of stage 3 do not add up: 8 arrivals were due"),
        ((ramp(), sleep(), storm()), NO_FATES, "the outcomes of 0 sockets are recorded, and there are 4 sockets"),
        ((ramp(), sleep(), storm()), FATES | {"left": [[0, 0]]}, "the outcomes of 5 sockets are recorded"),
        ((ramp(), sleep(), storm()), FATES | {"open": [[1, 4]]}, "the outcomes of 4 sockets are recorded"),
        ((ramp(), sleep(), storm()), FATES | {"open": [[0, 10**12]]}, "the outcomes of 1000000000001 sockets"),
        ((ramp(), sleep(), storm() | {"answered": "all"}), FATES, "names sockets that do not exist"),
        ((ramp(), sleep(), storm() | {"surplus": 1}), FATES, "is not a stage"),
    ],
)
def test_an_account_that_does_not_add_up_is_an_error(
    stages: tuple[dict[str, Any], ...], fates: dict[str, Any], said: str
) -> None:
    document = judged(*stages, fates=fates)
    assert set(told(document).values()) == {"error"}
    assert said in reason(document, "opens")
    assert document["exit_code"] == 3


def test_a_load_that_could_not_be_carried_out_is_an_error_with_its_account() -> None:
    document = judged(ramp(), fates=NO_FATES | {"dropped": drop(0, 1, 2, 3, code=1006)}, outcome="error")
    assert set(told(document).values()) == {"error"}
    assert document["exit_code"] == 3
    assert document["load"][0]["fates"]["dropped"][0]["sockets"] == [[0, 0], [1, 1], [2, 2], [3, 3]]


def test_a_record_that_breaks_off_is_never_held() -> None:
    history = load_history()
    for length in range(2, len(history.events)):
        cut = type(history)()
        cut.events = history.events[:length]
        document = cut.judged()
        assert document["exit_code"] == 3
        assert document["error"]
        assert not document["scenarios"] or set(told(document).values()) == {"error"}


def test_an_edited_scenario_is_an_error() -> None:
    history = load_history().end()
    history.events[1].data["text"] += "# later\n"
    document = history.judged()
    assert document["exit_code"] == 3
    assert "edited after the run" in str(document["scenarios"][0]["error"])


# --- what run.json says


def test_the_section_has_the_figures() -> None:
    (section,) = judged()["load"]
    assert (section["sockets"], section["rooms"], section["sockets_held"]) == (4, 2, 2)
    assert section["messages"] == {
        "sent": 12, "due": 12, "came": 12, "late": 0, "strays": 0, "foreign": 0, "unmarked": 0, "unsent": 0,
        "lost": 0, "losses": [],
    }  # fmt: skip
    assert [stage["verb"] for stage in section["stages"]] == ["ramp", "sleep", "storm"]
    assert section["stages"][2]["latency_ms"]["answer"]["max"] == pytest.approx(40, rel=0.002)
    (client, runtime) = section["processes"]
    assert (client["name"], client["mib_before"], client["mib_most"], client["files_most"]) == ("client", 50, 52, 24)
    assert (runtime["cpu_seconds"], runtime["kib_a_socket"]) == (0.3, None)


@pytest.mark.parametrize(
    ("more", "held"),
    [
        ({}, 2),
        ({"answered": [[0, 0], [2, 3]], "came": 7, "losses": loss("unanswered", 1)}, 2),
        ({"answered": [[0, 0], [2, 2]], "came": 6, "losses": loss("unanswered", 1, 3)}, 0),
    ],
)
def test_an_object_holds_as_many_sockets_as_slept_and_all_spoke_after_it(more: dict[str, Any], held: int) -> None:
    assert judged(ramp(), sleep(), storm(**more))["load"][0]["sockets_held"] == held


def test_figures_are_there_to_be_compared() -> None:
    figures = judged()["figures"]
    assert figures["storm_ms"]["samples"]["crowd"] == pytest.approx([10, 20, 30, 40], rel=0.002)
    assert figures["opening_ms"]["n"] == 4


def test_a_figure_says_how_late_the_client_was_in_its_own_stages() -> None:
    figures = judged(ramp(lag_ms=700.0), sleep(lag_ms=900.0), storm(lag_ms=3.0))["figures"]
    assert (figures["opening_ms"]["lag_ms"], figures["storm_ms"]["lag_ms"]) == (700.0, 3.0)


def test_a_run_without_a_load_has_no_section() -> None:
    history = load_history().end()
    history.events = [event for event in history.events if event.play != "crowd"]
    for number, event in enumerate(history.events, start=1):
        object.__setattr__(event, "id", number)
    assert "load" not in history.judged()


def test_a_load_beside_stories_is_judged_with_them() -> None:
    events = load_history().end().events
    assert kinds.LOAD_STAGE in {event.kind for event in events}
    document = judged()
    assert document["counts"]["held"] == 4
    assert document["scenarios"][0]["name"] == "crowd"
    assert document["load"][0]["fates"]["open"] == ALL
