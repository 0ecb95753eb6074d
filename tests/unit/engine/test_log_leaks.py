"""What the history says of secrets in the log: the first, the tenth, the hundredth, and never a value."""

import json
from pathlib import Path

from poc_cli.engine.log_leaks import LogLeaks
from poc_cli.history.redact import Hit, Redactor, Secret
from poc_cli.history.writer import HistoryWriter

KEY = "sk_live_0a1B2c3D4e5F6g7H8i9J"
REDACTOR = Redactor([Secret("API_KEY", KEY), Secret("PIN", "Abcd1234")])


def told(path: Path) -> list[dict[str, object]]:
    return [json.loads(line)["data"] for line in path.read_text().splitlines()]


def test_a_key_that_is_logged_with_every_message_does_not_fill_the_history(tmp_path: Path) -> None:
    path = tmp_path / "history.ndjson"
    with HistoryWriter(path, REDACTOR) as history:
        log = LogLeaks(history)
        for _ in range(250):
            log.record_line(b"key [secret]", {Hit("API_KEY", strong=True)})
        log.record_line(b"pin [secret] " + b"x" * 1_000, {Hit("PIN", strong=False), Hit("API_KEY", strong=True)})
    assert [(each["times"], each.get("masked"), each.get("masked_weak")) for each in told(path)] == [
        (1, ["API_KEY"], None),
        (10, ["API_KEY"], None),
        (100, ["API_KEY"], None),
        (1, None, ["PIN"]),
    ]
    assert all(len(str(each["text"])) <= 400 for each in told(path))


def test_what_requests_have_thrown_is_looked_through_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "history.ndjson"
    with HistoryWriter(path, REDACTOR) as history:
        LogLeaks(history).record_text(f"Error: well\nError: {KEY} is wrong\n  at index.js", REDACTOR)
    (leak,) = told(path)
    assert leak == {"text": "Error: [secret] is wrong", "times": 1, "masked": ["API_KEY"]}
