"""Judge a run from its history alone, and return the result as run.json has it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.claims import ClaimFinding, ControlFinding, judge_story, left_out_of, unless_cut
from poc_cli.judge.document_types import (
    SCHEMA,
    CellDocument,
    ClaimDocument,
    ControlDocument,
    PinDocument,
    RestsOnDocument,
    RunDocument,
    ScenarioDocument,
    SleepDocument,
    SleepOnset,
)
from poc_cli.judge.figures import figures
from poc_cli.judge.finding import WORST_FIRST, Verdict
from poc_cli.judge.leaks import leaks
from poc_cli.judge.loads import loads_of
from poc_cli.judge.matrix import Cell, cells
from poc_cli.judge.memory_use import memory_use, use_document
from poc_cli.judge.module_state_verdict import confirmed
from poc_cli.judge.outcome import counts, exit_code, verdict
from poc_cli.judge.recheck import checked
from poc_cli.judge.retries import Retries
from poc_cli.judge.session_claims import is_session, judge_session, left_out_of_claims, session_part, with_sessions
from poc_cli.judge.sleeps import Sleep, sleeps_of
from poc_cli.judge.uncaught import uncaught
from poc_cli.record.places import pin_words, pins_of, refused_words
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.run_record import LeftOut, RunRecord, record
from poc_cli.residency.on_cloudflare import on_cloudflare
from poc_cli.residency.sleep_onset import onset
from poc_cli.scenario.check_names import NO_SECRET_LEAVES
from poc_cli.scenario.scenario import PlacedStep

Document = dict[str, Any]


def document(events: list[Event | None]) -> RunDocument:
    """Judge a history. The result has the schema docs/run.schema.json."""
    run = record(events)
    run.plays = [checked(play) for play in run.plays]
    return judge_run(run, events)


def judge_run(run: RunRecord, events: list[Event | None]) -> RunDocument:
    """Judge a run as recorded, without recomputing the outcomes of its steps."""
    scenarios: list[Document] = []
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
            scenarios.append(_scenario(run, stories, findings))
        except Exception as broken:  # noqa: BLE001 - what cannot be judged is an error, never a crash
            scenarios.append(_unreadable(stories[0], broken))
            continue
        judged += _by_performance(stories, findings)
        combined.append((stories[0], findings))
    loads = loads_of(run, lambda finding: _claim(unless_cut(finding, run.flaw), run), _NOTHING_JUDGED)
    scenarios += loads.scenarios
    scenarios += [_left_out(each) for each in run.left_out]
    target = run.start.get("target", {})
    code = exit_code(run, scenarios)
    retries = Retries(events)
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
        "target": target | _answered_by(run),
        "sleep_onset": _onset(run),
        "sleep": run.start.get("sleep"),
        "options": [str(each) for each in run.start.get("options") or ()],
        "workers": [str(each) for each in run.start.get("workers") or ()],
        "scenarios": cast("list[ScenarioDocument]", retries.added_to(scenarios)),
        "repeats": retries.counted(),
        "matrix": [_cell(cell) for cell in cells(judged, combined, run.start.get("sleep"))],
        "figures": figures([story for story, _ in judged], run.canaries, run.round_trips),
        "counts": counts(scenarios),
        "leaks": leaked.as_documents(story for story, _ in judged),
        "uncaught": uncaught((story for story, _ in judged), cast("list[ScenarioDocument]", scenarios)),
    }
    return loads.added_to(whole)


def _answered_by(run: RunRecord) -> Document:
    """Return the Cloudflare locations that answered as `colos`, {} if none is known."""
    opened = (event for play in run.plays for event in play.of_kind(kinds.OPENED))
    places = dict.fromkeys(str(event.data["colo"]) for event in opened if event.data.get("colo"))
    return {"colos": [*places]} if places else {}


def _onset(run: RunRecord) -> SleepOnset | None:
    """Return after what silence objects sleep in a black box, as the canaries show; None without canaries."""
    if not run.canaries:
        return None
    found, slept = onset(run.canaries), [each.slept for each in run.canaries]
    return {
        "awake_ms": None if found is None else _rounded(found.awake_ms),
        "asleep_ms": None if found is None else _rounded(found.asleep_ms),
        "longest_ms": _rounded(max(each.silent_ms for each in run.canaries)),
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


def _scenario(run: RunRecord, stories: list[PlayRecord], findings: list[ClaimFinding]) -> Document:
    story = stories[0]
    claims = [_claim(finding, run, story.play.steps) for finding in findings]
    left_out = left_out_of_claims(story) if is_session(story) else left_out_of(story)
    failed = [play for play in stories if play.outcome in {"error", "interrupted"}]
    decided = all(finding.finding.verdict in {"held", "refuted"} for finding in findings)
    # A play that lateness cut is not incomplete if every claim was decided before the cut or in another attempt.
    stopped = [play for play in stories if play.outcome == "stopped" and not (play.was_cut and decided)]
    document = (
        {
            "name": story.scenario.document.name,
            "title": story.scenario.document.title,
            "file": story.scenario.file,
            "verdict": "error" if failed else _verdict_of_story(claims, stopped=bool(stopped)),
            "left_out": None,
            "seconds": max(_play_seconds(play) for play in stories),
            "claims": claims,
            "left_out_claims": [{"id": name, "reason": reason} for name, reason in left_out.items()],
            "sleeps": [_sleep(play, sleep) for play in stories for sleep in sleeps_of(play)],
            "stopped": _ending(stopped, len(stories)),
            "error": _ending(failed, len(stories)),
        }
        | _objects(story)
        | _pinned(story)
        | _not_evicted(story)
    )
    if is_session(story):
        return document | session_part(story)
    return document | _question(story, claims, whole=not stopped and not failed)


def _objects(story: PlayRecord) -> Document:
    """Return how much of its time each object was in memory and what woke it, as the trace shows."""
    if not story.place.has_trace:
        return {}
    uses = [memory_use(story, label, None) for label in story.play.objects]
    found = [use_document(use) for use in uses if use.presences]
    return {"objects": found} if found else {}


def _pinned(story: PlayRecord) -> Document:
    """Return what kept objects in memory where a step wanted them to sleep, and how long it would on Cloudflare."""
    date = (story.start.data.get("target") or {}).get("compatibility_date")
    found: dict[tuple[str, str], PinDocument] = {}
    for event in story.of_kind(kinds.AWAKE, kinds.REFUSED):
        for pin in pins_of(event.data):
            label, words = event.actor.removeprefix("object:"), pin_words(pin)
            there = on_cloudflare(pin, date if isinstance(date, str) else None)
            document: PinDocument = {
                "object": label,
                "pin": words,
                "on_cloudflare": there.says,
                "source": there.source,
            }
            found.setdefault((label, words), document)
    return {"pinned": [*found.values()]} if found else {}


def _not_evicted(story: PlayRecord) -> Document:
    """Return in words which objects were left to their idle timer though a step asks for an evict."""
    steps = {step.index: step for step in story.steps}
    found: list[str] = []
    for event in story.of_kind(kinds.REFUSED):
        step = steps.get(-1 if event.step is None else event.step)
        if step is not None and step.failure is None:  # the reason of a step that failed has it
            label = event.actor.removeprefix("object:")
            found.append(f"{label} at line {step.begun.data['line']}: {refused_words(event.data)}")
    return {"not_evicted": found} if found else {}


def _question(story: PlayRecord, claims: list[ClaimDocument], *, whole: bool) -> Document:
    """Return the scenario's question, if any, and its answer: yes only if every claim held."""
    asks = story.scenario.document.question
    claims = [claim for claim in claims if claim["id"] != NO_SECRET_LEAVES]  # it is not part of the question
    if asks is None:
        return {}
    verdicts = {claim["verdict"] for claim in claims}
    if "refuted" in verdicts:
        answer = "no"
    else:
        answer = "yes" if whole and verdicts == {"held"} and not left_out_of(story) else "not shown"
    return {"question": {"asks": asks, "answer": answer}}


def _ending(plays: list[PlayRecord], performances: int) -> str | None:
    """Return why the first of some plays ended, and of several rounds how many did; None without plays."""
    if not plays:
        return None
    many = f"{len(plays)} of {performances} rounds, the first: " if performances > 1 else ""
    return many + plays[0].ending


def _verdict_of_story(claims: list[ClaimDocument], *, stopped: bool) -> Verdict:
    """Return the worst verdict, at best unknown for a story that stopped before its last step."""
    verdicts: list[Verdict] = [claim["verdict"] for claim in claims]
    return _worst([*verdicts, "unknown"] if stopped else verdicts)


def _claim(each: ClaimFinding, run: RunRecord, steps: Sequence[PlacedStep] = ()) -> ClaimDocument:
    claim, finding = each.claim, each.finding
    kind = run.start.get("target", {}).get("kind")
    return {
        "id": claim.id,
        "says": claim.says,
        "source": claim.source,
        "check": claim.check,
        "verdict": finding.verdict,
        "reason": finding.reason,
        "evidence": list(finding.evidence),
        "rests_on": [_loss(loss, steps) for loss in finding.losses],
        "rechecked": each.rechecked,
        "known": claim.known.get(str(kind)),
        "held_of": {
            "k": sum(found.verdict == "held" for found in each.rounds),
            "n": max(run.repeat, len(each.rounds)),
        },
        "control": None if each.control is None else _control(each.control),
        "matrix": None if claim.matrix is None else {"row": claim.matrix.row, "expects": claim.matrix.expects},
    }


def _loss(loss: Sleep, steps: Sequence[PlacedStep]) -> RestsOnDocument:
    line = steps[min(loss.steps)].position.line if loss.steps else None
    return {"object": loss.label, "way": loss.way, "line": line, "event": loss.left.id}


def _control(control: ControlFinding) -> ControlDocument:
    return {
        "verdict": control.verdict or "not run",
        "expected": control.expected,
        "as_expected": control.as_expected,
        "reason": control.reason,
    }


def _sleep(story: PlayRecord, sleep: Sleep) -> SleepDocument:
    return {
        "object": sleep.label,
        "way": sleep.way,
        "oracle": sleep.oracle,
        "asleep_ms": _rounded(sleep.idle_ms),
        "woke_ms": _rounded(sleep.asleep_ms),
        "silent_ms": _rounded(sleep.silent_ms),
        "wake_ms": _wake_ms(story, sleep),
        "proof": list(sleep.evidence),
    }


def _wake_ms(story: PlayRecord, sleep: Sleep) -> Any:
    """Return how long the answer took in the `resume` step in which a sleep ended, None if it ended in another step."""
    if sleep.back is None:
        return None
    step = next(story.steps_from(sleep.back.id), None)
    if step is None or step.ended is None or step.verb != "resume" or step.begun.id > sleep.back.id:
        return None
    return step.ended.data.get("wake_ms")


def _rounded(length: float | None) -> float | None:
    return None if length is None else round(length, 3)


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
    "left_out_claims": [],
    "sleeps": [],
    "stopped": None,
    "error": None,
}


def _worst(verdicts: list[Verdict]) -> Verdict:
    return next((verdict for verdict in WORST_FIRST if verdict in verdicts), "unknown")


def _seconds(run: RunRecord) -> float | None:
    return None if run.end is None else round(run.end.t_ns / 1e9, 3)


def _play_seconds(play: PlayRecord) -> float:
    last = play.end or (play.events[-1] if play.events else play.start)
    return round((last.t_ns - play.start.t_ns) / 1e9, 3)
