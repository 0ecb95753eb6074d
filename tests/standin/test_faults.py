"""Faults strike where and as often as they are told to, and the same seed strikes the same."""

import pytest

from tests.standin.faults import Fault, Faults, words

UPLOAD = "/accounts/abc/workers/scripts/a"


def _struck(faults: Faults, requests: int, path: str = UPLOAD) -> list[bool]:
    return [faults.strike("GET", path) is not None for _ in range(requests)]


def test_count_and_after() -> None:
    assert _struck(Faults(Fault("reset", count=2, after=1)), 5) == [False, True, True, False, False]


def test_method_and_path() -> None:
    faults = Faults(Fault("lost", method="PUT", path="/scripts/[^/]+$"))
    assert faults.strike("GET", UPLOAD) is None
    assert faults.strike("PUT", f"{UPLOAD}/secrets") is None
    assert faults.strike("PUT", UPLOAD) is not None
    assert [each.kind for each in faults.struck] == ["lost"]


def test_the_next_one_strikes_when_the_first_is_spent() -> None:
    first, second = Fault("reset", count=1), Fault("status", status=429)
    faults = Faults(first, second)
    assert [faults.strike("GET", UPLOAD) for _ in range(3)] == [first, second, second]


def test_half_is_for_uploads_alone() -> None:
    faults = Faults(Fault("half"))
    assert faults.strike("PUT", f"{UPLOAD}/secrets") is None
    assert faults.strike("POST", UPLOAD) is None
    assert faults.strike("PUT", UPLOAD) is not None


def test_chance_is_had_again_by_its_seed() -> None:
    first = _struck(Faults(Fault("reset", probability=0.2), seed=7), 1000)
    assert first == _struck(Faults(Fault("reset", probability=0.2), seed=7), 1000)
    assert first != _struck(Faults(Fault("reset", probability=0.2), seed=8), 1000)
    assert 140 < sum(first) < 260  # five standard deviations around 200


def test_switches_from_json() -> None:
    faults = Faults()
    faults.replace({"seed": 1, "propagation_ms": 50, "faults": [{"kind": "status", "status": 401, "count": 1}]})
    assert faults.propagation_ms == 50
    assert _struck(faults, 2) == [True, False]
    faults.clear()
    assert faults.propagation_ms == 0
    assert _struck(faults, 1) == [False]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"fault": []}, "no switch fault"),
        ({"faults": [{"kind": "sloow"}]}, "'sloow' is no kind of fault"),
        ({"faults": [{"kind": "slow", "mss": 1}]}, "a fault has no mss"),
        ({"faults": [{}]}, "a fault has a kind"),
        ({"faults": [{"kind": "slow", "path": "("}]}, "is no regular expression"),
    ],
)
def test_wrong_switches_are_told(value: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Faults().replace(value)


def test_errors_carry_cloudflares_codes() -> None:
    assert words(Fault("status", status=429))[0] == 971
    assert words(Fault("status", status=403)) == (10000, "Authentication error")
    assert words(Fault("status", status=500, code=7010))[0] == 7010
