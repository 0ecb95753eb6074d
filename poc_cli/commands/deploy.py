"""`poc deploy`: deploy a worker to Cloudflare that stays until `poc destroy`. `poc run` finds its token by itself."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from poc_cli.commands.console import Console, hide
from poc_cli.commands.progress import Phases
from poc_cli.commands.prompt import asker
from poc_cli.errors import UsageError
from poc_cli.history.redact import Redactor
from poc_cli.report.styled import Line, span
from poc_cli.targets.cloudflare import local_records
from poc_cli.targets.cloudflare.code_update import CodeUpdate
from poc_cli.targets.cloudflare.credentials import TOKEN
from poc_cli.targets.cloudflare.deployment import Plan, deployed
from poc_cli.targets.dev_script import as_started
from poc_cli.targets.worker_source import WorkerChoice, source_or_shipped


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """What the command line asks for."""

    name: str | None
    worker: WorkerChoice | None
    date: str | None
    secrets: Path | None
    force: bool
    update: CodeUpdate


def deploy(options: DeployOptions, console: Console) -> None:
    """Deploy a worker and print how to use it. Raises PocError, and leaves nothing behind then."""
    subject, notes = as_started(source_or_shipped(options.worker))
    for note in notes:
        console.note(note)
    plan = Plan(
        subject,
        name=options.name,
        keep=True,
        force=options.force,
        date=options.date,
        update=options.update,
        secrets={} if options.secrets is None else read(options.secrets),
    )
    account = [(TOKEN, token)] if (token := os.environ.get(TOKEN)) else []
    hide(Redactor([*plan.secrets.items(), *account]), console)
    with Phases(console) as phases, deployed(plan, console.note, phases, asker(console)) as made:
        lines = _summary(made.name, made.url, ours=plan.is_ours)
    console.result(lines)


def _summary(name: str, url: str, *, ours: bool) -> list[Line]:
    scenario, token = ("hibernate", "POC_TOKEN") if ours else ("SCENARIO", "its secret POC_TOKEN")
    return [
        [span(f"{name} is deployed and answers at "), span(url, "bold")],
        [span(f"  play:    poc run {scenario} --target {url}")],
        [span(f"  token:   {token}, kept in {local_records.folder() / f'{name}.json'}; poc run finds it there")],
        [span(f"  remove:  poc destroy {name}")],
    ]


def read(file: Path) -> dict[str, str]:
    """Return the secrets by name. Raises UsageError if the file is invalid."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    except ValueError:
        value = None
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise UsageError(f"{file} is not a JSON object of names and strings", 'write it as {"NAME": "value"}')
    return value
