"""What of a play a place cannot play, and that observers alone are passed over."""

import pytest

from poc_cli.scenario.capabilities import Fitted, Place, fit, place_of
from poc_cli.scenario.loader import parse
from poc_cli.scenario.plays import plays_of

HEAD = """\
name = "story"
title = "A story."
object = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}?name=ann" }
"""
CLAIMS = """
[[claim]]
id = "it"
says = "It is so."

[[claim]]
id = "seen"
says = "It is seen."
"""
URL = Place("url", "instance", frozenset({"idle"}))
CLOUDFLARE = Place("cloudflare", "instance", frozenset({"idle", "deploy", "environment"}))
LOCAL = place_of({"kind": "local"})

WHO = '{ on = "ann", send = { op = "who" }, expect = { op = "who" }, claim = "it" }'
SEEN = '{ on = "ann", send = "x", claim = "seen" }'


def fitted(place: Place, *steps: str, more: str = "", claims: str = CLAIMS, play: int = 0) -> Fitted:
    body = "steps = [\n" + "".join(f"  {step},\n" for step in ('{ connect = "ann" }', *steps)) + "]\n"
    return fit(plays_of(parse(HEAD + more + body + claims, "scenarios/story.toml"))[play], place)


@pytest.mark.parametrize("step", ['{ probe = "asleep", claim = "seen" }', '{ alarm = "fires", claim = "seen" }'])
def test_an_observer_without_a_trace_costs_its_claim_and_no_other(step: str) -> None:
    found = fitted(URL, WHO, step)
    assert found.reason is None
    assert list(found.claims) == ["seen"]


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ('{ probe = "asleep" }', "reads the runtime's trace"),
        ('{ hibernate = "evict", forced = true }', "evicts objects"),
        ('{ hibernate = "evict", forced = true, claim = "seen" }', "evicts objects"),
        ('{ restart = "crash" }', "kills the runtime"),
        ('{ restart = "server" }', "restarts the runtime"),
        ('{ restart = "object" }', "evicts objects"),
        ('{ restart = "deploy" }', "deploys a new version"),
    ],
)
def test_what_others_build_on_costs_the_whole_play(step: str, why: str) -> None:
    reason = fitted(URL, WHO, step, '{ probe = "asleep", claim = "seen" }').reason
    assert reason is not None
    assert why in reason
    assert reason.endswith("not available on url")


@pytest.mark.parametrize(
    "step", ['{ hibernate = "idle" }', '{ hibernate = "evict" }', '{ kill = "ann" }', '{ idle = "1s" }']
)
def test_the_rest_can_be_played_anywhere(step: str) -> None:
    assert fitted(URL, WHO, step, SEEN) == Fitted(None, {})


def test_a_place_that_can_deploy_plays_a_redeploy() -> None:
    assert fitted(CLOUDFLARE, WHO, '{ restart = "deploy" }', SEEN).reason is None


@pytest.mark.parametrize(("need", "here"), [("environment", True), ("api", False), ("trace", False)])
def test_what_a_file_needs_is_asked_of_the_place(*, need: str, here: bool) -> None:
    assert (fitted(CLOUDFLARE, WHO, SEEN, more=f'needs = ["{need}"]\n').reason is None) == here
    assert fitted(LOCAL, WHO, SEEN, more=f'needs = ["{need}"]\n').reason is None


def test_that_nothing_woke_an_object_is_seen_in_a_trace_alone() -> None:
    claims = CLAIMS + 'check = "no-wake"\n'
    assert list(fitted(URL, WHO, claims=claims).claims) == ["seen"]
    assert fitted(LOCAL, WHO, claims=claims).claims == {}


def test_a_play_of_which_no_claim_is_left_is_left_out() -> None:
    claims = CLAIMS.partition('\n[[claim]]\nid = "seen"')[0]
    found = fitted(URL, '{ probe = "asleep", claim = "it" }', claims=claims)
    assert found.reason == found.claims["it"]


def test_a_worker_of_its_own_runs_only_where_poc_runs_workers() -> None:
    assert "has its own worker" in str(fitted(URL, WHO, SEEN, more='worker = "../mine"\n').reason)
    assert fitted(LOCAL, WHO, SEEN, more='worker = "../mine"\n').reason is None


APP = 'worker = "../mine"\norigin = { dir = "app", start = "node server.mjs" }\n'


def test_an_app_that_is_not_given_is_the_first_reason() -> None:
    assert "--origin URL" in str(fitted(CLOUDFLARE, WHO, SEEN, more=APP).reason)
    assert fitted(LOCAL, WHO, SEEN, more=APP).reason is None


def test_an_app_elsewhere_needs_the_worker_of_the_stack_too() -> None:
    app = Place("cloudflare", "instance", CLOUDFLARE.abilities | {"origin"})
    assert "has its own worker" in str(fitted(app, WHO, SEEN, more=APP).reason)
    stack = Place("cloudflare", "instance", app.abilities | {"worker"})
    assert fitted(stack, WHO, SEEN, more=APP).reason is None


def test_a_control_is_asked_by_itself() -> None:
    own = '{ connect = "ann" }, { restart = "crash" }, { on = "ann", send = "x", claim = "it" }'
    control = f"control = {{ steps = [ {own} ] }}\n"
    claims = CLAIMS.replace('says = "It is so."\n', f'says = "It is so."\n{control}')
    steps = (WHO, SEEN)
    assert fitted(URL, *steps, claims=claims).reason is None
    assert "kills the runtime" in str(fitted(URL, *steps, claims=claims, play=1).reason)


def test_older_records_are_of_a_place_that_can_do_everything() -> None:
    assert LOCAL.has_trace
    assert "evict" in LOCAL.abilities


def test_an_object_with_a_fixed_name_needs_a_runtime_of_its_own() -> None:
    document = (HEAD + f'steps = [{{ connect = "ann" }}, {WHO}, {SEEN}]\n' + CLAIMS).replace('"{play}"', '"foo"')
    (play,) = plays_of(parse(document, "scenarios/story.toml"))
    assert fit(play, LOCAL).reason is None
    assert fit(play, URL).reason == (
        'its object is always named "foo", so it needs a runtime of its own; not available on url'
    )


def test_a_worker_that_begins_with_data_runs_only_where_poc_runs_workers() -> None:
    worker = 'worker = { dir = "app", seed = { KV = { a = "b" } } }\n'
    assert fitted(LOCAL, WHO, SEEN, more=worker).reason is None
    reason = fitted(Place("cloudflare", "instance", frozenset({"idle", "worker"})), WHO, SEEN, more=worker).reason
    assert reason == "its worker begins with data (seed), which only a runtime that poc starts has; not on cloudflare"


def test_near_misses_of_the_token_need_a_worker_that_poc_gives_one() -> None:
    near = '{ http = "/room/{play}", headers = { Authorization = "Bearer {token.upper}" }, status = 401 }'
    assert "variables that poc sets" in str(fitted(URL, WHO, near, SEEN).reason)
    assert fitted(CLOUDFLARE, WHO, near, SEEN).reason is None
    assert fitted(LOCAL, WHO, near, SEEN).reason is None


def test_a_worker_without_a_token_runs_only_where_poc_starts_it() -> None:
    worker = 'worker = { dir = "app", vars = { POC_TOKEN = "" } }\n'
    assert fitted(LOCAL, WHO, SEEN, more=worker).reason is None
    deploys = Place("cloudflare", "instance", frozenset({"idle", "environment", "worker"}))
    assert "poc gives each one that it deploys a token" in str(fitted(deploys, WHO, SEEN, more=worker).reason)


def test_a_token_of_the_scenario_itself_needs_nothing() -> None:
    capture = '{ on = "ann", send = "t", expect = {}, capture = { token = "t" } }'
    assert fitted(URL, WHO, capture, '{ connect = "ann", path = "/?t={token}" }', SEEN).reason is None
