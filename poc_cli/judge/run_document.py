"""Judge a run from its history alone, and return the result as run.json has it."""

from dataclasses import replace
from typing import cast

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.claims import ClaimFinding, judge_story, unless_cut
from poc_cli.judge.document_types import (
    SCHEMA,
    CellDocument,
    RunDocument,
    RunTarget,
    ScenarioDocument,
    SleepOnset,
)
from poc_cli.judge.figures import figures
from poc_cli.judge.leaks import leaks
from poc_cli.judge.loads import loads_of
from poc_cli.judge.matrix import Cell, cells
from poc_cli.judge.module_state_verdict import confirmed
from poc_cli.judge.recheck import checked
from poc_cli.judge.retries import Retries
from poc_cli.judge.run_verdict import counts, exit_code, verdict
from poc_cli.judge.scenario_document import broken_document, left_out_document, rounded, story_document
from poc_cli.judge.session_claims import is_session, judge_session, with_sessions
from poc_cli.judge.uncaught import uncaught
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.run_record import RunRecord, record
from poc_cli.residency.sleep_onset import onset


def document(events: list[Event | None]) -> RunDocument:
    """Judge a history. The result has the schema docs/run.schema.json."""
    run = record(events)
    run.plays = [checked(play) for play in run.plays]
    return judge_run(run, events)


def judge_run(run: RunRecord, events: list[Event | None]) -> RunDocument:
    """Judge a run as recorded, without recomputing the outcomes of its steps."""
    scenarios: list[ScenarioDocument] = []
    judged: list[tuple[PlayRecord, list[ClaimFinding]]] = []
    combined: list[tuple[PlayRecord, list[ClaimFinding]]] = []
    leaked, controls = leaks(events), _controls(run)
    for stories in with_sessions(run, _stories(run)):
        try:
            mine = controls.get(stories[0].start.data["scenario"], [])
            if is_session(stories[0]):
                findings = judge_session(stories[0])
            else:
                findings = judge_story(stories, mine, run.flaw, run.repeat)
                findings = [confirmed(each, stories[0], run) for each in findings]
            findings = [unless_cut(each, run.flaw) for each in (*findings, *leaked.claims(stories))]
            scenarios.append(story_document(run, stories, findings))
        except Exception as broken:  # noqa: BLE001 - what cannot be judged is an error, never a crash
            scenarios.append(broken_document(stories[0], broken))
            continue
        judged += _by_performance(stories, findings)
        combined.append((stories[0], findings))
    loads = loads_of(run)
    scenarios += loads.scenarios
    scenarios += [left_out_document(each) for each in run.left_out]
    code = exit_code(run, scenarios)
    retries = Retries(events)
    for scenario in scenarios:
        scenario["replayed"] = retries.of(scenario["name"])
    whole: RunDocument = {
        "schema": SCHEMA,
        "poc": run.start.get("poc"),
        "run": run.start.get("run"),
        "started": run.start.get("started"),
        "seconds": _seconds(run),
        "verdict": verdict(code),
        "exit_code": int(code),
        "error": run.flaw,
        "named": bool(run.start.get("named", False)),
        "target": _target(run),
        "sleep_onset": _onset(run),
        "sleep": run.start.get("sleep"),
        "options": [str(each) for each in run.start.get("options") or ()],
        "workers": [str(each) for each in run.start.get("workers") or ()],
        "scenarios": scenarios,
        "repeats": retries.counted(),
        "matrix": [_cell(cell) for cell in cells(judged, combined, run.start.get("sleep"))],
        "figures": figures([story for story, _ in judged], run.canaries, run.round_trips),
        "counts": counts(scenarios),
        "leaks": leaked.as_documents(story for story, _ in judged),
        "uncaught": uncaught((story for story, _ in judged), scenarios),
    }
    loads.add_to(whole)
    return whole


def _target(run: RunRecord) -> RunTarget:
    """Return the target with the Cloudflare locations that answered, if any is known."""
    target = cast("RunTarget", dict(run.start.get("target", {})))
    opened = (event for play in run.plays for event in play.of_kind(kinds.OPENED))
    if places := dict.fromkeys(str(event.data["colo"]) for event in opened if event.data.get("colo")):
        target["colos"] = [*places]
    return target


def _onset(run: RunRecord) -> SleepOnset | None:
    """Return after what silence objects sleep in a black box, as the canaries show; None without canaries."""
    if not run.canaries:
        return None
    found, slept = onset(run.canaries), [each.slept for each in run.canaries]
    return {
        "awake_ms": None if found is None else rounded(found.awake_ms),
        "asleep_ms": None if found is None else rounded(found.asleep_ms),
        "longest_ms": rounded(max(each.silent_ms for each in run.canaries)),
        "rooms": len(slept),
        "slept": slept.count(True),
    }


def _stories(run: RunRecord) -> list[list[PlayRecord]]:
    """Return the rounds of each story, in the order of the files; the order in which plays began means nothing.

    Plays of different texts are different stories, even with the same name.
    """
    found: dict[tuple[object, ...], list[PlayRecord]] = {}
    for play in run.plays:
        if play.start.data["role"] == "story":
            subject = tuple(play.start.data[name] for name in ("scenario", "file", "sha256"))
            found.setdefault(subject, []).append(play)
    in_order = sorted(found.values(), key=lambda plays: _place(str(plays[0].start.data["file"])))
    return [sorted(plays, key=lambda play: play.round) for plays in in_order]


def _place(file: str) -> tuple[int, str]:
    """Return the sort key of a file: files in no folder come first."""
    return file.count("/"), file


def _by_performance(
    stories: list[PlayRecord], findings: list[ClaimFinding]
) -> list[tuple[PlayRecord, list[ClaimFinding]]]:
    """Return each round with those of its findings that agree with the combined finding; only these fill the matrix."""
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


def _cell(cell: Cell) -> CellDocument:
    return {
        "row": cell.row,
        "column": cell.column,
        "value": cell.value,
        "as_documented": cell.as_documented,
        "claims": list(cell.claims),
        "unknown": list(cell.unknown),
    }


def _controls(run: RunRecord) -> dict[object, list[PlayRecord]]:
    """Return the controls by scenario."""
    found: dict[object, list[PlayRecord]] = {}
    for play in run.plays:
        if play.start.data["role"] == "control":
            found.setdefault(play.start.data["scenario"], []).append(play)
    return found


def _seconds(run: RunRecord) -> float | None:
    return None if run.end is None else round(run.end.t_ns / 1e9, 3)
