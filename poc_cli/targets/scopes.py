"""The functions of a worker after loading, and the variables in their scopes, read through the inspector."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Final

from poc_cli.targets.inspector import InspectorError, Result
from poc_cli.targets.isolate import Isolate

_WRITTEN: Final = """function (text) {
  const source = Function.prototype.toString;
  return this.filter((each) => {
    try { return text.includes(source.call(each)) } catch { return false }
  });
}"""
"""Filters a list to the functions whose source occurs in a text."""

_MOST_FUNCTIONS: Final = 25_000
"""V8 copies all variables of a module for each function whose scopes are read; with 50,000 its heap overflowed."""

_PRIVATE: Final = re.compile(r"#[A-Za-z_$][\w$]*")

WORD: Final = re.compile(r"[A-Za-z_$][\w$]*")

_DECLARATIONS: Final = r"\b(?:let|var|const|class|function\*?)\s+"
_MENTIONS: Final = r"[,{(]\s*"

_FIXED: Final = re.compile(r"\b(?:const|class|function\*?|import)\s+([A-Za-z_$][\w$]*|[{\[][^=;]*?[}\]])")
_VARIABLE: Final = re.compile(r"\b(?:let|var)\s+([^=;]*)")
"""Constant and assignable declarations in a text, by name only, regardless of scope."""

_RESERVED: Final = frozenset({"arguments", "eval", "this", "default"})
_IDENTIFIER: Final = re.compile(r"[A-Za-z_$][\w$]*\Z")


@dataclass(slots=True)
class Function:
    """A function of the worker that existed after loading."""

    number: int
    handle: str
    name: str
    """The class name, if it is a class."""

    script: str
    line: int
    column: int
    scopes: int
    """How many scopes it sees besides the global one and its module's."""

    private: frozenset[str]
    """The private names in its source text."""

    places: list[Result] = field(default_factory=list)
    """Its breakpoint locations."""

    @property
    def location(self) -> tuple[str, int, int]:
        """Return where its source text begins."""
        return self.script, self.line, self.column


@dataclass(slots=True)
class Binding:
    """A variable of a scope, or a private field of an object."""

    name: str
    function: Function | None
    is_module: bool
    holder: str | None = None
    """The handle of the object that has the private field."""

    owner: "Binding | None" = None
    """The variable through which the object is reached."""

    @property
    def label(self) -> str:
        """Return the name for reports."""
        return self.name if self.owner is None else f"{self.owner.label}.{self.name}"


class Scopes:
    """The scopes of a worker's functions."""

    def __init__(self, isolate: Isolate) -> None:
        """Take the isolate; `find` lists the functions."""
        self._isolate = isolate
        self.functions: list[Function] = []
        self._indexed: dict[tuple[str, str], dict[str, list[tuple[int, int]]]] = {}

    async def find(self) -> None:
        """List the functions in the worker's own source."""
        every = await self._isolate.all_of("Function.prototype")
        counted = await self._isolate.inspector.call(
            "Runtime.callFunctionOn", objectId=every, functionDeclaration="function () { return this.length }"
        )
        count = counted["result"]["value"]
        if count > _MOST_FUNCTIONS:
            raise InspectorError(f"the worker's modules made {count} functions, more than {_MOST_FUNCTIONS}")
        texts = await self._isolate.gather(partial(self._isolate.source, each) for each in self._isolate.own_scripts)
        # The runtime has hundreds of functions; those not in the worker's source need no location query.
        written = await self._isolate.inspector.call(
            "Runtime.callFunctionOn",
            objectId=every,
            functionDeclaration=_WRITTEN,
            arguments=[{"value": "\n".join("\n".join(lines) for lines in texts)}],
        )
        listed = await self._isolate.elements(written["result"]["objectId"])
        found = await self._isolate.gather(
            partial(self._function, each) for each in listed if each.get("type") == "function"
        )
        self.functions = [each for each in found if each is not None]
        for number, each in enumerate(self.functions):
            each.number = number

    async def _function(self, value: Result) -> Function | None:
        internal = await self._isolate.internal_properties(value["objectId"])
        location = internal.get("[[FunctionLocation]]", {}).get("value")
        if location is None or self._isolate.is_built_in(location["scriptId"]):
            return None
        scopes = re.fullmatch(r"Scopes\[(\d+)\]", internal.get("[[Scopes]]", {}).get("description", ""))
        beside = int(scopes[1]) - 2 if scopes else 0  # the module's and the global one
        script, line, column = location["scriptId"], location["lineNumber"], location["columnNumber"]
        private = frozenset(_PRIVATE.findall(value.get("description", "")))
        return Function(0, value["objectId"], _class_name(value), script, line, column, beside, private)

    async def values(self) -> list[tuple[Binding, Result]]:
        """Return every variable that the worker's functions see, with its value; module scopes only once."""
        asked: list[tuple[Function, bool]] = []
        modules: set[str] = set()
        for each in self.functions:
            first = each.script not in modules
            if first or each.scopes > 0:
                asked.append((each, first))
            modules.add(each.script)
        found = await self._isolate.gather(
            partial(self.seen_by, function, with_module=first) for function, first in asked
        )
        return [each for scope in found for each in scope]

    async def seen_by(self, function: Function, *, with_module: bool) -> list[tuple[Binding, Result]]:
        """Return the variables that one function sees; those of its module only if `with_module`."""
        internal = await self._isolate.internal_properties(function.handle)
        if "objectId" not in internal.get("[[Scopes]]", {}):
            return []
        found: list[tuple[Binding, Result]] = []
        for scope in await self._isolate.properties(internal["[[Scopes]]"]["objectId"]):
            described = scope.get("value", {}).get("description", "")
            is_module = described.startswith("Module")
            if described.startswith("Global") or (is_module and not with_module) or "value" not in scope:
                continue
            variables = await self._isolate.properties(scope["value"]["objectId"])
            found += [
                (Binding(each["name"], function, is_module), each["value"]) for each in variables if "value" in each
            ]
        return found

    def changeable(self, bindings: Iterable[Binding]) -> dict[str | int, list[str]]:
        """Return the names of assignable variables, by script (module scope) and by function number."""
        found: dict[str | int, dict[str, None]] = {}
        scripts = {each.script for each in self.functions}
        constants = {each: _constants("\n".join(self._isolate.sources[each])) for each in scripts}
        for each in bindings:
            if each.function is None or not _IDENTIFIER.match(each.name) or each.name in _RESERVED:
                continue
            if each.name not in constants[each.function.script]:
                key = each.function.script if each.is_module else each.function.number
                found.setdefault(key, {})[each.name] = None
        return {key: [*names] for key, names in found.items()}

    def is_declared(self, binding: Binding) -> bool:
        """Return whether a variable is declared in its script, not imported."""
        return binding.function is None or self._declared(binding, _DECLARATIONS) is not None

    def declaration(self, binding: Binding) -> tuple[int, int] | None:
        """Return the line and column of a variable's declaration or first mention, both counted from 1."""
        return self._declared(binding, _DECLARATIONS) or self._declared(binding, _MENTIONS)

    def _declared(self, binding: Binding, forms: str) -> tuple[int, int] | None:
        """Return the line and column of a variable's declaration: the first, or the nearest before a closure."""
        function = binding.function
        if function is None:
            return None
        places = self._places(function.script, forms).get(binding.name, [])
        last = 1 if binding.is_module else bisect_right(places, function.line + 1, key=itemgetter(0))
        return places[last - 1] if places and last > 0 else None

    def _places(self, script: str, forms: str) -> dict[str, list[tuple[int, int]]]:
        """Return the first place in each line of a script at which a name follows one of the forms, by name.

        The script is read once: a bundle may have ten thousand lines and as many variables.
        """
        lines = self._isolate.sources.get(script)
        if lines is None:
            return {}
        if (script, forms) not in self._indexed:
            found: dict[str, dict[int, int]] = {}
            named = re.compile(f"{forms}({WORD.pattern})")
            for number, line in enumerate(lines, 1):
                for match in named.finditer(line):
                    found.setdefault(match[1], {}).setdefault(number, match.start() + 1)
            self._indexed[script, forms] = {name: [*places.items()] for name, places in found.items()}
        return self._indexed[script, forms]


def _constants(text: str) -> frozenset[str]:
    """Return the names that a script declares only as constants."""
    fixed = {name for each in _FIXED.findall(text) for name in WORD.findall(each)}
    return frozenset(fixed - {name for each in _VARIABLE.findall(text) for name in WORD.findall(each)})


def _class_name(function: Result) -> str:
    found = re.match(r"class\s+([A-Za-z_$][\w$]*)", function.get("description", ""))
    return "" if found is None else found[1]
