"""Write what was found about one scenario as run.json has it."""

from collections.abc import Iterable, Sequence
from typing import Any

from poc_cli.history import event as kinds
from poc_cli.judge.claims import ClaimFinding, ControlFinding, left_out_of
from poc_cli.judge.document_types import (
    ClaimDocument,
    ControlDocument,
    ObjectUse,
    PinDocument,
    Question,
    RestsOnDocument,
    ScenarioDocument,
    SleepDocument,
)
from poc_cli.judge.finding import WORST_FIRST, Verdict
from poc_cli.judge.memory_use import memory_use, use_document
from poc_cli.judge.session_claims import is_session, left_out_of_claims, session_document
from poc_cli.judge.sleeps import Sleep, sleeps_of
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.run_record import LeftOut, RunRecord
from poc_cli.record.session_record import SessionRecord
from poc_cli.record.source_lines import pin_words, pins_of, refused_words
from poc_cli.residency.on_cloudflare import on_cloudflare
from poc_cli.scenario.check_names import NO_SECRET_LEAVES
from poc_cli.scenario.scenario import PlacedStep


def story_document(run: RunRecord, stories: list[PlayRecord], findings: list[ClaimFinding]) -> ScenarioDocument:
    """Return the scenario of a story, of whose rounds the first stands for it."""
    story = stories[0]
    claims = [claim_document(finding, run, story.play.steps) for finding in findings]
    left_out = left_out_of_claims(story) if is_session(story) else left_out_of(story)
    failed = [play for play in stories if play.outcome in {"error", "interrupted"}]
    decided = all(finding.finding.verdict in {"held", "refuted"} for finding in findings)
    # A play that lateness cut is not incomplete if every claim was decided before the cut or in another attempt.
    stopped = [play for play in stories if play.outcome == "stopped" and not (play.was_cut and decided)]
    document: ScenarioDocument = {
        "name": story.scenario.document.name,
        "title": story.scenario.document.title,
        "file": story.scenario.file,
        "verdict": "error" if failed else _verdict_of_story(claims, stopped=bool(stopped)),
        "left_out": None,
        "seconds": max(seconds_of(play) for play in stories),
        "claims": claims,
        "left_out_claims": [{"id": name, "reason": reason} for name, reason in left_out.items()],
        "sleeps": [_sleep(play, sleep) for play in stories for sleep in sleeps_of(play)],
        "stopped": _ending(stopped, len(stories)),
        "error": _ending(failed, len(stories)),
    }
    if objects := _objects(story):
        document["objects"] = objects
    if pinned := _pinned(story):
        document["pinned"] = pinned
    if not_evicted := _not_evicted(story):
        document["not_evicted"] = not_evicted
    if is_session(story):
        if isinstance(story.session, SessionRecord):
            document["session"] = session_document(story.session)
    elif question := _question(story, claims, whole=not stopped and not failed):
        document["question"] = question
    return document


def not_judged(name: str, title: str, file: str) -> ScenarioDocument:
    """Return a scenario without claims, for a reason that is still to be set."""
    return {
        "name": name,
        "title": title,
        "file": file,
        "verdict": None,
        "left_out": None,
        "seconds": 0.0,
        "claims": [],
        "left_out_claims": [],
        "sleeps": [],
        "stopped": None,
        "error": None,
    }


def broken_document(play: PlayRecord, broken: Exception) -> ScenarioDocument:
    """Return the scenario of a play that could not be judged."""
    document = not_judged(play.start.data["scenario"], "", play.start.data["file"])
    document["verdict"] = "error"
    document["error"] = play.damage or f"cannot be judged: {type(broken).__name__}: {broken}"
    return document


def left_out_document(each: LeftOut) -> ScenarioDocument:
    """Return a scenario that the target could not play."""
    document = not_judged(each.scenario, each.title, each.file)
    document["left_out"] = each.reason
    return document


def _objects(story: PlayRecord) -> list[ObjectUse]:
    """Return how much of its time each object was in memory and what woke it, as the trace shows."""
    if not story.place.has_trace:
        return []
    uses = [memory_use(story, label, None) for label in story.play.objects]
    return [use_document(use) for use in uses if use.presences]


def _pinned(story: PlayRecord) -> list[PinDocument]:
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
    return [*found.values()]


def _not_evicted(story: PlayRecord) -> list[str]:
    """Return in words which objects were left to their idle timer though a step asks for an evict."""
    steps = {step.index: step for step in story.steps}
    found: list[str] = []
    for event in story.of_kind(kinds.REFUSED):
        step = steps.get(-1 if event.step is None else event.step)
        if step is not None and step.failure is None:  # the reason of a step that failed has it
            label = event.actor.removeprefix("object:")
            found.append(f"{label} at line {step.begun.data['line']}: {refused_words(event.data)}")
    return found


def _question(story: PlayRecord, claims: list[ClaimDocument], *, whole: bool) -> Question | None:
    """Return the scenario's question, if any, and its answer: yes only if every claim held."""
    asks = story.scenario.document.question
    claims = [claim for claim in claims if claim["id"] != NO_SECRET_LEAVES]  # it is not part of the question
    if asks is None:
        return None
    verdicts = {claim["verdict"] for claim in claims}
    if "refuted" in verdicts:
        return {"asks": asks, "answer": "no"}
    is_shown = whole and verdicts == {"held"} and not left_out_of(story)
    return {"asks": asks, "answer": "yes" if is_shown else "not shown"}


def _ending(plays: list[PlayRecord], performances: int) -> str | None:
    """Return why the first of some plays ended, and of several rounds how many did; None without plays."""
    if not plays:
        return None
    many = f"{len(plays)} of {performances} rounds, the first: " if performances > 1 else ""
    return many + plays[0].ending


def _verdict_of_story(claims: list[ClaimDocument], *, stopped: bool) -> Verdict:
    """Return the worst verdict, at best unknown for a story that stopped before its last step."""
    verdicts: list[Verdict] = [claim["verdict"] for claim in claims]
    return worst([*verdicts, "unknown"] if stopped else verdicts)


def claim_document(each: ClaimFinding, run: RunRecord, steps: Sequence[PlacedStep] = ()) -> ClaimDocument:
    """Return a claim with its verdict; `steps` are those that its finding names by number."""
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
        "asleep_ms": rounded(sleep.idle_ms),
        "woke_ms": rounded(sleep.asleep_ms),
        "silent_ms": rounded(sleep.silent_ms),
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


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of some verdicts, unknown without any."""
    found = set(verdicts)
    return next((verdict for verdict in WORST_FIRST if verdict in found), "unknown")


def seconds_of(play: PlayRecord) -> float:
    """Return how long a play took."""
    last = play.end or (play.events[-1] if play.events else play.start)
    return round((last.t_ns - play.start.t_ns) / 1e9, 3)


def rounded(length: float | None) -> float | None:
    """Return a length in milliseconds as run.json has it."""
    return None if length is None else round(length, 3)
