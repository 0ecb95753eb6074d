"""Events are found in what `wrangler tail` prints, over one line or many."""

import json

from poc_cli.targets.cloudflare.tail import Events


def found(text: str) -> list[object]:
    events = Events()
    return [event for line in text.splitlines(keepends=True) for event in events.feed(line)]


def test_events_over_many_lines_and_on_one() -> None:
    first = {"outcome": "ok", "logs": [{"message": ["{"]}]}
    second: dict[str, object] = {"a": {"b": []}}
    text = json.dumps(first, indent=2) + "\n" + json.dumps(second) + "\n" + json.dumps(first, indent=4) + "\n"
    assert found(text) == [first, second, first]


def test_other_words_are_passed_over() -> None:
    assert found('Connected\n\n{"a": 1}\nwarning: }\n{\n broken\n{"b": 2}\n}\n{"c": 3}\n')[0] == {"a": 1}
    assert found('{\n broken\n}\n{"c": 3}\n') == [{"c": 3}]


def test_what_is_no_object_is_no_event() -> None:
    assert found("[1]\n1\n") == []
