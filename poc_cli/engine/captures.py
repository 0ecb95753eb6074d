"""Bind values of messages to names, for later steps."""

from collections.abc import Mapping, Sequence

from poc_cli.engine.context import PlayContext
from poc_cli.engine.step_failure import PlayError
from poc_cli.history import play_events
from poc_cli.history.redact import MASK
from poc_cli.scenario.expected_message import Met, value_at
from poc_cli.scenario.values import MISSING


async def capture(context: PlayContext, paths: Mapping[str, str], met: Sequence[Met]) -> None:
    """Bind a value of the messages that met a step to each name, and the objects that these name.

    Raises PlayError for a missing path and for what names no object.
    """
    for name, path in paths.items():
        value = value_at(path, met)
        if value is MISSING:
            raise PlayError(f'cannot capture "{path}": the answer has no such field or group')
        context.names[name] = value
        context.write("poc", play_events.Captured(name=name, value=_without_part_of_a_secret(context, value, met)))
    await context.late_objects.bind()


def _without_part_of_a_secret(context: PlayContext, value: object, met: Sequence[Met]) -> object:
    """Return a captured value as it is recorded: a pattern can capture half a secret, which would not be recognized."""
    if not isinstance(value, str):
        return value
    for part in (each for _, message in met for each in (message.text, message.data) if each is not None):
        clean = context.without_secrets(part)
        whole, masked = (each if isinstance(each, str) else each.hex() for each in (part, clean))
        if value in whole and value not in masked:
            return MASK
    return value
