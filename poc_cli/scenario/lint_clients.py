"""Lint rules for programs and pages as clients, for the origin, and for their variables and steps."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from poc_cli.errors import did_you_mean
from poc_cli.scenario.client_tables import URL, AnyClient, ClientSpec, CommandSpec, PageSpec, texts_of
from poc_cli.scenario.model import Acting, Connect, Kill, Origin, ScenarioFile, Stall, Step
from poc_cli.scenario.service_tables import WorkerRef
from poc_cli.scenario.templates import templates_in, variables_in
from poc_cli.scenario.token_names import TOKEN_VARIABLE
from poc_cli.scenario.validation_errors import Problem
from poc_cli.scenario.values import Path, shown
from poc_cli.scenario.wording import several

ORIGIN: Final = "origin"
ELSEWHERE: Final = "origin.foreign"
WORKER: Final = "worker"
PORT: Final = "port"

ORIGIN_NAMES: Final = frozenset({ORIGIN, ELSEWHERE})
"""The names bound in every play of a scenario with an origin: its URL, and the URL of a foreign origin."""

RESERVED: Final = frozenset(
    {TOKEN_VARIABLE, "POC_URL", "PORT", "HOST", "HOSTNAME", "PATH", "HOME", "TMPDIR", "NODE_ENV"}
)
"""Environment variables that poc sets."""


def given_names(document: ScenarioFile) -> frozenset[str]:
    """Return the names bound in every play of a scenario, besides `play` and its vars."""
    return (ORIGIN_NAMES if document.origin is not None else frozenset()) | variables_of(document)


def variables_of(document: ScenarioFile) -> frozenset[str]:
    """Return the names by which the clients and the steps of a scenario use environment variables."""
    controls = [claim.control for claim in document.claim if claim.control is not None]
    clients = [*document.clients.values(), *(client for each in controls for client in each.clients.values())]
    steps = [document.steps, *(each.steps for each in controls)]
    return variables_in([*map(texts_of, clients), *steps])


def taken_by(clients: Sequence[AnyClient]) -> frozenset[str]:
    """Return the names bound only in clients, which no var can use."""
    return frozenset({URL}) if any(isinstance(client, CommandSpec) for client in clients) else frozenset()


def problems_of_file(document: ScenarioFile) -> Iterator[Problem]:
    """Yield problems with the origin, the secrets, and the templates in worker and origin."""
    for name, times in Counter(document.secrets).items():
        if name in RESERVED:
            yield Problem(("secrets",), f'"{name}" is set by poc itself', "choose another name for the secret")
        elif times > 1:
            yield Problem(("secrets",), f'"{name}" is named {times} times')
    for name in sorted({*document.secret} & {*document.public}):
        yield Problem(("public",), f'"{name}" is both secret and public', "remove it from one of the two")
    origin = document.origin
    if origin is not None:
        known = {ORIGIN, ELSEWHERE, WORKER, PORT}
        yield from _unknown(origin.start, ("origin", "start"), {PORT})
        yield from _unknown(origin.env, ("origin", "env"), known)
        yield from _taken(origin.env, ("origin", "env"), document.secrets)
    yield from _worker(document.worker, ("worker",), document)
    yield from _secrets(document.clients, ("clients",), document)
    for index, claim in enumerate(document.claim):
        if claim.control is not None:
            yield from _worker(claim.control.worker, ("claim", index, "control", "worker"), document)
            yield from _secrets(claim.control.clients, ("claim", index, "control", "clients"), document)


def _worker(worker: WorkerRef | None, path: Path, document: ScenarioFile) -> Iterator[Problem]:
    if worker is not None:
        if len(worker.env or ()) not in {0, 1, len(worker.config or "1")}:
            configurations = several(len(worker.config or "1"), "configuration")
            message = f"{several(len(worker.env or ()), 'environment')} for {configurations}"
            advice = 'name one for all of them or one for each in order; "" is the top level'
            yield Problem((*path, "env"), message, advice)
        yield from _unknown(worker.vars, (*path, "vars"), set(given_names(document)))
        # An empty token is none, the only one that a scenario may give its worker.
        given = {name: value for name, value in worker.vars.items() if (name, value) != (TOKEN_VARIABLE, "")}
        yield from _taken(given, (*path, "vars"), document.secrets)


def _secrets(clients: Mapping[str, AnyClient], path: Path, document: ScenarioFile) -> Iterator[Problem]:
    for name, client in clients.items():
        if not isinstance(client, CommandSpec):
            continue
        for index, secret in enumerate(client.secrets):
            if secret not in document.secrets:
                message = f"the scenario has no secret {shown(secret)}"
                advice = did_you_mean(secret, document.secrets) or f'add secrets = ["{secret}"] at the top'
                yield Problem((*path, name, "secrets", index), message, advice)
        yield from _taken(client.env, (*path, name, "env"), client.secrets)


def _unknown(value: object, path: Path, known: set[str]) -> Iterator[Problem]:
    for way, name in templates_in(value, path):
        if name not in known:
            advice = did_you_mean(name, known) or "no names are defined here"
            yield Problem(way, f"{{{name}}} is not defined here", advice)


def _taken(variables: Mapping[str, str], path: Path, secrets: Sequence[str]) -> Iterator[Problem]:
    for name in variables:
        if name in RESERVED - {"HOST", "HOSTNAME", "NODE_ENV"}:
            yield Problem((*path, name), f'"{name}" is set by poc itself', at="key")
        elif name in secrets:
            yield Problem((*path, name), f'"{name}" is already a secret of the scenario', at="key")


def problems_of_step(step: Step, path: Path, named: Mapping[str, AnyClient], *, origin: bool) -> Iterator[Problem]:
    """Yield problems with a step that its kind of client cannot do, or that needs a missing origin."""
    if isinstance(step, Origin) and not origin:
        advice = 'add origin = { dir = "…", start = "…" } above the steps'
        yield Problem(path, "the scenario has no origin", advice, at="key")
    for name, client in named.items():
        if isinstance(step, Connect) and step.path is not None and not isinstance(client, ClientSpec):
            kind = "a program" if isinstance(client, CommandSpec) else "a page"
            yield Problem((*path, "path"), f'"{name}" is {kind}, which chooses its own path', 'remove "path"', at="key")
        if isinstance(step, Acting):
            yield from _acts(step, path, name, client)
        elif isinstance(step, Kill) and step.how == "process" and not isinstance(client, CommandSpec):
            message = f'"{name}" is not a program, so it has no process to kill'
            yield Problem((*path, "how"), message, 'remove "how"')
        elif isinstance(step, Kill) and "how" in step.model_fields_set and isinstance(client, PageSpec):
            yield Problem((*path, "how"), f'"{name}" is a page, which can only be ended as a whole', 'remove "how"')
        elif isinstance(step, Stall) and isinstance(client, PageSpec):
            yield Problem(path, f'"{name}" is a page, and a browser cannot be made to stop reading', at="key")


def _acts(step: Acting, path: Path, name: str, client: AnyClient) -> Iterator[Problem]:
    if isinstance(client, PageSpec):
        if step.sends:
            message = f'"{name}" is a page, which sends only as a result of actions on it'
            yield Problem((*path, "send"), message, 'use "click", "fill" or "eval"', at="key")
        return
    for key in step.page_keys:
        kind = "a program" if isinstance(client, CommandSpec) else "a plain client"
        page = (
            f'for a page, use clients.{name} = {{ browser = "{{origin}}/…" }}' if isinstance(client, ClientSpec) else ""
        )
        yield Problem((*path, key), f'"{key}" requires a page, and "{name}" is {kind}', page or None, at="key")
