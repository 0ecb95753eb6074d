"""Describe a scenario in English for `poc show`: its clients, its steps or stages, and its claims."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from poc_cli.inert import inert
from poc_cli.scenario.check_names import LOAD_MEANINGS, MEANINGS
from poc_cli.scenario.client_tables import AnyClient, ClientSpec, CommandSpec, PageSpec
from poc_cli.scenario.duration import written
from poc_cli.scenario.lint_load import stages_of
from poc_cli.scenario.load_model import Chat, Churn, LoadFile, Ramp, Rest, Sleep, Stage, Storm
from poc_cli.scenario.model import Claim, Control, ObjectRef, OriginSpec, WorkerRef
from poc_cli.scenario.scenario import PlacedStep, Scenario, every
from poc_cli.scenario.values import shown
from poc_cli.scenario.wording import KEPT, listed

WIDTH: Final = 80

_MEANINGS: Final = MEANINGS | LOAD_MEANINGS

_LABEL: Final = 12
"""The width of the labels of a claim's details, the longest of which is `judged by`."""


def tell(scenario: Scenario) -> list[str]:
    """Describe the scenario; only headings and names of claims start in the first column."""
    document = scenario.document
    lines = [f"{document.name} ({inert(scenario.file)})", *_prose(document.title), ""]
    if isinstance(document, LoadFile):
        lines += ["Participants", *(line for each in participants(document).items() for line in _labeled(*each)), ""]
        lines += ["Stages", *(line for each in stage_sentences(document) for line in _wrapped(each, "  ", "    "))]
    else:
        lines += ["Participants", *_participants(scenario), ""]
        lines += ["Steps", *_steps(scenario.steps, "  ")]
    if any(placed.step.claim is None for placed in every(scenario.steps)):
        lines += ["", *_prose("A step that decides no claim is a precondition: if it fails, the play ends.")]
    for claim in document.claim:
        lines += ["", *_claim(claim, scenario)]
    return lines


def _wrapped(text: str, first: str, later: str | None = None) -> list[str]:
    """Wrap the text; the first line starts with `first`, the others with `later`. URLs are never broken."""
    lines = textwrap.wrap(
        KEPT.join(inert(part) for part in text.split(KEPT)),
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if later is None else later,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(KEPT, " ") for line in lines]


def _prose(text: str) -> list[str]:
    return _wrapped(" ".join(text.split()), "  ")


def _labeled(label: str, text: str, width: int = _LABEL) -> list[str]:
    return _wrapped(inert(text), f"  {label:<{width}}", " " * (width + 2))


def _participants(scenario: Scenario) -> Iterator[str]:
    document = scenario.document
    objects = {f"object {name}" if name != "object" else name: each for name, each in scenario.objects.items()}
    rows = {name: _object(each) for name, each in objects.items()}
    rows |= {name: _client(each) for name, each in document.clients.items()}
    rows |= {f"{{{name}}}": f"stands for {shown(value)}" for name, value in document.vars.items()}
    if document.worker is not None:
        rows["worker"] = f"the worker in the folder {_folder(document.worker)}"
    if document.origin is not None:
        rows["origin"] = _origin(document.origin)
    if document.secrets:
        rows["secrets"] = f"{listed(document.secrets, '')}: random, the same for worker and origin"
    if document.secret:
        rows["secret"] = f"{listed(document.secret, '')}: must not leave the worker, however short"
    if document.public:
        rows["public"] = f"{listed(document.public, '')}: may leave the worker"
    if document.measures:
        rows["alone"] = "it measures latencies, so no other play runs at the same time"
    if document.needs:
        rows["needs"] = f"a target with {listed(document.needs, '')}"
    width = max(map(len, rows)) + 2
    for name, text in rows.items():
        yield from _labeled(name, text, width)


def _object(reference: ObjectRef) -> str:
    named = f"named {reference.name}" if reference.name is not None else f"with the id {reference.id}"
    return f"the Durable Object of class {reference.class_} {named}"


def _client(client: AnyClient) -> str:
    many = f"{client.count} of " if client.count is not None else ""
    match client:
        case CommandSpec():
            where = "" if client.dir is None else f" in the folder {client.dir}"
            program = f"{many}the program {' '.join(client.command)}{where}"
            return f"{program}, which reads and writes lines{_built(client.build)}"
        case PageSpec():
            return f"{many}the page {client.browser} in a browser{_decoded(client)}"
    message = f"{client.count} clients, each connects" if client.count is not None else "connects"
    message += f" to {client.path}"
    details = [f"header {name}: {value}" for name, value in client.headers.items()]
    details += [f"subprotocol {name}" for name in client.subprotocols]
    details += ["compression"] if client.compression else []
    details += [f"a protocol ping every {written(client.ping)}"] if client.ping is not None else []
    return message + (f", with {listed(details, '')}" if details else "") + _decoded(client)


def _decoded(client: ClientSpec | PageSpec) -> str:
    return "" if client.decode is None else "; the JSON of its messages follows a prefix"


def _steps(steps: Iterable[PlacedStep], indent: str) -> Iterator[str]:
    placed = list(steps)
    width = len(str(max(each.position.line for each in every(placed))))
    for each in placed:
        yield from _step(each, width, indent, "")


def _step(placed: PlacedStep, width: int, indent: str, deeper: str) -> Iterator[str]:
    sentence = placed.step.sentence()
    if placed.step.claim is not None:
        sentence += f" [decides {placed.step.claim}]"
    first = f"{indent}{placed.position.line:>{width}}  {deeper}"
    yield from _wrapped(sentence, first, " " * len(first))
    for inner in placed.inner:
        yield from _step(inner, width, indent, deeper + "  ")


def _claim(claim: Claim, scenario: Scenario) -> Iterator[str]:
    yield f"Claim {claim.id}"
    yield from _prose(claim.says)
    if claim.check is not None:
        limit = "" if claim.limit is None else f" Limit: {written(claim.limit)}."
        if claim.most is not None:
            within = "" if claim.within is None else f" within {written(claim.within)}"
            by = "" if claim.woken_by is None else f", by {listed(claim.woken_by, '')}"
            limit = f" At most {claim.most}{within}{by}."
        yield from _labeled("judged by", f"{claim.check}: {_MEANINGS[claim.check]}{limit}")
    lines = [str(placed.position.line) for placed in every(scenario.steps) if placed.step.claim == claim.id]
    if lines:
        label = "and by" if claim.check is not None else "judged by"
        noun = "the step in line" if len(lines) == 1 else "the steps in lines"
        yield from _labeled(label, f"{noun} {listed(lines, '')}")
    if claim.of:
        yield from _labeled("about", listed(claim.of, ""))
    if claim.matrix is not None:
        yield from _labeled("matrix", f"{claim.matrix.row}, expected: {claim.matrix.expects}")
    if claim.control is not None:
        yield from _control(claim.control, scenario.controls.get(claim.id, ()))
    if claim.mutant is not None:
        yield from _labeled("mutant", f"{claim.mutant}, a broken worker with which it must be refuted")
    for target in claim.known:
        yield from _labeled("known", f"to be refuted on {target}")
    if claim.source is not None:
        yield from _labeled("source", claim.source)


def _folder(worker: WorkerRef) -> str:
    config = "" if worker.config is None else f", configured by {', '.join(worker.config)}"
    message = worker.dir + config + _environment(worker.env)
    message += "" if worker.main is None else f", from its entry point {worker.main}"
    message += "".join(f", with {name} = {value}" for name, value in worker.vars.items())
    message += f", with data in {listed([*worker.seed], '')}" if worker.seed else ""
    return message + _built(worker.build)


def _environment(names: Sequence[str] | None) -> str:
    if not names:
        return ""
    shown = [name or "(the top level)" for name in names]
    return f", in its environment {shown[0]}" if len(shown) == 1 else f", in the environments {', '.join(shown)}"


def _origin(origin: OriginSpec) -> str:
    return f"the app server in the folder {origin.dir}{_built(origin.build)}, started by {origin.start}"


def _built(build: str | None) -> str:
    return "" if build is None else f", built by {build}"


def _control(control: Control, steps: tuple[PlacedStep, ...]) -> Iterator[str]:
    changes = [f"{name} {_client(client)}" for name, client in control.clients.items()]
    changes += [f"{{{name}}} stands for {shown(value)}" for name, value in control.vars.items()]
    changes += [f"the worker is the one in {_folder(control.worker)}"] if control.worker is not None else []
    changes += ["these steps are played instead:"] if steps else []
    yield from _labeled("control", f"must be {control.expect} if {'; '.join(changes)}")
    if steps:
        yield from _steps(steps, " " * (_LABEL + 2))


def participants(document: LoadFile) -> dict[str, str]:
    """Describe the sockets, the object and the messages, by name."""
    load = document.load
    rooms = "one room" if load.rooms == 1 else f"{load.rooms:,} rooms, with consecutive sockets in the same room"
    found = {"sockets": f"{load.sockets:,} in {rooms}; each connects to {load.path}"}
    if document.object is not None:
        found["object"] = f"of class {document.object.class_}, named {document.object.name}"
    found["exchange"] = f"{shown(load.exchange)}, which the room answers with the same mark"
    found["who"] = f"{shown(load.who)}, which the room answers with its instance"
    found["broadcast"] = f"{shown(load.broadcast)}, which everyone in the room receives"
    return found


def stage_sentences(document: LoadFile) -> list[str]:
    """Describe each stage in a sentence."""
    found = [_stage(stage) for stage in stages_of(document.load)]
    rounds = document.load.rounds
    return found if rounds == 1 else [*found, f"the stages after the ramp are run {rounds:,} times"]


def _stage(stage: Stage) -> str:
    match stage:
        case Ramp():
            return f"all clients connect, spread evenly over {written(stage.ramp)}"
        case Rest():
            return f"nothing happens for {written(stage.idle)}"
        case Sleep():
            return _sleep(stage)
        case Storm():
            return _storm(stage) + _slow(stage.slow)
        case Churn():
            return f"for {written(stage.churn)}, {stage.rate:g} clients per second leave and are replaced by new ones"
        case Chat():
            to = "itself" if stage.to == "self" else "everyone in its room"
            message = f"for {written(stage.chat)}, each client sends {stage.rate:g} messages per minute to {to}"
            return message + _slow(stage.slow)
    raise ValueError(f"unknown stage: {stage}")


def _sleep(stage: Sleep) -> str:
    if stage.sleep == "evict":
        return "every room is evicted while its sockets stay open"
    return f"nothing is sent for {written(stage.wait)}, so that the idle timer puts every room to sleep"


def _storm(stage: Storm) -> str:
    within = f"; each reply must arrive within {written(stage.within)}"
    if stage.storm == "all":
        return f"all clients send at once and wake their rooms{within}"
    if stage.storm == "staggered":
        return f"all clients send, one after the other over {written(stage.over)}{within}"
    return f"one client wakes each room and broadcasts to everyone in it; then every client sends{within}"


def _slow(number: int) -> str:
    return "" if not number else f"; meanwhile, reading is paused on {number} of the sockets in each room"
