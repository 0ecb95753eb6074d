"""What steps have in common: the verb of each, and what those that exchange messages or act on a page say."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from poc_cli.inert import inert
from poc_cli.scenario.abilities import Need
from poc_cli.scenario.duration import Duration, written
from poc_cli.scenario.matching import expected_messages
from poc_cli.scenario.types import CaptureName, Shape
from poc_cli.scenario.wording import cut, do, listed, message

VERBS: dict[str, type["Step"]] = {}
"""Every verb by its key; a step has exactly one of them. Each class with a `verb` of its own puts itself here."""


class Step(Shape):
    """What every step has. A verb is a subclass; its key in the file is `verb`.

    Each has an `example` and its own `sentence`. The other class variables and properties are off by default and say
    which keys hold what and how the step is treated, so that loader, lint, capabilities and judge name no verb for it.
    """

    verb: ClassVar[str]
    example: ClassVar[str]
    """Steps that the shipped worker carries out, for docs/scenarios.md; examples.py has the rest of the file."""
    names_clients: ClassVar[tuple[str, ...]] = ()
    allows_every_client: ClassVar[bool] = True
    fills_templates: ClassVar[tuple[str, ...]] = ()
    needs_object: ClassVar[bool] = False
    touches_objects: ClassVar[bool] = True
    """Whether it may send something to an object or act on one."""
    only_looks: ClassVar[bool] = False
    """Whether a story stays the same without it: where it cannot be played its claim is left out, not the story."""
    claim: str | None = Field(default=None, description="The claim it decides; without one it is a precondition.")

    @property
    def acts_on_objects(self) -> bool:
        """Whether the step needs an object that the scenario names."""
        return self.needs_object

    @property
    def need(self) -> Need | None:
        """What the step needs of the place where it is played."""
        return None

    @property
    def shows_something(self) -> bool:
        """Whether the step can show anything of a claim by itself."""
        return True

    def sentence(self) -> str:
        """Return the step in plain English, without a full stop; it has not been played."""
        raise NotImplementedError(self.verb)

    def time_limit(self) -> str:
        """Return how long the step may take, the empty text where it is as long as usual."""
        within = vars(self)["within"]
        return "" if within == type(self).model_fields["within"].default else f" within {written(within)}"

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

    def exchange(self, names: Sequence[str], *, acted: bool = False) -> str:
        """Return what these clients send and expect; `acted` where the sentence has begun with what they did."""
        parts = [f"{do(names, 'sends')} {message(self.send)}"] if self.sends else []
        if self.expects:
            expects = "expect" if len(names) > 1 else "expects"
            parts.append(f"{expects if parts or acted else do(names, 'expects')} {self.answer()}")
        return " and ".join(parts) + (self.details() if self.expects else "")

    def answer(self) -> str:
        """Return what is expected."""
        if self.expect is None:
            return "a message"
        wanted = [message(each) for each in expected_messages(self.expect)]
        told = (" and " if self.order == "any" else ", then ").join(wanted)
        return f"exactly {told}" if self.exact else told

    def details(self) -> str:
        """Return how the answer must come, and what of it is remembered."""
        told = " in any order" if self.order == "any" else ""
        told += " as the very next message" if self.next else ""
        told += self.time_limit()
        if self.where:
            told += f", where {inert(' and '.join(self.where))}"
        kept = listed([f"{path} as {{{name}}}" for name, path in self.capture.items()], "")
        return told + (f"; remembers {kept}" if kept else "")

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

    def sentence(self) -> str:
        """Return what the page must show."""
        if self.texts is not None:
            return f"{inert(self.selector)} must be {listed([cut(text) for text in self.texts], 'nothing')}"
        how = "say exactly" if self.contains is None else "have"
        shown = self.text if self.contains is None else self.contains
        return f"one of {inert(self.selector)} must {how} {cut(shown)}"


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

    def exchange(self, names: Sequence[str], *, acted: bool = False) -> str:
        """Return what is done on a page, what is sent and expected, and what the page must show."""
        parts = self._acts(names)
        exchanged = super().exchange(names, acted=acted or bool(parts))
        shows = "" if self.expect_text is None else self.expect_text.sentence()
        shows += self.time_limit() if shows and not self.expects else ""
        done = " and ".join([*parts, exchanged] if exchanged else parts)
        return "; then ".join(each for each in (done, shows) if each)

    def _acts(self, names: Sequence[str]) -> list[str]:
        """Return what is done on a page, in the order in which it is done."""
        done = []
        if self.fill is not None:
            done.append(("types", f"{cut(self.fill.text)} into {inert(self.fill.selector)}"))
        if self.click is not None:
            done.append(("clicks", inert(self.click)))
        if self.eval is not None:
            done.append(("runs", cut(self.eval)))
        several = len(names) > 1
        later = [f"{verb.removesuffix('s') if several else verb} {what}" for verb, what in done[1:]]
        return [*(f"{do(names, verb)} {what}" for verb, what in done[:1]), *later]
