"""The judged run as one document, `run.json`, made from the history alone.

Never says anything that the history does not; judging a run folder again gives the same document.
"""

from collections import Counter
from dataclasses import replace
from typing import Any

from poc_cli.history.event import Event
from poc_cli.judge.claims import ClaimFinding, judge_story
from poc_cli.judge.figures import figures
from poc_cli.judge.finding import WORST_FIRST, Verdict
from poc_cli.judge.matrix import cells
from poc_cli.judge.record import LeftOut, PlayRecord, RunRecord, record
from poc_cli.judge.replays import with_replays
from poc_cli.judge.sleeps import Sleep, sleeps_of
from poc_cli.status import ExitCode

SCHEMA = "poc.run/1"

Document = dict[str, Any]


def document(events: list[Event | None]) -> Document:
    """Judge a history. The shape is that of docs/run.schema.json."""
    run = record(events)
    scenarios: list[Document] = []
    judged: list[tuple[PlayRecord, list[ClaimFinding]]] = []
    for stories in _stories(run):
        try:
            findings = judge_story(stories, _controls(run, stories[0]), run.flaw, run.repeat)
            scenarios.append(_scenario(run, stories, findings))
        except Exception as broken:  # noqa: BLE001 - what cannot be judged is an error, never a pass and never a crash
            scenarios.append(_unreadable(stories[0], broken))
            continue
        judged += _by_performance(stories, findings)
    scenarios += [_left_out(each) for each in run.left_out]
    target = run.start.get("target", {})
    counts = _counts(scenarios)
    exit_code = _exit_code(run, scenarios)
    return {
        "schema": SCHEMA,
        "poc": run.start.get("poc"),
        "run": run.start.get("run"),
        "started": run.start.get("started"),
        "seconds": _seconds(run),
        "verdict": _verdict(exit_code),
        "exit_code": int(exit_code),
        "error": run.flaw,
        "named": bool(run.start.get("named", False)),
        "target": target,
        "sleep": run.start.get("sleep"),
        "scenarios": with_replays(scenarios, events),
        "matrix": [_cell(cell) for cell in cells(judged)],
        "figures": figures([story for story, _ in judged]),
        "counts": counts,
    }


def _stories(run: RunRecord) -> list[list[PlayRecord]]:
    """Give the performances of each story, in the order of their files: which began first is of no meaning.

    Plays of different texts are different stories, whatever their names.
    """
    found: dict[tuple[object, ...], list[PlayRecord]] = {}
    for play in run.plays:
        if play.start.data["role"] == "story":
            subject = tuple(play.start.data[name] for name in ("scenario", "file", "sha256"))
            found.setdefault(subject, []).append(play)
    in_order = sorted(found.values(), key=lambda plays: _place(str(plays[0].start.data["file"])))
    return [sorted(plays, key=lambda play: play.round) for plays in in_order]


def _place(file: str) -> tuple[int, str]:
    """Give where a file stands in a listing: what is in no folder first."""
    return file.count("/"), file


def _by_performance(
    stories: list[PlayRecord], findings: list[ClaimFinding]
) -> list[tuple[PlayRecord, list[ClaimFinding]]]:
    """Give each performance with what it found, as far as all together found the same; only that fills the matrix."""
    return [
        (
            story,
            [
                replace(each, finding=each.rounds[number])
                for each in findings
                if each.rounds[number].verdict == each.finding.verdict
            ],
        )
        for number, story in enumerate(stories)
    ]


def _cell(cell: Any) -> Document:
    return {
        "row": cell.row,
        "column": cell.column,
        "value": cell.value,
        "as_documented": cell.as_documented,
        "claims": list(cell.claims),
    }


def _controls(run: RunRecord, story: PlayRecord) -> list[PlayRecord]:
    scenario = story.start.data["scenario"]
    return [
        play for play in run.plays if play.start.data["role"] == "control" and play.start.data["scenario"] == scenario
    ]


def _scenario(run: RunRecord, stories: list[PlayRecord], findings: list[ClaimFinding]) -> Document:
    story = stories[0]
    claims = [_claim(finding, run) for finding in findings]
    failed = [play for play in stories if play.outcome in {"error", "interrupted"}]
    stopped = [play for play in stories if play.outcome == "stopped"]
    return {
        "name": story.scenario.document.name,
        "title": story.scenario.document.title,
        "file": story.scenario.file,
        "verdict": "error" if failed else _verdict_of_story(claims, stopped=bool(stopped)),
        "left_out": None,
        "seconds": max(_play_seconds(play) for play in stories),
        "claims": claims,
        "sleeps": [_sleep(play, sleep) for play in stories for sleep in sleeps_of(play)],
        "stopped": _ending(stopped, len(stories)),
        "error": _ending(failed, len(stories)),
    }


def _ending(plays: list[PlayRecord], performances: int) -> str | None:
    """Give why the first of the plays ended as it did, and of several performances how many ended so."""
    if not plays:
        return None
    many = f"{len(plays)} of {performances} performances, the first: " if performances > 1 else ""
    return many + plays[0].ending


def _verdict_of_story(claims: list[Document], *, stopped: bool) -> Verdict:
    """Give the worst verdict; a story that stopped before its end is unknown at best, whatever its claims say."""
    verdicts: list[Verdict] = [claim["verdict"] for claim in claims]
    return _worst([*verdicts, "unknown"] if stopped else verdicts)


def _claim(each: ClaimFinding, run: RunRecord) -> Document:
    claim, finding, control = each.claim, each.finding, each.control
    kind = run.start.get("target", {}).get("kind")
    return {
        "id": claim.id,
        "says": claim.says,
        "source": claim.source,
        "check": claim.check,
        "verdict": finding.verdict,
        "reason": finding.reason,
        "evidence": list(finding.evidence),
        "known": claim.known.get(str(kind)),
        "held_of": {
            "k": sum(found.verdict == "held" for found in each.rounds),
            "n": max(run.repeat, len(each.rounds)),
        },
        "control": None
        if control is None
        else {
            "verdict": control.verdict or "not run",
            "expected": control.expected,
            "as_expected": control.as_expected,
            "reason": control.reason,
        },
        "matrix": None if claim.matrix is None else {"row": claim.matrix.row, "expects": claim.matrix.expects},
    }


def _sleep(story: PlayRecord, sleep: Sleep) -> Document:
    resumed = next(
        (
            step.ended.data.get("wake_ms")
            for step in story.steps
            if step.verb == "resume"
            and step.ended is not None
            and sleep.back is not None
            and step.begun.id < sleep.back.id < step.end_id
        ),
        None,
    )
    return {
        "object": sleep.label,
        "way": sleep.way,
        "asleep_ms": round(sleep.idle_ms, 3),
        "woke_ms": None if sleep.asleep_ms is None else round(sleep.asleep_ms, 3),
        "wake_ms": resumed,
        "proof": list(sleep.evidence),
    }


def _unreadable(story: PlayRecord, broken: Exception) -> Document:
    head = {"name": story.start.data["scenario"], "title": "", "file": story.start.data["file"]}
    reason = story.damage or f"cannot be judged: {type(broken).__name__}: {broken}"
    return head | _NOTHING_JUDGED | {"verdict": "error", "error": reason}


def _left_out(each: LeftOut) -> Document:
    head = {"name": each.scenario, "title": each.title, "file": each.file}
    return head | _NOTHING_JUDGED | {"left_out": each.reason}


_NOTHING_JUDGED: Document = {
    "verdict": None,
    "left_out": None,
    "seconds": 0.0,
    "claims": [],
    "sleeps": [],
    "stopped": None,
    "error": None,
}


def _worst(verdicts: list[Verdict]) -> Verdict:
    return next((verdict for verdict in WORST_FIRST if verdict in verdicts), "unknown")


def _passes(claim: Document) -> bool:
    """Whether a claim is as it should be: held, or a defect that is known on this target and still there."""
    if claim["known"] == "refuted":
        return bool(claim["verdict"] == "refuted")
    return bool(claim["verdict"] == "held")


def _exit_code(run: RunRecord, scenarios: list[Document]) -> ExitCode:
    """Give the exit code: failed before refuted before inconclusive before held."""
    claims = [claim for scenario in scenarios for claim in scenario["claims"]]
    played = [scenario for scenario in scenarios if scenario["left_out"] is None]
    if run.flaw is not None or any(scenario["verdict"] == "error" for scenario in played):
        return ExitCode.FAILED
    if any(claim["verdict"] == "error" for claim in claims):
        return ExitCode.FAILED
    if any(claim["verdict"] in {"refuted", "held"} and not _passes(claim) for claim in claims):
        return ExitCode.REFUTED
    named_left_out = run.start.get("named", False) and any(scenario["left_out"] for scenario in scenarios)
    stopped = any(scenario["stopped"] for scenario in played)
    if not claims or stopped or named_left_out or any(not _passes(claim) for claim in claims):
        return ExitCode.INCONCLUSIVE
    return ExitCode.HELD


_VERDICTS: dict[ExitCode, Verdict] = {
    ExitCode.HELD: "held",
    ExitCode.REFUTED: "refuted",
    ExitCode.FAILED: "error",
    ExitCode.INCONCLUSIVE: "unknown",
}


def _verdict(exit_code: ExitCode) -> Verdict:
    return _VERDICTS[exit_code]


def _counts(scenarios: list[Document]) -> dict[str, int]:
    counted = Counter(claim["verdict"] for scenario in scenarios for claim in scenario["claims"])
    # A scenario whose play broke before any claim could be judged still counts as an error.
    counted["error"] += sum(scenario["verdict"] == "error" and not scenario["claims"] for scenario in scenarios)
    left_out = sum(scenario["left_out"] is not None for scenario in scenarios)
    return {name: counted[name] for name in ("held", "refuted", "unknown", "error")} | {"left_out": left_out}


def _seconds(run: RunRecord) -> float | None:
    return None if run.end is None else round(run.end.t_ns / 1e9, 3)


def _play_seconds(play: PlayRecord) -> float:
    last = play.end or (play.events[-1] if play.events else play.start)
    return round((last.t_ns - play.start.t_ns) / 1e9, 3)
