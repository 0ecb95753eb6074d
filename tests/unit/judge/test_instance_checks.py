"""What each check makes of a play in a black box: only what objects told, and only on the connection it is about."""

from typing import Any

import pytest

from poc_cli.history import event as kinds
from tests.unit.judge.boxes import BOX, CONNECT, SLEEP, WHO, Box, ask, box, found, sleeping, slept_in
from tests.unit.judge.histories import History, claims, finding, scenario

GET = '{ op = "get", key = "color" }'


def read(more: str = "") -> str:
    """Return the line of a step that reads a row."""
    return f'{{ on = "ann", send = {GET}, expect = {{ value = "blue" }}{more} }}'


def reads(story: Box, instance: str, value: str = "blue") -> None:
    """Let a read be answered."""
    answer = {"op": "get", "value": value, "instance": instance}
    if value == "blue":
        story.says(answer)
    else:
        story.gets_wrong(answer)


# --- connections


def survivors(after: list[str], sockets: int = 2, check: str = "connections-survive") -> Box:
    text = scenario(check, [CONNECT, ask(), ask(), SLEEP, *after])
    story = box(text.replace('name = "{play}" }', 'name = "{play}", sockets = "n" }', 1))
    story.connect()
    story.says({"op": "who", "instance": "a", "n": sockets})
    story.answers("a")
    story.waits()
    return story


def test_each_client_has_to_speak_with_the_new_instance_on_its_old_connection() -> None:
    story = survivors([ask("ann"), ask("bob")])
    story.answers("b", "b")
    judged = found(story)
    assert judged["verdict"] == "held"
    assert "ann, bob then spoke with it on the same connection" in judged["reason"]


def test_sockets_that_the_object_does_not_hold_itself_are_unknown() -> None:
    """A Worker or another object holds them and calls the room."""
    for sockets in (0, 1):
        story = survivors([ask("ann"), ask("bob")], sockets)
        story.answers("b", "b")
        judged = found(story)
        assert judged["verdict"] == "unknown"
        assert f"object said it holds {sockets} of 2 sockets to it" in judged["reason"]


def test_an_object_that_tells_its_sockets_slept_with_its_own() -> None:
    story = survivors([ask(), ask()], check="sleeps")
    story.answers("b", "b")
    judged = found(story)
    assert judged["verdict"] == "held"
    assert judged["reason"].endswith(" in which no client sent anything, with 2 sockets open")


def test_where_an_object_does_not_tell_its_sockets_the_claim_is_left_out() -> None:
    story = sleeping([CONNECT, ask(), ask(), SLEEP, ask(), ask()], "connections-survive", tells=False)
    story.connect()
    story.answers("a", "a")
    story.waits()
    story.answers("b", "b")
    (judged,) = story.done().judged()["scenarios"]
    assert judged["claims"] == []
    assert 'sockets = "path"' in judged["left_out_claims"][0]["reason"]


READ = '{ on = "ann", send = { op = "get" }, expect = { value = 1 } }'


@pytest.mark.parametrize("check", ["sleeps", "storage-survives"])
@pytest.mark.parametrize("tells", [True, False])
def test_whose_sockets_nobody_tells_may_be_a_gateway_s(check: str, *, tells: bool) -> None:
    """The object behind it sleeps without any, and the gateway is pinned and billed."""
    last = READ[:-2] + ', claim = "it" }' if check != "sleeps" else READ
    told = sleeping([CONNECT, READ, ask(), ask(), SLEEP, ask(), ask(), last], check, tells=tells)
    told.connect()
    told.says({"value": 1})
    told.answers("a", "a")
    told.waits()
    told.answers("b", "b")
    told.says({"value": 1})
    judged = found(told)
    assert judged["verdict"] == ("held" if tells else "unknown"), judged["reason"]
    assert ('object = { …, sockets = "path" }' in judged["reason"]) is not tells


def test_what_was_lost_is_refuted_all_the_same() -> None:
    told = sleeping(
        [CONNECT, READ, ask(), ask(), SLEEP, ask(), ask(), READ[:-2] + ', claim = "it" }'],
        "storage-survives",
        tells=False,
    )
    told.connect()
    told.says({"value": 1})
    told.answers("a", "a")
    told.waits()
    told.answers("b", "b")
    told.gets_wrong({"value": None})
    assert found(told)["verdict"] == "refuted"


def test_our_own_worker_tells_its_sockets_when_poc_asks() -> None:
    story = sleeping([CONNECT, SLEEP], tells=False)
    story.connect()
    for instance in ("a", "a"):
        story.asked("ann", instance)
    story.waits()
    for instance in ("b", "b"):
        story.asked("ann", instance)
    assert found(story)["verdict"] == "held"


def test_a_client_that_did_not_speak_is_unknown() -> None:
    story = survivors([ask("ann"), ask("ann")])
    story.answers("b", "b")
    assert "bob was not used" in found(story)["reason"]


def test_a_question_of_our_own_does_not_exercise_a_client() -> None:
    story = survivors([ask("ann"), ask("ann")])
    story.answers("b", "b")
    story.asked("bob", "b")
    assert found(story)["verdict"] == "unknown"


def test_a_client_that_was_closed_while_another_shows_the_sleep_is_lost() -> None:
    story = survivors([ask("ann"), ask("ann"), ask("bob", ', claim = "it"')])
    story.answers("b", "b")
    story.closed("bob")
    story.is_closed()
    assert found(story)["verdict"] == "refuted"


# --- state


def kept(after: list[str], claim: str = "storage-survives") -> Box:
    story = sleeping([CONNECT, read(), ask(), SLEEP, *after], claim)
    story.connect()
    reads(story, "a")
    story.answers("a")
    story.waits()
    return story


def test_state_survives_where_it_was_read_before_and_after_the_sleep() -> None:
    story = kept([read(', claim = "it"'), ask()])
    reads(story, "b")
    story.answers("b")
    assert found(story)["verdict"] == "held"


def test_another_answer_after_the_sleep_refutes() -> None:
    story = kept([read(', claim = "it"'), ask()])
    reads(story, "b", "red")
    story.answers("b")
    assert found(story)["verdict"] == "refuted"


def test_a_read_after_one_more_change_of_instance_shows_nothing() -> None:
    story = kept([ask(), ask(), '{ idle = "6s" }', read(', claim = "it"')])
    story.answers("b", "b")
    story.begins("idle")
    story.passes(6)
    story.ends()
    reads(story, "c")
    judged = found(story)
    assert judged["verdict"] == "unknown"
    assert "left memory again, and not by a sleep" in judged["reason"]


# --- staying awake

STAYS = '{ hibernate = "idle", natural = true, claim = "it" }'


@pytest.mark.parametrize(
    ("seconds", "onset", "verdict"), [(11.1, 10.0, "held"), (10.5, 10.0, "unknown"), (12.0, 20.0, "unknown")]
)
def test_the_same_instance_stays_awake_only_longer_than_rooms_of_our_own(
    seconds: float, onset: float, verdict: str
) -> None:
    story = sleeping([CONNECT, ask(), STAYS, ask()], "stays-awake")
    slept_in(onset, story.history)
    story.connect()
    story.answers("a")
    story.waits(seconds)
    story.answers("a")
    assert found(story)["verdict"] == verdict


def test_without_rooms_of_our_own_nothing_shows_that_it_would_sleep() -> None:
    story = sleeping([CONNECT, ask(), STAYS, ask()], "stays-awake")
    story.connect()
    story.answers("a")
    story.waits(30.0)
    story.answers("a")
    assert "no canary shows that objects sleep there" in found(story)["reason"]


def test_a_sleep_refutes_staying_awake() -> None:
    story = sleeping([CONNECT, ask(), ask(), STAYS, ask(), ask()], "stays-awake")
    slept_in(10.0, story.history)
    story.connect()
    story.answers("a", "a")
    story.waits()
    story.answers("b", "b")
    assert found(story)["verdict"] == "refuted"


# --- latency

WAKE = f'{{ resume = "ann", send = {WHO}, expect = {WHO} }}'


def test_a_wake_is_measured_on_the_clients_clock() -> None:
    story = sleeping([CONNECT, ask(), ask(), SLEEP, WAKE, ask()], "wake-under", claim='limit = "50ms"\n')
    story.connect()
    story.answers("a", "a")
    story.waits()
    story.says({"op": "who", "instance": "b"}, wake_ms=40.0)
    story.answers("b")
    history = story.done()
    assert claims(history.judged())["it"]["verdict"] == "held"
    assert history.judged()["figures"]["wake_ms"]["max"] == 40.0


def test_an_answer_of_a_room_that_was_awake_is_no_wake() -> None:
    story = sleeping([CONNECT, ask(), ask(), SLEEP, ask(), WAKE], "wake-under", claim='limit = "50ms"\n')
    story.connect()
    story.answers("a", "a")
    story.waits()
    story.answers("b")
    story.says({"op": "who", "instance": "b"}, wake_ms=1.0)
    history = story.done()
    assert claims(history.judged())["it"]["verdict"] == "unknown"
    assert "wake_ms" not in history.judged()["figures"]


# --- redeploys

DEPLOY = '{ restart = "deploy" }'


class Cloudflare(Box):
    """A play where new versions can be deployed."""

    place = BOX | {"kind": "cloudflare", "abilities": ["idle", "deploy"]}


def deployed(steps: list[str], check: str) -> Box:
    history = History(target="cloudflare")
    story = box(scenario(check, steps), history=history)
    start = history.events[-1]
    start.data["target"] = Cloudflare.place
    return story


def test_a_redeploy_that_breaks_every_socket_is_proven_by_another_instance() -> None:
    story = deployed([CONNECT, ask(), DEPLOY, CONNECT, ask()], "connections-drop")
    story.connect()
    story.answers("a")
    story.deploys()
    story.connect()
    story.answers("b")
    assert found(story)["verdict"] == "held"


def test_a_redeploy_after_which_the_same_instance_answers_proves_no_loss() -> None:
    story = deployed([CONNECT, ask(), DEPLOY, CONNECT, ask()], "connections-drop")
    story.connect()
    story.answers("a")
    story.deploys()
    story.connect()
    story.answers("a")
    assert found(story)["verdict"] == "unknown"


DEFERRED = '{ restart = "deploy-deferred", id = "update" }'
AFTER = 'after = "update"'


def deferred(*answers: str, closed: bool = False) -> Any:
    """Judge a story of sockets that are to live through a deferred update, with the instances that answered."""
    steps = [CONNECT, ask(), ask(), DEFERRED, ask(), SLEEP, ask(), ask("bob")]
    history = History(target="cloudflare")
    story = box(scenario("connections-survive", steps, claim=AFTER), history=history)
    history.events[-1].data["target"] = Cloudflare.place | {"abilities": ["idle", "deferred"]}
    story.connect()
    story.answers(*answers[:2])
    story.begins("restart")
    story.add("poc", kinds.FAULT, step=story.next - 1, fault="deploy-deferred")
    story.ends()
    story.answers(answers[2])
    story.waits()
    if closed:
        story.closed("ann", "bob", by="nobody", clean=False)
        story.is_closed()
        return finding(story.stops())
    story.answers(*answers[3:])
    return found(story)


def test_sockets_that_spoke_with_the_new_code_lived_through_a_deferred_update() -> None:
    judged = deferred("a", "a", "a", "b", "b")
    assert (judged["verdict"], judged["rests_on"][0]["way"]) == ("held", "deploy-deferred")


def test_an_object_that_never_answers_anew_did_not_take_the_update() -> None:
    judged = deferred("a", "a", "a", "a", "a")
    assert (judged["verdict"], judged["reason"]) == (
        "unknown",
        "no other instance of object answered after the deployment",
    )


def test_sockets_that_break_in_a_deferred_update_are_not_held() -> None:
    assert deferred("a", "a", "a", closed=True)["verdict"] != "held"


def test_a_sleep_after_a_deferred_update_is_a_sleep() -> None:
    history = History(target="cloudflare")
    steps = [CONNECT, ask(), ask(), DEFERRED, ask(), SLEEP, ask(), ask()]
    story = box(scenario("sleeps", steps), history=history)
    history.events[-1].data["target"] = Cloudflare.place | {"abilities": ["idle", "deferred"]}
    story.connect()
    story.answers("a", "a")
    story.begins("restart")
    story.add("poc", kinds.FAULT, step=story.next - 1, fault="deploy-deferred")
    story.ends()
    story.answers("a")
    story.waits()
    story.answers("b", "b")
    assert found(story)["verdict"] == "held"


# --- controls

UNKNOWN = 'control = { clients = { ann = "/room/{play}?name=ann&pin=interval" }, expect = "unknown" }\n'


def test_a_control_that_stays_awake_is_what_its_claim_needs() -> None:
    text = scenario("sleeps", [CONNECT, ask(), ask(), SLEEP, ask(), ask()], claim=UNKNOWN)
    story = box(text)
    story.connect()
    story.answers("a", "a")
    story.waits()
    story.answers("b", "b")
    story.ended("done")
    control = box(text, 1, story.history)
    control.connect()
    control.answers("a", "a")
    control.begins("hibernate")
    control.passes(11)
    control.add("object:object", kinds.WAITED, step=control.next - 1, silent_ms=11_000.0, needed_ms=11_000.0)
    control.asked("ann", "a")
    control.fails("no_sleep", "object answered with the same instance")
    control.ended("stopped", "hibernate failed")
    (judged,) = claims(control.history.end().judged()).values()
    assert (judged["verdict"], judged["control"]["verdict"], judged["control"]["as_expected"]) == (
        "held",
        "unknown",
        True,
    )
