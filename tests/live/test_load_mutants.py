"""Every claim of a load can turn red: broken workers under a small load, and under the shipped ones made small."""

import pytest
import tomli

from poc_cli.shipped import shipped
from tests.support.command import Poc
from tests.support.loads import HELD, mutant, small
from tests.support.record import claims, verdicts

pytestmark = [pytest.mark.live, pytest.mark.long]


def _expected(**changed: str) -> dict[str, str]:
    return HELD | {f"small/{claim}": verdict for claim, verdict in changed.items()}


def test_one_that_keeps_one_socket_loses_the_others_by_name(poc: Poc) -> None:
    ran = poc.run("load", small(poc), "--json", "--worker", mutant(poc, "keeps_one_socket"))
    assert ran.code == 1, ran.out + ran.err
    assert verdicts(ran.document()) == _expected(survive="refuted")
    reason = claims(ran.document())["small/survive"]["reason"]
    assert "sockets 1 to 39 (1012 restarted) of 40" in reason
    (dropped,) = ran.document()["load"][0]["fates"]["dropped"]
    assert dropped == {"code": 1012, "reason": "restarted", "by": "server", "sockets": [[1, 39]]}


def test_one_that_skips_a_socket_in_a_broadcast_loses_one_arrival(poc: Poc) -> None:
    ran = poc.run("load", small(poc), "--json", "--worker", mutant(poc, "broadcast_skips_one"))
    assert ran.code == 1, ran.out + ran.err
    assert verdicts(ran.document()) == _expected(whole="refuted")
    assert "1 did not come (socket 9)" in claims(ran.document())["small/whole"]["reason"]  # the last by its name


def test_one_that_cannot_sleep_is_refuted_and_nothing_else_can_be_said(poc: Poc) -> None:
    text = ('sleep = "evict"', 'sleep = "natural"'), ('storm = "broadcast"', 'storm = "all"')
    told = ("path    =", 'exchange = { op = "who", id = "{mark}" }\npath =')  # a binary message comes to it as a Blob
    ran = poc.run("load", small(poc, *text, told), "--json", "--worker", mutant(poc, "standard_api"))
    assert ran.code == 1, ran.out + ran.err
    assert verdicts(ran.document()) == _expected(sleeps="refuted", survive="unknown", whole="unknown")
    assert "answered with the same instance after 13.0 s" in claims(ran.document())["small/sleeps"]["reason"]


def test_one_that_is_full_refuses_the_rest_by_name(poc: Poc) -> None:
    ran = poc.run("load", small(poc), "--json", "--sockets", "1003", "--worker", mutant(poc, "thousand_seats"))
    assert ran.code == 1, ran.out + ran.err
    assert verdicts(ran.document()) == _expected(opens="refuted")
    (failed,) = ran.document()["load"][0]["fates"]["failed"]
    assert (failed["sockets"], "the room is full" in failed["error"]) == ([[1000, 1002]], True)


def test_one_that_closes_all_at_its_wake_is_never_held(poc: Poc) -> None:
    ran = poc.run("load", small(poc), "--json", "--worker", mutant(poc, "close_on_wake"))
    assert ran.code == 1, ran.out + ran.err
    assert verdicts(ran.document())["small/survive"] == "refuted"


def _named() -> list[tuple[str, str, str]]:
    files = sorted((shipped("scenarios") / "load").glob("*.toml"))
    read = [tomli.loads(file.read_text(encoding="utf-8")) for file in files]
    return [(each["name"], claim["id"], claim["mutant"]) for each in read for claim in each["claim"]]


@pytest.mark.parametrize(("name", "claim", "broken"), [each for each in _named() if each[2] != "standard_api"])
def test_the_mutant_that_a_shipped_claim_names_turns_it_red(poc: Poc, name: str, claim: str, broken: str) -> None:
    few = [
        "--sockets",
        "40",
        "--rooms",
        "1",
        "--ramp",
        "100ms",
        "--for",
        "1s",
        "--sleep",
        "evict",
        "--storm",
        "broadcast",
    ]
    more = ["--sockets", "1000", "--rooms", "1", "--ramp", "500ms", "--churn", "5", "--for", "1s", "--sleep", "evict"]
    flags = few if broken != "thousand_seats" else [*more, *(["--sockets", "1001"] if name == "many-sockets" else [])]
    ran = poc.run("load", f"load/{name}", *flags, "--json", "--worker", mutant(poc, broken))
    assert verdicts(ran.document())[f"{name}/{claim}"] == "refuted", ran.out


def test_every_shipped_claim_names_one() -> None:
    assert {broken for _, _, broken in _named()} == {
        "broadcast_skips_one",
        "keeps_one_socket",
        "standard_api",  # cannot sleep, whatever the load: shown above
        "thousand_seats",
    }
