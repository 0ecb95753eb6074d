"""What `--code-update` means, and what wrangler is told."""

import pytest

from poc_cli.errors import UsageError
from poc_cli.targets.cloudflare.code_update import code_update


@pytest.mark.parametrize(
    ("written", "told"),
    [("immediate", "immediate"), ("deferred", "deferred 300s"), ("deferred:60", "deferred 60s")],
)
def test_wrangler_is_told_the_mode(written: str, told: str) -> None:
    assert code_update(written).words == ("--durable-objects-code-update-mode", told)


@pytest.mark.parametrize(
    "written", ["", "later", "immediate:5", "deferred:", "deferred:1m", "deferred:-1", "deferred 5"]
)
def test_anything_else_is_refused(written: str) -> None:
    with pytest.raises(UsageError, match="is not a mode of updating"):
        code_update(written)


def test_a_delay_of_more_than_a_day_is_refused() -> None:
    with pytest.raises(UsageError, match="is longer than a day"):
        code_update("deferred:86401")
