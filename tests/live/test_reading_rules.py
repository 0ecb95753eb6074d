"""The rules that settle readings, each by a small story on the real runtime that would fail under another."""

from typing import Any

import pytest

from tests.support.command import Poc

pytestmark = pytest.mark.live

_HEAD = """
name    = "{name}"
title   = "A rule."
object  = {{ class = "Room", name = "{{play}}" }}
clients = {{ ann = "/room/{{play}}?name=ann", bob = "/room/{{play}}?name=bob" }}
steps = [
  {{ connect = ["ann", "bob"] }},
{steps}
]
[[claim]]
id   = "rule"
says = "The rule."
"""

# A name, the steps, and the verdict on the claim that the rule gives.
STORIES: dict[str, tuple[str, str]] = {
    # ann's echo of "old" is unread when she sends again; only what comes after the send answers it.
    "expect-after-send-ignores-older": (
        """{ on = "ann", send = { op = "echo", text = "old" } },
           { on = "bob", send = { op = "who" }, expect = { ok = true } },
           { on = "ann", send = { op = "who" }, expect = { op = "echo" }, within = "300ms", claim = "rule" },""",
        "refuted",
    ),
    "expect-without-send-goes-on-from-where-it-stopped": (
        """{ on = "ann", send = { op = "echo", text = "one" } },
           { on = "ann", expect = { op = "echo", text = "one" } },
           { on = "ann", expect = { op = "echo" }, within = "300ms", claim = "rule" },""",
        "refuted",
    ),
    "what-was-passed-over-counts-as-read": (
        """{ on = "ann", send = { op = "echo", text = "first" } },
           { on = "ann", send = { op = "echo", text = "second" } },
           { on = "ann", expect = { text = "second", op = "echo" } },
           { on = "ann", expect = { text = "first", op = "echo" }, within = "300ms", claim = "rule" },""",
        "unknown",
    ),
    "the-first-match-within-the-time-counts": (
        """{ on = "ann", send = { op = "echo", text = "first" } },
           { on = "ann", expect = { op = "echo" }, where = ["text == \\"first\\""], claim = "rule" },""",
        "held",
    ),
    "a-close-by-the-server-needs-the-expected-code": (
        """{ on = "ann", send = { op = "close", code = 4002 }, expect_code = 4001, claim = "rule" },""",
        "refuted",
    ),
    "a-close-by-the-server-needs-the-expected-reason": (
        """{ on = "ann", send = { op = "close", code = 4001, reason = "a" }, expect_reason = "b", claim = "rule" },""",
        "refuted",
    ),
    "a-close-by-the-server-must-come-in-time": (
        """{ on = "ann", send = { op = "who" }, expect_code = 1000, within = "300ms", claim = "rule" },""",
        "refuted",
    ),
    "a-connection-that-broke-is-1006": (
        """{ on = "ann", send = { op = "abort" }, expect_code = 1006, claim = "rule" },
           { on = "bob", expect_code = 1006, claim = "rule" },""",
        "held",
    ),
    "who-is-let-in-was-not-refused": (
        """{ connect = "ann", refused = 401, claim = "rule" },""",
        "refuted",
    ),
    "next-demands-the-very-next-message": (
        """{ on = "bob", send = { op = "broadcast", text = 1 }, expect = { op = "broadcast" } },
           { on = "bob", send = { op = "broadcast", text = 2 }, expect = { op = "broadcast" } },
           { on = "ann", expect = { event = "broadcast", text = 2 }, next = true, claim = "rule" },""",
        "refuted",
    ),
    "quiet-fails-on-any-message": (
        """{ on = "ann", send = { op = "who" }, quiet = "10s", claim = "rule" },""",
        "refuted",
    ),
    "quiet-looks-only-at-its-own-time": (
        """{ on = "ann", send = { op = "who" } },
           { on = "ann", expect = { op = "who" } },
           { on = "ann", quiet = "200ms", claim = "rule" },""",
        "held",
    ),
    "quiet-with-like-passes-over-what-is-not-like-it": (
        """{ on = "ann", send = { op = "who" }, quiet = "300ms", like = { op = "echo" }, claim = "rule" },
           { on = "ann", send = { op = "echo", text = "{play}" }, expect = { text = "{play}" } },""",
        "held",
    ),
    "what-quiet-with-like-passes-over-stays-unread": (
        """{ on = "ann", send = { op = "echo", text = 1 }, quiet = "300ms", like = { op = "who" } },
           { on = "ann", expect = { op = "echo", text = 1 }, next = true, claim = "rule" },""",
        "held",
    ),
    "quiet-with-like-fails-on-what-is-like-it": (
        """{ on = "ann", send = { op = "echo", text = "{play}" }, quiet = "10s",
             like = { op = "echo", text = "{play}" }, claim = "rule" },""",
        "refuted",
    ),
    # bob has had both broadcasts by ann's last answer, and has read only the first.
    "quiet-with-like-fails-on-what-came-before-and-was-not-read": (
        """{ on = "ann", send = { op = "broadcast", text = 1 }, expect = { op = "broadcast" } },
           { on = "bob", expect = { event = "broadcast", text = 1 } },
           { on = "ann", send = { op = "broadcast", text = 2 }, expect = { op = "broadcast" } },
           { on = "ann", send = { op = "who" }, expect = { op = "who" } },
           { on = "bob", quiet = "10s", like = { event = "broadcast" }, claim = "rule" },""",
        "refuted",
    ),
    "quiet-with-like-leaves-alone-what-was-read": (
        """{ on = "ann", send = { op = "broadcast", text = 1 }, expect = { op = "broadcast" } },
           { on = "bob", expect = { event = "broadcast", text = 1 } },
           { on = "bob", quiet = "100ms", like = { event = "broadcast" }, claim = "rule" },""",
        "held",
    ),
    "every-client-must-pass": (
        """{ on = "*", send = { op = "who" }, expect = { name = "ann" }, within = "300ms", claim = "rule" },""",
        "refuted",
    ),
    "a-failed-precondition-ends-the-play": (
        """{ on = "ann", send = { op = "who" }, expect = { sockets = 99 }, within = "200ms" },
           { on = "ann", send = { op = "who" }, expect = { ok = true }, claim = "rule" },""",
        "unknown",
    ),
    "a-claim-decided-before-stays": (
        """{ on = "ann", send = { op = "who" }, expect = { ok = true }, claim = "rule" },
           { on = "ann", send = { op = "who" }, expect = { sockets = 99 }, within = "200ms" },""",
        "held",
    ),
    "a-failed-claim-does-not-end-the-play-and-the-worst-counts": (
        """{ on = "ann", send = { op = "who" }, expect = { sockets = 99 }, within = "200ms", claim = "rule" },
           { on = "ann", send = { op = "who" }, expect = { ok = true }, claim = "rule" },""",
        "refuted",
    ),
    "a-capture-of-a-missing-path-is-an-error": (
        """{ on = "ann", send = { op = "who" },
             expect = { ok = true }, capture = { x = "nowhere" }, claim = "rule" },""",
        "error",
    ),
    "a-bound-value-keeps-its-type": (
        """{ on = "ann", send = { op = "who" }, expect = { ok = true }, capture = { n = "sockets" } },
           { on = "ann", send = { op = "echo", text = "{n}" }, where = ["text == 2"], claim = "rule" },""",
        "held",
    ),
    "a-bare-list-is-several-messages-in-order": (
        """{ on = "ann", send = { op = "echo", text = 1 } },
           { on = "ann", send = { op = "echo", text = 2 } },
           { on = "ann",
             expect = [{ op = "echo", text = 2 }, { op = "echo", text = 1 }], within = "300ms", claim = "rule" },""",
        "refuted",
    ),
    "any-order-takes-them-as-they-come": (
        """{ on = "ann", send = { op = "echo", text = 1 } },
           { on = "ann", send = { op = "echo", text = 2 } },
           { on = "ann",
             expect = [{ op = "echo", text = 2 }, { op = "echo", text = 1 }], order = "any", claim = "rule" },""",
        "held",
    ),
    "no-sleep-no-verdict": (
        """{ hibernate = "evict", of = "object" },
           { on = "ann", send = { op = "who" }, expect = { ok = true }, claim = "rule" },""",
        "held",
    ),
    "a-reply-of-many-megabytes-is-a-message": (
        """{ on = "ann", send = { op = "flood", messages = 1, bytes = 33000000 },
             expect = { event = "flood" }, claim = "rule" },""",
        "held",
    ),
    "a-server-that-answers-too-late-is-silent": (
        """{ on = "ann", send = { op = "sleep", ms = 60000 },
             expect = { op = "sleep" }, within = "200ms", claim = "rule" },""",
        "refuted",
    ),
    "a-throw-closes-nothing": (
        """{ on = "ann", send = { op = "throw" }, quiet = "200ms" },
           { on = "ann", send = { op = "who" }, expect = { ok = true, sockets = 2 }, claim = "rule" },""",
        "held",
    ),
    "an-aborted-object-drops-its-sockets": (
        """{ on = "ann", send = { op = "abort" } },
           { on = "bob", quiet = "10s", claim = "rule" },""",
        "refuted",
    ),
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Play all stories side by side, once."""
    poc = Poc(tmp_path_factory.mktemp("rules"))
    stories = poc.folder / "stories"
    stories.mkdir()
    for name, (steps, _) in STORIES.items():
        (stories / f"{name}.toml").write_text(_HEAD.format(name=name, steps=steps), encoding="utf-8")
    ran = poc.run("run", "stories/", "--json")
    return {scenario["name"]: scenario for scenario in ran.document()["scenarios"]}


@pytest.mark.parametrize("name", STORIES)
def test_rule(verdicts: dict[str, Any], name: str) -> None:
    (claim,) = verdicts[name]["claims"]
    assert claim["verdict"] == STORIES[name][1], claim["reason"]
