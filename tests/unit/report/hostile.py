"""Texts that a hostile worker might send, and documents that carry them in every place that is not ours."""

from typing import Any

from poc_cli.judge.matrix import COLUMNS
from poc_cli.scenario.model import ROWS

TEXTS = [
    "a|b||c",
    "`code` ``more`` ```",
    "@octocat and @org/team, mail ann@example.com",
    "<script>alert(1)</script><img src=x onerror=alert(1)><!-- -->",
    "[click](https://evil.example/) ![x](https://evil.example/x.png) [a]: https://evil.example",
    "https://evil.example/ www.evil.example ftp://evil.example <https://evil.example>",
    "one\ntwo\r\n\n# three\n- four\n1. five\n> six\n---\n| a | b |\n|---|---|\n| c | d |",
    "</details></summary><details open>",
    "**bold** __bold__ *it* _it_ ~~gone~~ # head",
    "#1 GH-2 owner/repo#3 :tada: $x^2$ $$y$$",
    "\x1b[31mred\x07\x08\x00 \u202eright to left\u2066 \u200bnothing \u2028line \ud800half",
    "&lt;b&gt; &#64;octocat &amp;",
    "\\`\\|\\<b>\\\\",
    "1. one",
    "- [ ] task",
    "    indented",
]


def claim(text: str, verdict: str = "refuted", **changes: Any) -> Any:
    """Return a claim that carries the text wherever a scenario or a worker has a say."""
    return {
        "id": text,
        "says": text,
        "source": text,
        "check": "sleeps",
        "verdict": verdict,
        "reason": text,
        "evidence": [3, 1, 2],
        "known": None,
        "held_of": {"k": 0, "n": 1},
        "control": {"verdict": "not run", "expected": "refuted", "as_expected": None, "reason": text},
        "matrix": None,
    } | changes


def scenario(text: str, *claims: dict[str, Any], **changes: Any) -> Any:
    """Return a scenario that carries the text."""
    return {
        "name": text,
        "title": text,
        "file": text,
        "verdict": "refuted",
        "left_out": None,
        "seconds": 1.0,
        "claims": list(claims),
        "sleeps": [],
        "replayed": [],
        "stopped": text,
        "error": text,
    } | changes


def document(*scenarios: dict[str, Any], **changes: Any) -> Any:
    """Return a run that was refuted."""
    return {
        "schema": "poc.run/1",
        "run": "a-run",
        "started": "2026-11-22T16:00:00+00:00",
        "seconds": 12.34,
        "verdict": "refuted",
        "exit_code": 1,
        "error": None,
        "named": True,
        "target": {"kind": "local", "url": None, "versions": {"workerd": "1.2"}, "compatibility_date": "2026-10-01"},
        "sleep": None,
        "scenarios": list(scenarios),
        "matrix": matrix(),
        "figures": {},
        "counts": {"held": 1, "refuted": 1, "unknown": 0, "error": 0, "left_out": 0},
    } | changes


def matrix(*filled: dict[str, Any]) -> list[Any]:
    """Return the whole matrix with some of its cells filled."""
    places = {(cell["row"], cell["column"]): cell for cell in filled}
    empty: dict[str, Any] = {"value": "not tested", "as_documented": None, "claims": []}
    return [places.get((row, column), {"row": row, "column": column, **empty}) for row in ROWS for column in COLUMNS]


def cell(row: str, column: str, value: str, claims: list[str], *, as_documented: bool) -> Any:
    """Return a cell that was tested."""
    return {"row": row, "column": column, "value": value, "as_documented": as_documented, "claims": claims}


def everywhere(text: str) -> Any:
    """Return a run that carries the text in every place that a scenario or a worker has a say in."""
    claims = [claim(text, verdict) for verdict in ("held", "refuted", "unknown", "error")]
    bad = cell("connections", "idle sleep", "lost", [text, text], as_documented=False)
    return document(
        scenario(text, *claims, replayed=[{"play": f"{text}~control", "reason": text}]),
        scenario(text, left_out=text, error=None, stopped=None),
        matrix=matrix(bad),
        error=text,
        target={"kind": text, "versions": {text: text}},
    )
