"""Base classes of steps: the registry of verbs, and the keys that exchanges and page actions share."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from poc_cli.inert import inert
from poc_cli.scenario.abilities import Need
from poc_cli.scenario.duration import Duration, written
from poc_cli.scenario.matching import expected_messages
from poc_cli.scenario.schema_rules import Rule, given, in_case
from poc_cli.scenario.types import CaptureName, Identifier, Shape
from poc_cli.scenario.wording import cut, do, listed, message

VERBS: dict[str, type["Step"]] = {}
"""Every verb by its key. Each step class that defines a `verb` registers itself here."""


class Step(Shape):
    """Base class of all steps. Each verb is a subclass; its key in the file is `verb`.

    Each has an `example` and implements `sentence`. The other class variables and properties are off by default. They
    describe the keys and the treatment of the step, so that loader, lint, capabilities and judge need not name verbs.
    """

    verb: ClassVar[str]
    example: ClassVar[str]
    """Steps for docs/scenarios.md, which work with the shipped worker; examples.py has the rest of the file."""
    names_clients: ClassVar[tuple[str, ...]] = ()
    allows_every_client: ClassVar[bool] = True
    fills_templates: ClassVar[tuple[str, ...]] = ()
    needs_object: ClassVar[bool] = False
    touches_objects: ClassVar[bool] = True
    """Whether the step may send to an object or act on one."""
    asks_worker: ClassVar[bool] = True
    """Whether the step sends something to the worker, so that a dead runtime shows itself in it."""
    only_looks: ClassVar[bool] = False
    """Whether the step only observes. If it cannot be played, only its claim is left out and not the whole story."""
    claim: str | None = Field(
        default=None, description="The claim that the step decides; without it, the step is a precondition."
    )

    @property
    def acts_on_objects(self) -> bool:
        """Whether the scenario must name an object for the step."""
        return self.needs_object

    @property
    def need(self) -> Need | None:
        """What the step needs from the target."""
        return None

    @property
    def shows_something(self) -> bool:
        """Whether the step can decide a claim by itself."""
        return True

    @abstractmethod
    def sentence(self) -> str:
        """Describe the step in English, without a period at the end."""

    def time_limit(self) -> str:
        """Describe the time limit of the step; the empty string if it is the default."""
        within = vars(self)["within"]
        return "" if within == type(self).model_fields["within"].default else f" within {written(within)}"

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "verb" in vars(cls):
            VERBS[cls.verb] = cls


class Taking(Step):
    """Base class of steps after which something is lost, to which the `after` of a claim can refer."""

    id: Identifier | None = Field(default=None, description="A name for the `after` of a claim.")


class Exchange(Step):
    """The keys that `on`, `resume` and `http` share: what to send, and what to expect in reply."""

    fills_templates: ClassVar[tuple[str, ...]] = ("send", "expect")
    rules: ClassVar[tuple[Rule, ...]] = (
        in_case("order", "any", {**given("expect"), "properties": {"expect": {"type": "array"}}}),
    )
    send: Any = Field(default=None, description="The message: a table is JSON, a string is text.")
    expect: Any = Field(default=None, description="The expected message; a list is several messages in order.")
    where: list[str] = Field(default=[], description="Conditions on the expected message: path op literal.")
    capture: dict[CaptureName, str] = Field(default={}, description="Names to bind, each to a path in the message.")
    exact: bool = Field(default=False, description="Whether unexpected keys are a mismatch.")
    next: bool = Field(default=False, description="Whether it must be the next message.")
    order: Literal["given", "any"] = Field(default="given", description="Whether a list may arrive in any order.")
    within: Duration = Field(default=5.0, description="How long to wait for the message.")

    @property
    def sends(self) -> bool:
        """Whether the step sends something. TOML has no null, so a key that was given is never None."""
        return self.send is not None

    @property
    def expects(self) -> bool:
        """Whether the step waits for a message."""
        return self.expect is not None or bool(self.where) or bool(self.capture)

    def exchange(self, names: Sequence[str], *, acted: bool = False) -> str:
        """Describe what the clients send and expect; `acted` if the sentence already names them."""
        parts = [f"{do(names, 'sends')} {message(self.send)}"] if self.sends else []
        if self.expects:
            expects = "expect" if len(names) > 1 else "expects"
            parts.append(f"{expects if parts or acted else do(names, 'expects')} {self.answer()}")
        return " and ".join(parts) + (self.details() if self.expects else "")

    def answer(self) -> str:
        """Describe the expected messages."""
        if self.expect is None:
            return "a message"
        wanted = [message(each) for each in expected_messages(self.expect)]
        text = (" and " if self.order == "any" else ", then ").join(wanted)
        return f"exactly {text}" if self.exact else text

    def details(self) -> str:
        """Describe the conditions on the reply, and what is captured from it."""
        text = " in any order" if self.order == "any" else ""
        text += " as the next message" if self.next else ""
        text += self.time_limit()
        if self.where:
            text += f", where {inert(' and '.join(self.where))}"
        captured = listed([f"{path} as {{{name}}}" for name, path in self.capture.items()], "")
        return text + (f"; captures {captured}" if captured else "")

    @model_validator(mode="after")
    def _order_is_of_several(self) -> "Exchange":
        if self.order == "any" and not isinstance(self.expect, list):
            raise ValueError('order = "any" requires a list of messages in "expect"')
        return self


class Fill(Shape):
    """Text to type into a field of a page."""

    selector: str = Field(min_length=1, description="A CSS selector of the field.")
    text: str = Field(description="The text to type; it replaces what is there.")


class Shows(Shape):
    """What a page must show, compared with white space collapsed."""

    rules: ClassVar[tuple[Rule, ...]] = ({"oneOf": [given("text"), given("contains"), given("texts")]},)

    selector: str = Field(min_length=1, description="A CSS selector of the elements.")
    text: str | None = Field(default=None, description="One element must have exactly this text.")
    contains: str | None = Field(default=None, description="One element must contain this text.")
    texts: list[str] | None = Field(default=None, description="The elements must have exactly these texts, in order.")

    @model_validator(mode="after")
    def _one_way(self) -> "Shows":
        if [self.text, self.contains, self.texts].count(None) != 2:  # noqa: PLR2004 - all but one
            raise ValueError('requires one of "text", "contains" and "texts"')
        return self

    def sentence(self) -> str:
        """Describe what the page must show."""
        if self.texts is not None:
            return f"{inert(self.selector)} must be {listed([cut(text) for text in self.texts], 'nothing')}"
        how = "be exactly" if self.contains is None else "contain"
        shown = self.text if self.contains is None else self.contains
        return f"one of {inert(self.selector)} must {how} {cut(shown)}"


class Acting(Exchange):
    """The keys that `on` and `resume` share: actions on a page, and what the page must show."""

    fills_templates: ClassVar[tuple[str, ...]] = (*Exchange.fills_templates, "fill", "click", "eval", "expect_text")
    fill: Fill | None = Field(default=None, description="On a page: the text to type, and the field.")
    click: str | None = Field(default=None, min_length=1, description="On a page: the CSS selector to click.")
    eval: str | None = Field(
        default=None, min_length=1, description="On a page: JavaScript to run; `expect` applies to its result."
    )
    expect_text: Shows | None = Field(default=None, description="On a page: what it must show at the end.")

    @property
    def acts(self) -> bool:
        """Whether the step does something on a page."""
        return self.fill is not None or self.click is not None or self.eval is not None

    @property
    def page_keys(self) -> list[str]:
        """Return the keys of the step that only apply to pages."""
        return [key for key in ("fill", "click", "eval", "expect_text") if getattr(self, key) is not None]

    def exchange(self, names: Sequence[str], *, acted: bool = False) -> str:
        """Describe the actions on a page, what is sent and expected, and what the page must show."""
        parts = self._acts(names)
        exchanged = super().exchange(names, acted=acted or bool(parts))
        shows = "" if self.expect_text is None else self.expect_text.sentence()
        shows += self.time_limit() if shows and not self.expects else ""
        done = " and ".join([*parts, exchanged] if exchanged else parts)
        return "; then ".join(each for each in (done, shows) if each)

    def _acts(self, names: Sequence[str]) -> list[str]:
        """Describe the actions on a page, in order."""
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
