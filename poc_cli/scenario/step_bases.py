"""What steps have in common: the verb of each, and what those that exchange messages or act on a page say."""

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from poc_cli.scenario.duration import Duration
from poc_cli.scenario.types import CaptureName, Shape

VERBS: dict[str, type["Step"]] = {}
"""Every verb by its key; a step has exactly one of them. Each class with a `verb` of its own puts itself here."""


class Step(Shape):
    """What every step has. A verb is a subclass; its key in the file is `verb`.

    The other class variables say which keys hold what, so that a new verb needs no change in the loader.
    """

    verb: ClassVar[str]
    names_clients: ClassVar[tuple[str, ...]] = ()
    allows_every_client: ClassVar[bool] = True
    fills_templates: ClassVar[tuple[str, ...]] = ()
    needs_object: ClassVar[bool] = False
    claim: str | None = Field(default=None, description="The claim it decides; without one it is a precondition.")

    @property
    def acts_on_objects(self) -> bool:
        """Whether the step needs an object that the scenario names."""
        return self.needs_object

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "verb" in vars(cls):
            VERBS[cls.verb] = cls


class Exchange(Step):
    """What `on`, `resume` and `http` share: what is sent, and what is expected of the answer."""

    fills_templates: ClassVar[tuple[str, ...]] = ("send", "expect")
    send: Any = Field(default=None, description="The message: a table is JSON, a string is text.")
    expect: Any = Field(default=None, description="What must arrive; a list is several messages in order.")
    where: list[str] = Field(default=[], description="Conditions on the expected message: path op literal.")
    capture: dict[CaptureName, str] = Field(default={}, description="Names to bind, each to a path into that message.")
    exact: bool = Field(default=False, description="Whether keys that are not expected are a mismatch.")
    next: bool = Field(default=False, description="Whether it must be the very next message.")
    order: Literal["given", "any"] = Field(default="given", description="Whether a list may come in any order.")
    within: Duration = Field(default=5.0, description="How long to wait for the expected message.")

    @property
    def sends(self) -> bool:
        """Whether the step sends (TOML has no null, so a field that was given is never None)."""
        return self.send is not None

    @property
    def expects(self) -> bool:
        """Whether the step waits for a message."""
        return self.expect is not None or bool(self.where) or bool(self.capture)

    @model_validator(mode="after")
    def _order_is_of_several(self) -> "Exchange":
        if self.order == "any" and not isinstance(self.expect, list):
            raise ValueError('order = "any" is about several messages, so "expect" must be a list of them')
        return self


class Fill(Shape):
    """What is typed into a field of a page."""

    selector: str = Field(min_length=1, description="A CSS selector of the field.")
    text: str = Field(description="What stands in it then.")


class Shows(Shape):
    """What a page must show, white space folded."""

    selector: str = Field(min_length=1, description="A CSS selector of some elements.")
    text: str | None = Field(default=None, description="One of them has exactly this text.")
    contains: str | None = Field(default=None, description="One of them has this in its text.")
    texts: list[str] | None = Field(default=None, description="They are these, in this order, and no others.")

    @model_validator(mode="after")
    def _one_way(self) -> "Shows":
        if [self.text, self.contains, self.texts].count(None) != 2:  # noqa: PLR2004 - all but one
            raise ValueError('give one of "text", "contains" and "texts"')
        return self


class Acting(Exchange):
    """What `on` and `resume` share: what is done on a page, and what the page must show."""

    fills_templates: ClassVar[tuple[str, ...]] = (*Exchange.fills_templates, "fill", "click", "eval", "expect_text")
    fill: Fill | None = Field(default=None, description="On a page: what is typed, and where.")
    click: str | None = Field(default=None, min_length=1, description="On a page: what is clicked, a CSS selector.")
    eval: str | None = Field(
        default=None, min_length=1, description="On a page: JavaScript, whose result is what `expect` looks at."
    )
    expect_text: Shows | None = Field(default=None, description="On a page: what it must show at the end.")

    @property
    def acts(self) -> bool:
        """Whether the step does something on a page."""
        return self.fill is not None or self.click is not None or self.eval is not None

    @property
    def page_keys(self) -> list[str]:
        """Return the keys of the step that mean something on a page alone."""
        return [key for key in ("fill", "click", "eval", "expect_text") if getattr(self, key) is not None]
