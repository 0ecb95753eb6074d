"""How a connection ended, in words: never without its code."""

from typing import Any

import pytest

from poc_cli.record.closings import closing_of


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"code": 4001, "said": "received 4001 (private use) kicked"}, "received 4001 (private use) kicked"),
        ({"code": 1006, "said": "no close frame received or sent"}, "1006, no close frame received or sent"),
        ({"code": None, "said": "the page was closed"}, "the page was closed"),
        ({"said": "the page was closed"}, "the page was closed"),
    ],
)
def test_a_close_has_its_code(data: dict[str, Any], words: str) -> None:
    assert closing_of(data) == words
