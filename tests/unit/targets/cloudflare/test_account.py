"""What is read from the account, and how a Worker is removed from it, on literal answers."""

from datetime import UTC, datetime

import httpx
import pytest

from poc_cli.errors import TargetError
from poc_cli.targets.cloudflare.account import Account, chosen
from poc_cli.targets.cloudflare.marker import NAME, Marker
from tests.support.cloudflare_api import Script, api, ill, well

W = "/accounts/acc/workers"
MARK = Marker("r1", datetime(2026, 11, 22, tzinfo=UTC), kept=True)


def bound(text: str) -> httpx.Response:
    return well({"bindings": [{"type": "plain_text", "name": NAME, "text": text}]})


def account(script: Script) -> Account:
    return Account(api(script), "acc")


def test_ours_are_those_with_the_mark() -> None:
    script = (
        Script()
        .on(f"GET {W}/scripts", well([{"id": "a"}, {"id": "b"}, {"id": "poc-000000000000"}]))
        .on(f"GET {W}/scripts/a/settings", bound(str(MARK)))
        .on(f"GET {W}/scripts/b/settings", bound("poc is what I call it"))
        .on(f"GET {W}/subdomain", well({"subdomain": "me"}))
    )
    [found] = account(script).found()
    assert (found.name, found.marker, found.url) == ("a", MARK, "https://a.me.workers.dev")
    assert f"GET {W}/scripts/poc-000000000000/settings" in script.asked  # the name alone proves nothing


def test_a_secret_of_that_name_is_no_mark() -> None:
    secret = well({"bindings": [{"type": "secret_text", "name": NAME}]})
    script = Script().on(f"GET {W}/scripts/a/settings", secret)
    assert account(script).found(["a"]) == []


def test_the_address_that_the_account_tells_is_taken_where_it_is_whole() -> None:
    script = Script().on(f"GET {W}/workers/a", well({"subdomain": {"url": "http://127.0.0.1:8787/"}}))
    assert account(script).url("a", "me") == "http://127.0.0.1:8787"
    script.on(f"GET {W}/workers/a", well({"subdomain": {"url": "a.me.workers.dev"}}))
    assert account(script).url("a", "me") == "https://a.me.workers.dev"
    assert account(script).url("a", None) is None


def test_a_removal_is_looked_after() -> None:
    script = Script().on(f"DELETE {W}/services/a?force=true", well())
    assert account(script).remove("a", lambda _: None)
    assert script.asked[-1] == f"GET {W}/services/a"


def test_a_removal_whose_answer_was_lost_counts_as_ours() -> None:
    gone = f"DELETE {W}/services/a?force=true"
    script = Script().on(gone, httpx.ReadError("lost"), ill(404, 10090))
    assert account(script).remove("a", lambda _: None)
    assert not account(Script()).remove("a", lambda _: None)  # it was never there


def test_what_is_still_listed_is_removed_again() -> None:
    script = (
        Script()
        .on(f"DELETE {W}/services/a?force=true", well())
        .on(f"GET {W}/services/a", well({}), well({}), ill(404, 10090))
    )
    account(script).remove("a", lambda _: None)
    assert script.asked.count(f"DELETE {W}/services/a?force=true") == 2


def test_the_other_way_is_taken_where_the_first_is_closed() -> None:
    script = Script().on(f"DELETE {W}/services/a?force=true", ill(405)).on(f"DELETE {W}/scripts/a?force=true", well())
    assert account(script).remove("a", lambda _: None)


def test_a_refused_removal_is_an_error() -> None:
    script = (
        Script()
        .on(f"DELETE {W}/services/a?force=true", ill(403, 10000))
        .on("GET /user/tokens/verify", well({"status": "active"}))
    )
    with pytest.raises(TargetError, match="lacks a permission on account acc"):
        account(script).remove("a", lambda _: None)


def test_the_only_account_is_chosen_and_of_several_none() -> None:
    one = {"id": "x", "name": "One"}
    path = "GET /accounts?page=1&per_page=50"
    assert chosen(api(Script().on(path, well([one]))), None).id == "x"
    assert chosen(api(Script()), "named").id == "named"
    with pytest.raises(TargetError) as caught:
        chosen(api(Script().on(path, well([one, {"id": "y", "name": "Two"}]))), None)
    assert "CLOUDFLARE_ACCOUNT_ID=x   One" in str(caught.value)
    assert "CLOUDFLARE_ACCOUNT_ID=y   Two" in str(caught.value)


def test_memberships_tell_the_account_where_accounts_may_not_be_read() -> None:
    script = (
        Script()
        .on("GET /accounts?page=1&per_page=50", ill(403, 10000))
        .on("GET /memberships?page=1&per_page=50", well([{"id": "m", "account": {"id": "x", "name": "One"}}]))
    )
    assert chosen(api(script), None).id == "x"
    with pytest.raises(TargetError, match="has access to no account"):
        chosen(api(Script().on("GET /accounts?page=1&per_page=50", well([]))), None)
