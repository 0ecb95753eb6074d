"""`--sleep everywhere` on fake runtimes: what is played, what is compared, and what comes of it."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.claim_diff import Kind, compare
from poc_cli.judge.session_verdict import sleep_transparency
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.run_record import record
from poc_cli.record.session_record import SessionRecord
from poc_cli.record.transparency import Reference
from poc_cli.report.session_view import explain_session
from poc_cli.report.styled import plain
from poc_cli.residency import READS_CACHE
from poc_cli.scenario.sessions import Sleeps
from tests.support.fake_run import Played, play, story
from tests.support.fake_target import FakeTarget

OPEN = '{ connect = ["ann", "bob"] }'
PUT = '{ on = "ann", send = { op = "put", key = "color", value = "blue" }, expect = { op = "put" } }'
GET = '{ on = "ann", send = { op = "get", key = "color" }, expect = { op = "get" } }'
ATTACH = '{ on = "bob", send = { op = "attach", data = { seat = 7 } }, expect = { op = "attach" } }'
WHO = '{ on = "bob", send = { op = "who" }, expect = { op = "who" } }'
COUNT = '{ on = "ann", send = { op = "count" }, expect = { op = "count" } }'
PIN = '{ on = "ann", send = { op = "pin" }, expect = { op = "pin" } }'


def everywhere(*steps: str, more: str = "", **how: Any) -> Played:
    return play(story(*steps, more=more), sleep="everywhere", **how)


def session(played: Played) -> Any:
    (scenario,) = played.judged["scenarios"]
    found: Any = scenario["session"]
    return found


def states(played: Played) -> list[str]:
    return [each["state"] for each in session(played)["gaps"]]


def gaps_played(played: Played) -> list[list[int]]:
    return [each.data["gaps"] for each in played.of(kinds.PLAY_START)]


def test_a_session_that_keeps_its_state_is_transparent() -> None:
    played = everywhere(OPEN, PUT, ATTACH, GET, WHO)
    assert played.verdicts == {"transparent-to-sleep": "held"}
    assert states(played) == ["kept"] * 4
    assert session(played)["losses"] == []
    assert session(played)["undisturbed"] == 3


def with_resets(played: Played, **data: Any) -> Played:
    """Return the run as if module state were reset in it; with fields, as if each sleep's reset had found them."""
    found = {"at": "sleep", "changed": [], "left": [], "others": []} | data

    def changed(event: Event) -> Event:
        if event.kind == kinds.EVICTED and data:
            return replace(event, kind=kinds.MODULE_STATE, data=found)
        if event.kind == kinds.PLAY_START and event.data["role"] == "disturbed":
            return replace(event, data=event.data | {"resets": True})
        return event

    return replace(played, events=[changed(event) for event in played.events])


def test_those_without_a_sleep_wait_behind_one_other_at_most_and_the_longest_begin_first() -> None:
    played = everywhere(OPEN, *[PUT, '{ on = "ann", quiet = "1s" }'] * 20, apart_at_once=1)
    begun = [(each.data["role"], len(each.data["gaps"])) for each in played.of(kinds.PLAY_START)]
    assert [role for role, _ in begun[:5]].count("undisturbed") == 3
    assert begun[:2] == [("undisturbed", 0), ("disturbed", 40)]


def test_sleeps_at_which_module_state_was_reset_count() -> None:
    played = with_resets(everywhere(OPEN, PUT, GET), changed=[{"name": "cache"}])
    assert played.verdicts == {"transparent-to-sleep": "held"}


def test_what_cannot_be_reset_may_be_what_clients_still_see() -> None:
    played = with_resets(everywhere(OPEN, PUT, GET), left=[{"name": "kept", "script": "index.js", "line": 2}])
    (claim,) = played.judged["scenarios"][0]["claims"]
    assert claim["verdict"] == "unknown"
    assert '"kept" (index.js:2) changed in module state and could not be put back' in claim["reason"]


def test_a_client_of_an_object_that_slept_lost_what_it_had_whoever_stayed() -> None:
    played = with_resets(everywhere(OPEN, COUNT, COUNT), changed=[{"name": "cache"}], others=["side"])
    assert played.verdicts == {"transparent-to-sleep": "refuted"}


IN_PART: dict[str, Any] = {"changed": [{"name": "cache"}], "left": [{"name": "is_loaded"}]}


def test_a_difference_where_module_state_was_reset_in_part_is_looked_for_without_any_reset() -> None:
    played = with_resets(everywhere(OPEN, COUNT, COUNT), **IN_PART)
    (claim,) = played.judged["scenarios"][0]["claims"]
    assert claim["verdict"] == "unknown"
    assert '"is_loaded" changed there too and could not be put back, so that' in claim["reason"]
    plays = record(list(played.events)).plays
    assert SessionRecord(plays).next_sleeps() == [Sleeps((1,), ("object",))] * 2


def without_resets(each: PlayRecord) -> PlayRecord:
    """Return a play in which all objects slept, as if module state had been left alone in it."""
    start = {name: value for name, value in each.start.data.items() if name != "resets"} | {"asleep": ["object"]}
    return replace(each, start=replace(each.start, data=start))


def test_one_that_shows_without_any_reset_too_is_a_loss() -> None:
    plays = record(list(with_resets(everywhere(OPEN, COUNT, COUNT), **IN_PART).events)).plays
    alone = [each for each in plays if each.sleeps == Sleeps((1,))]
    found = SessionRecord([*plays, *map(without_resets, alone)])
    finding = sleep_transparency(replace(plays[0], session=found))
    assert finding.verdict == "refuted"
    assert finding.reason.startswith("evicted between line ")
    assert found.next_sleeps() == []


def test_a_session_of_which_no_value_repeats_itself_was_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reference, "masked_share", 1.0)
    (claim,) = everywhere(OPEN, PUT, GET).judged["scenarios"][0]["claims"]
    assert claim["verdict"] == "unknown"
    assert "so none was compared" in claim["reason"]


def test_what_was_read_from_a_cache_may_be_what_clients_still_see() -> None:
    played = everywhere(OPEN, PUT, GET)
    read = {"name": READS_CACHE, "process": 1, "ctx": 1}
    events = [
        replace(each, kind=kinds.TIMED, data=read) if each.kind == kinds.EVICTED else each for each in played.events
    ]
    (claim,) = replace(played, events=events).judged["scenarios"][0]["claims"]
    assert claim["verdict"] == "unknown"
    assert "object read a cache after it had left memory" in claim["reason"]


def test_an_object_that_woke_before_the_reset_has_not_slept() -> None:
    played = with_resets(everywhere(OPEN, PUT, GET))
    (claim,) = played.judged["scenarios"][0]["claims"]
    assert claim["verdict"] == "unknown"
    assert "or it woke before module state was put back" in claim["reason"]


def test_each_gap_is_slept_alone_and_all_together_in_runtimes_of_their_own() -> None:
    played = everywhere(OPEN, PUT, GET)
    assert sorted(gaps_played(played)) == [[], [], [], [0], [0, 1], [1]]
    assert played.pool.most_own <= 3


def test_the_undisturbed_ones_start_apart_so_that_clocks_move_on() -> None:
    played = everywhere(OPEN, GET)
    undisturbed = {each.play for each in played.of(kinds.PLAY_START) if not each.data["gaps"]}
    begun = sorted(each.t_ns for each in played.of(kinds.STEP) if each.play in undisturbed and each.step == 0)
    assert all(later - earlier > 1_000_000_000 for earlier, later in itertools.pairwise(begun))


def test_a_counter_in_memory_is_found_at_the_gap_that_loses_it() -> None:
    played = everywhere(OPEN, COUNT, GET, COUNT)
    assert played.verdicts == {"transparent-to-sleep": "refuted"}
    assert states(played) == ["kept", "changed", "changed"]
    (loss,) = session(played)["losses"]
    assert (loss["client"], loss["kind"], loss["path"]) == ("ann", "value", "count")
    assert (loss["expected"], loss["seen"]) == (3, 2)
    assert (loss["seen_in"], loss["of"], loss["confirmed"]) == (5, 5, True)
    assert loss["looks_like"] == "a counter in memory, back at its start"


def test_a_difference_is_confirmed_by_more_plays_of_both_kinds() -> None:
    played = everywhere(OPEN, COUNT, COUNT)
    assert gaps_played(played).count([1]) == 5
    assert gaps_played(played).count([]) == 5


def test_what_the_file_or_the_command_line_ignores_may_differ() -> None:
    assert everywhere(OPEN, COUNT, COUNT, more='ignore = ["count"]\n').verdicts == {"transparent-to-sleep": "held"}


def test_the_instance_that_an_object_names_may_differ() -> None:
    assert everywhere(OPEN, WHO, WHO).verdicts == {"transparent-to-sleep": "held"}


def test_a_pinned_object_sleeps_in_no_gap_and_its_pin_is_named() -> None:
    played = everywhere(OPEN, PIN, GET, GET)
    assert states(played) == ["kept", "pinned", "pinned"]
    assert session(played)["gaps"][1]["pins"]
    (claim,) = played.judged["scenarios"][0]["claims"]
    assert claim["verdict"] == "held"
    assert "in 2 it did not sleep: pinned by" in claim["reason"]


def test_no_sleep_at_all_proves_nothing() -> None:
    def busy(target: FakeTarget, *_: object) -> None:
        from poc_cli.targets.base import Eviction

        target.eviction = Eviction("busy", "the object is busy")

    played = everywhere(OPEN, GET, GET, prepare=busy)
    assert played.verdicts == {"transparent-to-sleep": "unknown"}
    assert set(states(played)) == {"stayed"}


def test_a_session_that_fails_without_a_sleep_proves_nothing() -> None:
    wrong = '{ on = "ann", send = { op = "get", key = "color" }, expect = { op = "never" }, within = "200ms" }'
    played = everywhere(OPEN, wrong, GET)
    (claim,) = played.judged["scenarios"][0]["claims"]
    assert claim["verdict"] == "unknown"
    assert "fails without any sleep" in claim["reason"]


def test_a_value_that_a_sleep_changes_counts_even_so() -> None:
    """A session of the healthy worker, played on one that does something else wrong as well."""
    wrong = '{ on = "ann", send = { op = "get", key = "color" }, expect = { op = "never" }, within = "200ms" }'
    played = everywhere(OPEN, COUNT, wrong, COUNT)
    assert played.verdicts == {"transparent-to-sleep": "refuted"}
    (loss,) = session(played)["losses"]
    assert (loss["kind"], loss["path"]) == ("value", "count")


def test_the_story_s_own_sleeps_are_left_out_and_listed() -> None:
    sleep, probe = '{ hibernate = "evict" }', '{ probe = "asleep" }'
    again = '{ resume = "ann", send = { op = "count" }, expect = { op = "count", count = 1 } }'
    played = everywhere(OPEN, COUNT, sleep, probe, again)
    assert [each["verb"] for each in session(played)["left_out"]] == ["hibernate", "probe"]
    assert states(played) == ["kept", "changed"]


def test_claims_of_the_story_are_left_out_with_the_reason() -> None:
    played = play(story(OPEN, GET, GET, check="no-wake"), sleep="everywhere")
    (scenario,) = played.judged["scenarios"]
    assert [claim["id"] for claim in scenario["claims"]] == ["transparent-to-sleep"]
    assert [each["id"] for each in scenario["left_out_claims"]] == ["it"]


@pytest.mark.parametrize(("steps", "verdict"), [((COUNT, COUNT), "refuted"), ((PUT, GET), "held")])
def test_a_claim_with_the_check_plays_the_session_beside_the_story(steps: tuple[str, ...], verdict: str) -> None:
    played = play(story(OPEN, *steps, check="sleep-transparent"))
    assert played.verdicts == {"it": verdict}
    assert [] in gaps_played_of_sessions(played)


def gaps_played_of_sessions(played: Played) -> list[list[int]]:
    return [each.data["gaps"] for each in played.of(kinds.PLAY_START) if "gaps" in each.data]


def test_many_gaps_are_slept_in_groups_and_divided_down_to_the_one() -> None:
    played = everywhere(OPEN, *[GET] * 20, COUNT)
    assert len([gaps for gaps in gaps_played(played) if len(gaps) > 1]) < 20
    (loss,) = session(played)["losses"]
    assert loss["gaps"] == [1]
    assert played.verdicts == {"transparent-to-sleep": "refuted"}


def of_two_rooms(*steps: str) -> Played:
    """Play a session in which ann and bob are in rooms of their own."""
    rooms = '{ room = { class = "Room", name = "{play}" }, side = { class = "Room", name = "{play}-side" } }'
    text = story(OPEN, *steps).replace('object = { class = "Room", name = "{play}" }', f"objects = {rooms}")
    return play(text.replace("/room/{play}?name=bob", "/room/{play}-side?name=bob"), sleep="everywhere")


def test_of_several_objects_the_finding_names_the_one_that_loses() -> None:
    count = COUNT.replace("ann", "bob")
    played = of_two_rooms(GET, count, GET, count)
    assert played.verdicts == {"transparent-to-sleep": "refuted"}
    (loss,) = session(played)["losses"]
    assert (loss["objects"], loss["client"], loss["path"]) == (["side"], "bob", "count")
    assert loss["where"].startswith("side alone between line ")
    assert states(played) == ["kept", "kept", "changed", "changed"]


def test_several_objects_that_lose_nothing_are_put_to_sleep_alone_too() -> None:
    played = of_two_rooms(PUT, GET)
    assert played.verdicts == {"transparent-to-sleep": "held"}
    asleep = [each.data.get("asleep") for each in played.of(kinds.PLAY_START) if each.data["gaps"]]
    assert asleep.count(None) == 3
    assert asleep.count(["room"]) == asleep.count(["side"]) == 3


def test_the_object_that_stays_awake_is_not_evicted() -> None:
    played = of_two_rooms(PUT, GET)
    alone = {each.play for each in played.of(kinds.PLAY_START) if each.data.get("asleep") == ["side"]}
    assert {each.actor for each in played.of(kinds.GAP) if each.play in alone} == {"object:side"}
    assert {each.actor for each in played.of(kinds.LEFT) if each.play in alone} == {"object:side"}


def test_nothing_is_left_behind() -> None:
    played = everywhere(OPEN, PUT, GET)
    assert played.left == 0
    assert set(played.ends().values()) == {"done"}


def with_text(play: PlayRecord, before: str, after: str) -> PlayRecord:
    """Return a play in which messages have another text."""

    def changed(event: Event) -> Event:
        text = event.data.get("text")
        heard = event.kind == kinds.RECEIVED and isinstance(text, str)
        return replace(event, data=event.data | {"text": str(text).replace(before, after)}) if heard else event

    return replace(play, events=tuple(map(changed, play.events)))


def test_what_shows_in_some_plays_only_is_looked_for_in_more_plays_without_a_sleep() -> None:
    plays = record(list(everywhere(OPEN, PUT, GET).events)).plays
    awake, asleep = ([each for each in plays if bool(each.start.data["gaps"]) is slept] for slept in (False, True))
    alone = next(each for each in asleep if each.sleeps.gaps == (1,))
    red = with_text(alone, '"blue"', '"red"')
    rare = SessionRecord([*awake, *awake[:2], *[alone] * 3, red, red])
    assert rare.next_sleeps() == [Sleeps()] * 5
    assert SessionRecord([*awake, *awake[:2], *[red] * 5]).next_sleeps() == []
    coin = SessionRecord([*awake * 3, with_text(awake[0], '"blue"', '"red"'), *[alone] * 3, red, red])
    assert not coin.confirmed


def test_what_is_too_slow_each_time_is_not_confirmed_for_ever() -> None:
    plays = record(list(everywhere(OPEN, PUT, GET).events)).plays
    awake = [each for each in plays if not each.start.data["gaps"]]
    red = with_text(next(each for each in plays if each.sleeps.gaps == (1,)), '"blue"', '"red"')
    assert red.end is not None
    given_up = replace(red, end=replace(red.end, data=red.end.data | {"outcome": "given_up"}))
    assert SessionRecord([*awake, red, red, *[given_up] * 4]).next_sleeps() == [Sleeps((1,))] * 3 + [Sleeps()] * 2
    assert SessionRecord([*awake, red, red, *[given_up] * 5]).next_sleeps() == []


def test_a_session_that_does_not_repeat_itself_proves_nothing() -> None:
    plays = record(list(everywhere(OPEN, PUT, GET).events)).plays
    failed = {"ok": False, "failure": "silence", "reason": "ann got no message"}

    first = next(each for each in plays if not each.sleeps.gaps)
    is_end = {event.id: event.kind == kinds.STEP_END and event.step == 1 for event in first.events}
    events = (replace(each, data=each.data | failed) if is_end[each.id] else each for each in first.events)
    other = replace(first, events=tuple(events))
    found = SessionRecord([other, *(each for each in plays if each is not first)])
    finding = sleep_transparency(replace(first, session=found))
    assert finding.verdict == "unknown"
    assert finding.reason.startswith("the session does not repeat itself without any sleep: in some plays, at line ")
    assert found.next_sleeps() == []


def test_a_gap_whose_performances_never_end_is_untested() -> None:
    def dies(target: FakeTarget, own: Any, time: int) -> None:  # noqa: ARG001
        if own is not None and 1 in own.gaps:
            target.hang()

    played = everywhere(OPEN, PUT, GET, prepare=dies)
    assert played.verdicts["transparent-to-sleep"] in {"unknown", "error"}
    assert states(played)[1] == "untested"


def test_it_is_explained_message_by_message() -> None:
    played = everywhere(OPEN, COUNT, GET, COUNT)
    recorded = SessionRecord(record(list(played.events)).plays)
    lines = [plain(line) for line in explain_session("story", recorded)]
    assert lines[0].startswith("story: evicted between line ")
    assert any(line.endswith("what ann saw, - without a sleep and + with this one:") for line in lines)
    (without,) = [line for line in lines if ' - {"op": "count"' in line]
    (seen,) = [line for line in lines if ' + {"op": "count"' in line]
    assert '"count": 3' in without
    assert '"count": 2' in seen


def test_where_nothing_differs_the_explanation_says_in_how_many_gaps() -> None:
    recorded = SessionRecord(record(list(everywhere(OPEN, PUT, GET).events)).plays)
    assert [plain(line) for line in explain_session("story", recorded)] == [
        "story: objects slept in 2 of 2 gaps, and clients saw the same"
    ]


def test_answers_of_another_kind_are_not_waited_for_long() -> None:
    specific = '{ on = "ann", send = { op = "count" }, expect = { op = "count", count = NUMBER }, within = "5s" }'
    steps = [specific.replace("NUMBER", str(number)) for number in range(2, 12)]
    played = everywhere(OPEN, COUNT, *steps)
    assert played.verdicts == {"transparent-to-sleep": "refuted"}
    waits = [each.data for each in played.of(kinds.STEP_END) if each.data.get("failure") == "mismatch"]
    assert waits


def test_two_sessions_are_compared_by_what_they_lost() -> None:
    counter, both = everywhere(OPEN, COUNT, GET, COUNT).judged, everywhere(OPEN, COUNT, COUNT, PUT, COUNT).judged
    assert [each.kind for each in compare(counter, both).claims] == [Kind.same]
    both["scenarios"][0]["session"]["losses"][0] |= {"client": "bob", "path": "attachment.seat"}
    changed = {each.name: each.kind for each in compare(counter, both).claims}
    assert changed["story: bob's attachment.seat"] is Kind.appeared
    assert changed["story: ann's count"] is Kind.gone
    assert compare(counter, both).exit_code == 0


SET_ALARM = '{ on = "ann", send = { op = "alarm", ms = 3000 } }'
ALARM = '{ on = "ann", expect = { event = "alarm" } }'


def test_an_alarm_that_comes_while_a_step_waits_is_the_same_after_sleeps() -> None:
    played = everywhere(OPEN, SET_ALARM, GET, '{ idle = "3s" }', ALARM, WHO)
    assert played.verdicts == {"transparent-to-sleep": "held"}, played.judged["scenarios"][0]["claims"]


def test_a_play_that_is_slower_than_its_alarm_is_no_evidence() -> None:
    played = everywhere(OPEN, SET_ALARM, GET, '{ idle = "3s" }', ALARM, WHO)
    plays = record(list(played.events)).plays
    slow = next(each for each in plays if each.start.data["gaps"])
    late_ns = 3_000_000_000
    events = [replace(each, t_ns=each.t_ns + late_ns * ((each.step or 0) >= 2)) for each in slow.events]
    found = SessionRecord([*(each for each in plays if each is not slow), replace(slow, events=tuple(events))])
    assert [each.label for each in found.overtaken] == [slow.label]
    assert slow.sleeps not in [each.sleeps for each in found.disturbed]
    assert slow.sleeps in found.next_sleeps()


def test_a_loss_in_too_few_plays_is_unknown() -> None:
    plays = record(list(everywhere(OPEN, COUNT, GET, COUNT).events)).plays
    whole = SessionRecord(plays)
    assert sleep_transparency(replace(plays[0], session=whole)).verdict == "refuted"
    lost = whole.confirmed[0].sleeps
    with_it = [each for each in plays if each.sleeps == lost]
    awake = [each for each in plays if not each.sleeps.gaps]
    rest = [each for each in plays if each.sleeps.gaps and each.sleeps != lost]
    assert (len(with_it), len(awake)) == (5, 5)
    few_asleep = sleep_transparency(replace(plays[0], session=SessionRecord([*awake, *rest, *with_it[:2]])))
    few_awake = sleep_transparency(replace(plays[0], session=SessionRecord([*awake[:3], *rest, *with_it])))
    assert few_asleep.verdict == "unknown"
    assert "only 2 with it and 5 plays without a sleep came to their end, and 5 of each are needed" in few_asleep.reason
    assert few_awake.verdict == "unknown"


def test_a_step_with_a_condition_on_the_text_alone_takes_any_text() -> None:
    ping = '{ on = "ann", send = "ping", where = ["@text exists"] }'
    assert everywhere(OPEN, ping, WHO).verdicts == {"transparent-to-sleep": "held"}
