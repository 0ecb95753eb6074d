"""Near misses of a token are no token, whatever its last letter is."""

import pytest

from poc_cli.scenario.token_names import TOKEN, TOKEN_NAMES, token_names


@pytest.mark.parametrize("token", ["aB3-_xyA", "aB3-_xyB", "aB3-_xy9"])
def test_each_near_miss_is_another_text(token: str) -> None:
    values = token_names(token)
    assert values.keys() == TOKEN_NAMES
    assert values[TOKEN] == token
    assert len({*values.values()}) == len(values)
    assert len(values["token.other"]) == len(values["token.turned"]) == len(token)


def test_without_a_token_nothing_fails() -> None:
    assert token_names("")["token.first"] == ""
