"""The base class of the events' data, and the fields that several kinds share.

To a type checker the classes are frozen dataclasses. At run time an instance only keeps what it was given: 50 real
dataclasses take 40 ms to define at the start of every run, and a field that is left out is not null.

A field without a default is in every history that is read. Any other is left out where it does not apply, and by
versions of poc that did not know it.
"""

from inspect import get_annotations
from typing import Annotated, Any, ClassVar, Final, dataclass_transform

ABSENT: Final[Any] = object()
"""The default of a field that an event may leave out."""

Number = int | float
Clock = Annotated[int, "nanoseconds of the runtime's own clock"]


@dataclass_transform(kw_only_default=True, frozen_default=True)
class EventData:
    """The base of all kinds. The docstring of a class is its line in docs/results.md."""

    kind: ClassVar[str]
    declared: ClassVar[dict[str, Any]]
    """The declared type of each field, by its name."""

    required: ClassVar[frozenset[str]]

    def __init_subclass__(cls, kind: str | None = None) -> None:
        """Set the kind and fields of a class; one without a kind only has fields for others to inherit."""
        inherited = getattr(cls, "declared", {})
        cls.declared = inherited | get_annotations(cls)
        cls.required = frozenset(name for name in cls.declared if not hasattr(cls, name))
        if kind is not None:
            cls.kind = kind

    def __init__(self, **data: Any) -> None:
        """Keep the fields that are given, in their order."""
        self.__dict__ = data


class MessageData(EventData):
    """A message: its text, or its bytes in hex."""

    text: str = ABSENT
    hex: str = ABSENT
    bytes: Annotated[int, "the size of the whole message"] = ABSENT
    cut: Annotated[bool, "the message is not recorded in full"] = ABSENT
    fields: Annotated[dict[str, Any], "the short fields at the top of a JSON object that was cut"] = ABSENT
