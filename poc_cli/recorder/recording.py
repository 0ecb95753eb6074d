"""Make a recording from a session: name its objects, hide its secrets and write its story."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from poc_cli.recorder.object_names import MARK, find_objects, templates_of
from poc_cli.recorder.scenario_text import Recording
from poc_cli.recorder.session import Session
from poc_cli.recorder.story import story_of
from poc_cli.recorder.substitution import Substitution


def recording_of(  # noqa: PLR0913 - what a recording is made of
    session: Session,
    *,
    name: str,
    worker: str | None,
    unique_keys: Mapping[str, str],
    sources: Iterable[str],
    secrets: Iterable[tuple[str, str]],
    counters: tuple[str, ...] = (),
    fresh: bool = True,
) -> Recording:
    """Return the recording of a session; without `fresh`, objects keep the names that they had.

    `worker` is the worker as TOML, `unique_keys` that of each of its classes, `sources` its code, and `counters` the
    keys by which it counts the starts of an object.
    """
    objects = find_objects(session, unique_keys, sources)
    if not fresh:
        objects = tuple(
            each
            if each.part is None or each.name is None
            else replace(each, name=each.name.replace(MARK, each.part), part=None)
            for each in objects
        )
    substitution = Substitution(templates_of(objects), secrets)
    story = story_of(session, substitution)
    return Recording(name, name, worker, story, objects, substitution, counters)
