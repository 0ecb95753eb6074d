"""Replace what a scenario's file must not have as it was: names of objects, secrets, and values of the worker's."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from poc_cli.recorder.object_names import MARK, FoundObject
from poc_cli.scenario.values import leaves

OPEN: Final = "\ue000"
CLOSE: Final = "\ue001"
"""What stands around the name of a template until the file is written, when other braces are escaped."""

_SECRET_KEY: Final = re.compile(
    r"(^|[_-])(password|passwd|passphrase|pwd|secret|token|jwt|api[_-]?key|access[_-]?key|auth|authorization|credentials?)"
    r"$|Token$|Password$|Secret$|ApiKey$",
    re.IGNORECASE,
)
"""Names of query parameters, fields and headers whose values are secrets."""

_SHORTEST: Final = 4
"""Characters of a secret from which it is looked for inside other texts."""

_NO_NAME: Final = re.compile(r"[^A-Za-z0-9]+")


def template(name: str) -> str:
    """Return a template with marks in place of its braces."""
    return f"{OPEN}{name}{CLOSE}"


def has_template(value: object) -> bool:
    """Return whether a value holds a template."""
    return any(isinstance(leaf, str) and OPEN in leaf for _, leaf in leaves(value))


def is_secret_key(key: str) -> bool:
    """Return whether what is under a key is a secret, by its name."""
    return _SECRET_KEY.search(key) is not None


class Substitution:
    """Replaces parts of names by `{play}`, secrets by `{env.NAME}`, and captured values by their names."""

    def __init__(self, parts: Mapping[str, str], secrets: Iterable[tuple[str, str]]) -> None:
        self._parts = {part: _marked(text) for part, text in parts.items()}
        inside = sorted(map(re.escape, self._parts), key=len, reverse=True)
        self._inside = re.compile(rf"(^|[/:=#])({'|'.join(inside)})(?=$|[/:?&#])") if inside else None
        self._secrets = {value: name for name, value in secrets if value}
        self.used: dict[str, str] = {}
        """The values of the secrets that were replaced, by name."""
        self.captured: dict[Any, tuple[str, int]] = {}
        """The name of each captured value, and the number of the message that gave it."""

    def value(self, value: Any, until: int | None = None, key: str = "") -> Any:
        """Return a JSON value with everything replaced, at any depth.

        `until` is the number of a received message: values that it or a later one gave are left alone.
        """
        if isinstance(value, dict):
            return {each: self.value(item, until, each) for each, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, until, key) for item in value]
        return value if isinstance(value, bool) or value is None else self._leaf(value, until, key)

    def _leaf(self, value: str | float, until: int | None, key: str) -> str | float:
        name, number = self.captured.get(value, ("", 0))
        if name and (until is None or number < until):
            return template(name)
        if not isinstance(value, str):
            return value
        return self.secret(value, key) if until is None and value and is_secret_key(key) else self.text(value)

    def text(self, text: str) -> str:
        """Return a text with parts of names and secrets replaced."""
        if text in self._parts:
            return self._parts[text]
        if text in self._secrets:
            return self.secret(text, "")
        for known in self._secrets:
            if len(known) >= _SHORTEST and known in text:
                text = text.replace(known, self.secret(known, ""))
        return text if self._inside is None else self._inside.sub(lambda found: found[1] + self._parts[found[2]], text)

    def secret(self, value: str, hint: str) -> str:
        """Return the template of a secret; `hint` is what it is called where it was seen."""
        if value not in self._secrets:
            name = _NO_NAME.sub("_", hint).strip("_").upper() or "SECRET"
            name = f"_{name}" if name[0].isdigit() else name
            taken = {*self._secrets.values()}
            numbers = (f"{name}_{number}" for number in range(2, len(taken) + 3))
            self._secrets[value] = name if name not in taken else next(each for each in numbers if each not in taken)
        self.used[self._secrets[value]] = value
        return template(f"env.{self._secrets[value]}")

    def address(self, address: str) -> str:
        """Return a path and query with everything replaced; what is not replaced keeps its encoding."""
        path, mark, query = address.partition("?")
        segments = [self._encoded(each, "") for each in path.split("/")]
        pairs = []
        for pair in query.split("&") if mark else ():
            key, equals, value = pair.partition("=")
            pairs.append(f"{key}{equals}{self._encoded(value.replace('+', ' '), unquote(key), value)}")
        return "/".join(segments) + mark + "&".join(pairs)

    def _encoded(self, text: str, key: str, as_it_was: str | None = None) -> str:
        plain = unquote(text)
        found = self.value(plain, key=key)
        unchanged = text if as_it_was is None else as_it_was
        return unchanged if found == plain else str(found)

    def object_name(self, found: FoundObject) -> str | None:
        """Return the name of an object with its part replaced; None if it is not known."""
        if found.name is None or found.part is None:
            return found.name
        return found.name.replace(MARK, self._parts[found.part])


def _marked(text: str) -> str:
    return text.replace("{", OPEN).replace("}", CLOSE)


def name_in_address(address: str, keys: Iterable[str]) -> str | None:
    """Return the value of the first of these query parameters, None if the address has none."""
    wanted = {key.lower() for key in keys}
    for pair in urlsplit(address).query.split("&"):
        key, _, value = pair.partition("=")
        if key.lower() in wanted and value:
            return unquote(value.replace("+", " "))
    return None
