"""List what the worker threw in stories and nothing caught, for the reports to warn of."""

from collections.abc import Iterable, Sequence

from poc_cli.history import event as kinds
from poc_cli.judge.document_types import ScenarioDocument, UncaughtDocument
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.source_lines import threw_words


def uncaught(stories: Iterable[PlayRecord], scenarios: Sequence[ScenarioDocument]) -> list[UncaughtDocument]:
    """Return each exception once, except where a scenario is meant to cause it or the reason of a claim names it."""
    reported: dict[str, str] = {}
    for scenario in scenarios:
        reasons = "\n".join(str(claim["reason"]) for claim in scenario["claims"])
        reported[scenario["name"]] = f"{reported.get(scenario['name'], '')}\n{reasons}"
    found: dict[tuple[str, str], UncaughtDocument] = {}
    for story in stories:
        document = story.scenario.document
        if document.throws:
            continue
        for event in story.of_kind(kinds.THREW):
            if threw_words(event.data, event.actor.removeprefix("object:")) in reported.get(document.name, ""):
                continue
            words = threw_words(event.data)
            each = found.setdefault(
                (document.name, words), {"scenario": document.name, "threw": words, "times": 0, "first": event.id}
            )
            each["times"] += 1
    return list(found.values())
