"""Find out which scenarios need services: app servers, builds, secrets, programs or pages.

Separate from the code that provides them, so that a run without any does not import it.
"""

from collections.abc import Iterator, Sequence

from poc_cli.scenario.client_tables import AnyClient, ClientSpec, PageSpec
from poc_cli.scenario.scenario import Scenario


def brings_more(scenario: Scenario) -> bool:
    """Return whether a scenario needs anything besides poc's own clients and a plain worker."""
    document = scenario.document
    workers = [document.worker, *(claim.control.worker for claim in document.claim if claim.control is not None)]
    asks = any(worker is not None and (worker.build is not None or worker.vars) for worker in workers)
    foreign = any(not isinstance(client, ClientSpec) for client in _clients_of(scenario))
    return asks or foreign or document.origin is not None or bool(document.secrets)


def needs_pages(scenarios: Sequence[Scenario]) -> bool:
    """Return whether any of the scenarios has a page as a client."""
    return any(isinstance(client, PageSpec) for each in scenarios for client in _clients_of(each))


def _clients_of(scenario: Scenario) -> Iterator[AnyClient]:
    """Yield every client of a scenario and of its controls."""
    yield from scenario.document.clients.values()
    for claim in scenario.document.claim:
        if claim.control is not None:
            yield from claim.control.clients.values()
