"""Each error of Cloudflare's and of wrangler's becomes a sentence with something to do."""

import pytest

from poc_cli.targets.cloudflare.account import Account
from poc_cli.targets.cloudflare.cloudflare_api import Answer, Refused
from poc_cli.targets.cloudflare.cloudflare_errors import Outcome, failed, gist, trouble
from tests.support.cloudflare_api import Script, api, ill, well

PATH = "/accounts/acc/workers/scripts/a"


def refused(status: int, code: int | None, path: str = PATH, **headers: str) -> Refused:
    answer = ill(status, code, "as it said", **headers)
    return Refused("PUT", path, Answer(status, answer.headers, answer.content))


def account(state: str | None = None) -> Account:
    script = Script()
    if state is not None:
        script.on("GET /user/tokens/verify", well({"status": state}))
    return Account(api(script), "acc")


@pytest.mark.parametrize(
    ("status", "code", "state", "said", "advice"),
    [
        (401, 1000, None, "it is wrong or has expired", "create an API token"),
        (400, 6003, None, "it is wrong or has expired", "create an API token"),
        (401, 10000, None, "it is wrong or has expired", "create an API token"),
        (401, 10000, "expired", "it is expired", "create an API token"),
        (403, 10000, "active", "lacks a permission on account acc: PUT", "Workers Scripts > Edit"),
        (403, 10037, None, "the most Workers that its plan allows", "poc status"),
        (400, 10097, None, "only Durable Objects with SQLite", "new_sqlite_classes"),
        (400, 10063, None, "no workers.dev subdomain", "dash.cloudflare.com"),
        (404, 7003, None, "no account with this id", "CLOUDFLARE_ACCOUNT_ID"),
        (413, 10027, None, "too large", "smaller"),
        (429, 971, None, "limits the rate of requests", "try again"),
        (500, 10013, None, "failed with status 500, 1 time in a row", "cloudflarestatus"),
        (400, 12345, None, "Cloudflare refused PUT", "errors/"),
    ],
)
def test_an_error_is_a_sentence(status: int, code: int, state: str | None, said: str, advice: str) -> None:
    error = trouble(refused(status, code), account(state))
    assert said in error.message
    assert "as it said" in error.message
    assert advice in (error.advice or "")
    assert error.exit_code == 3


def test_a_tail_needs_another_permission() -> None:
    error = trouble(refused(403, 10000, f"{PATH}/tails"), account("active"))
    assert "Workers Tail > Read" in (error.advice or "")


def test_a_rate_limit_tells_how_long() -> None:
    assert "asks to wait 90 s" in trouble(refused(429, 971, Retry_After="90"), account()).message


BUILD = """
\x1b[31m✘ \x1b[41;31m[\x1b[41;97mERROR\x1b[41;31m]\x1b[0m \x1b[1mCould not resolve "./missing"\x1b[0m

    src/index.ts:1:7:
      1 │ import "./missing";

If you think this is a bug, please open an issue
🪵  Logs were written to "/tmp/x.log"
"""


def test_the_gist_of_what_wrangler_said() -> None:
    said = gist(BUILD)
    assert said.startswith('Could not resolve "./missing"')
    assert "src/index.ts:1:7" in said
    assert "\x1b" not in said
    assert "bug" not in said
    assert "Logs" not in said
    assert gist("one\ntwo\n") == "one\ntwo"


def test_how_wrangler_failed() -> None:
    assert "in time" in failed(Outcome(-9, "", None, late=True), None, account(), "a").message
    assert "did not report a deployment" in failed(Outcome(0, "", None), None, account(), "a").message
    assert "exit code 1" in failed(Outcome(1, "", None), None, account(), "a").message
    assert "Could not resolve" in failed(Outcome(1, BUILD, None), None, account(), "a").message
    assert "the most Workers" in failed(Outcome(1, BUILD, None), refused(403, 10037), account(), "a").message
