"""Patience with the API: what is tried again, what is waited for, and when it is given up."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from poc_cli.targets.cloudflare.cloudflare_api import Refused, Unreachable, retry_after
from tests.support.cloudflare_api import Script, api, ill, well


def test_a_result_is_what_the_envelope_holds() -> None:
    assert api(Script().on("GET /a", well({"b": 1}))).result("GET", "/a") == {"b": 1}


def test_a_failure_of_cloudflares_is_tried_again() -> None:
    script = Script().on("GET /a", ill(500), httpx.ReadError("reset"), httpx.Response(502, text="<html>"), well(1))
    assert api(script, failure=60.0).result("GET", "/a") == 1
    assert len(script.asked) == 4


def test_a_refusal_is_not_tried_again() -> None:
    script = Script().on("GET /a", ill(403, 10000, "Authentication error"), well(1))
    with pytest.raises(Refused) as caught:
        api(script, failure=60.0).result("GET", "/a")
    assert (caught.value.status, caught.value.code, caught.value.message) == (403, 10000, "Authentication error")
    assert len(script.asked) == 1


def test_the_last_failure_counts_when_patience_is_at_its_end() -> None:
    with pytest.raises(Refused) as caught:
        api(Script().on("GET /a", ill(500, 10013, "broken"))).result("GET", "/a")
    assert (caught.value.status, caught.value.tries) == (500, 1)


def test_nobody_there_is_told_as_such() -> None:
    with pytest.raises(Unreachable, match="cannot be reached: no connection could be made"):
        api(Script().on("GET /a", httpx.ConnectError("refused"))).result("GET", "/a")
    with pytest.raises(Unreachable, match="it did not respond in time"):
        api(Script().on("GET /a", httpx.ReadTimeout("slow"))).result("GET", "/a")


def test_a_rate_limit_is_waited_for_and_told() -> None:
    said: list[str] = []
    script = Script().on("GET /a", ill(429, 971, Retry_After="0"), well(1))
    assert api(script, said, rate_limit=5.0).result("GET", "/a") == 1
    assert said == ["Cloudflare asks to wait 0 s (rate limit)"]


def test_a_rate_limit_beyond_patience_is_given_up_at_once() -> None:
    script = Script().on("GET /a", ill(429, 971, Retry_After="900"))
    with pytest.raises(Refused) as caught:
        api(script, rate_limit=60.0).result("GET", "/a")
    assert caught.value.retry_after == 900
    assert len(script.asked) == 1


def test_removing_has_more_patience_and_is_not_stopped() -> None:
    from dataclasses import replace

    stopped = replace(api(Script().on("GET /a", ill(500), well(1))), stopped=lambda: True)
    with pytest.raises(Refused):
        stopped.result("GET", "/a")
    assert stopped.patient(30.0).retry_limits.failure == 30.0
    assert stopped.patient(30.0).result("GET", "/a") == 1


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7.0), ("", None), ("soon", None), ("Sat, 01 Jan 2000 00:00:00 GMT", 0.0)]
)
def test_retry_after_in_seconds(text: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": text}) == seconds


def test_retry_after_as_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3500 < (retry_after({"Retry-After": later}) or 0) <= 3600


def test_the_account_itself_missing_is_no_absence_of_a_thing() -> None:
    for code, absent in ((10007, True), (10090, True), (None, True), (7003, False)):
        with pytest.raises(Refused) as caught:
            api(Script().on("GET /a", ill(404, code))).result("GET", "/a")
        assert caught.value.is_absence is absent
