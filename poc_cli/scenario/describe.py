"""A scenario told as a story: who takes part, what happens line by line, and what is claimed of it."""

import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from poc_cli.inert import inert
from poc_cli.scenario.check_names import LOAD_MEANINGS, MEANINGS
from poc_cli.scenario.client_tables import AnyClient, CommandSpec, PageSpec
from poc_cli.scenario.describe_load import cast, happenings
from poc_cli.scenario.duration import written
from poc_cli.scenario.load_model import LoadFile
from poc_cli.scenario.model import Claim, Control, ObjectRef, OriginSpec, WorkerRef
from poc_cli.scenario.scenario import PlacedStep, Scenario, every
from poc_cli.scenario.values import shown
from poc_cli.scenario.wording import KEPT, listed

WIDTH: Final = 80

_MEANINGS: Final = MEANINGS | LOAD_MEANINGS

_LABEL: Final = 12
"""Columns for the words before a claim's details, the longest of which is `judged by`."""


def tell(scenario: Scenario) -> list[str]:
    """Return the story in lines; only headings and names of claims begin in the first column."""
    document = scenario.document
    lines = [f"{document.name} ({inert(scenario.file)})", *_prose(document.title), ""]
    if isinstance(document, LoadFile):
        lines += ["Who takes part", *(line for each in cast(document).items() for line in _labeled(*each)), ""]
        lines += ["What happens", *(line for told in happenings(document) for line in _wrapped(told, "  ", "    "))]
    else:
        lines += ["Who takes part", *_cast(scenario), ""]
        lines += ["What happens", *_steps(scenario.steps, "  ")]
    if any(placed.step.claim is None for placed in every(scenario.steps)):
        lines += ["", *_prose("A step that decides no claim must come out as told, or the play ends there.")]
    for claim in document.claim:
        lines += ["", *_claim(claim, scenario)]
    return lines


def _wrapped(text: str, first: str, later: str | None = None) -> list[str]:
    """Return the text in lines that begin with `first`, the others with `later`; addresses are never broken."""
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


def _cast(scenario: Scenario) -> Iterator[str]:
    document = scenario.document
    objects = {f"object {name}" if name != "object" else name: each for name, each in scenario.objects.items()}
    told = {name: _object(each) for name, each in objects.items()}
    told |= {name: _client(each) for name, each in document.clients.items()}
    told |= {f"{{{name}}}": f"stands for {shown(value)}" for name, value in document.vars.items()}
    if document.worker is not None:
        told["worker"] = f"the one in the folder {_folder(document.worker)}"
    if document.origin is not None:
        told["origin"] = _origin(document.origin)
    if document.secrets:
        told["secrets"] = f"{listed(document.secrets, '')}: random, the same for worker and origin"
    if document.secret:
        told["secret"] = f"{listed(document.secret, '')}: must not leave the worker, however short"
    if document.public:
        told["public"] = f"{listed(document.public, '')}: may leave the worker"
    if document.measures:
        told["alone"] = "it measures latencies, so nothing else is played beside it"
    if document.needs:
        told["needs"] = f"a target with {listed(document.needs, '')}"
    width = max(map(len, told)) + 2
    for name, text in told.items():
        yield from _labeled(name, text, width)


def _object(reference: ObjectRef) -> str:
    named = f"named {reference.name}" if reference.name is not None else f"with the id {reference.id}"
    return f"the Durable Object of class {reference.class_} {named}"


def _client(client: AnyClient) -> str:
    many = f"{client.count} of " if client.count is not None else ""
    match client:
        case CommandSpec():
            where = "" if client.dir is None else f" in the folder {client.dir}"
            return f"{many}the program {' '.join(client.command)}{where}, which speaks in lines{_made(client.build)}"
        case PageSpec():
            return f"{many}the page {client.browser} in a browser"
    message = f"{client.count} clients, each connects" if client.count is not None else "connects"
    message += f" to {client.path}"
    details = [f"header {name}: {value}" for name, value in client.headers.items()]
    details += [f"subprotocol {name}" for name in client.subprotocols]
    details += ["compression"] if client.compression else []
    details += [f"a protocol ping each {written(client.ping)}"] if client.ping is not None else []
    return message + (f", with {listed(details, '')}" if details else "")


def _steps(steps: Iterable[PlacedStep], indent: str) -> Iterator[str]:
    placed = list(steps)
    width = len(str(max(each.position.line for each in every(placed))))
    for each in placed:
        yield from _step(each, width, indent, "")


def _step(placed: PlacedStep, width: int, indent: str, deeper: str) -> Iterator[str]:
    told = placed.step.sentence()
    if placed.step.claim is not None:
        told += f" [decides {placed.step.claim}]"
    first = f"{indent}{placed.position.line:>{width}}  {deeper}"
    yield from _wrapped(told, first, " " * len(first))
    for inner in placed.inner:
        yield from _step(inner, width, indent, deeper + "  ")


def _claim(claim: Claim, scenario: Scenario) -> Iterator[str]:
    yield f"Claim {claim.id}"
    yield from _prose(claim.says)
    if claim.check is not None:
        limit = "" if claim.limit is None else f" Limit: {written(claim.limit)}."
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
        yield from _labeled("mutant", f"{claim.mutant}, a broken worker for which it must be refuted")
    for target in claim.known:
        yield from _labeled("known", f"to be refuted on {target}")
    if claim.source is not None:
        yield from _labeled("source", claim.source)


def _folder(worker: WorkerRef) -> str:
    config = "" if worker.config is None else f", configured by {', '.join(worker.config)}"
    message = worker.dir + config + ("" if worker.env is None else f", in its environment {worker.env}")
    message += "".join(f", with {name} = {value}" for name, value in worker.vars.items())
    return message + _made(worker.build)


def _origin(origin: OriginSpec) -> str:
    return f"the app server in the folder {origin.dir}{_made(origin.build)}, started by {origin.start}"


def _made(build: str | None) -> str:
    return "" if build is None else f", made ready by {build}"


def _control(control: Control, steps: tuple[PlacedStep, ...]) -> Iterator[str]:
    changes = [f"{name} {_client(client)}" for name, client in control.clients.items()]
    changes += [f"{{{name}}} stands for {shown(value)}" for name, value in control.vars.items()]
    changes += [f"the worker is the one in {_folder(control.worker)}"] if control.worker is not None else []
    changes += ["these steps are played instead:"] if steps else []
    yield from _labeled("control", f"must be {control.expect} where {'; '.join(changes)}")
    if steps:
        yield from _steps(steps, " " * (_LABEL + 2))
