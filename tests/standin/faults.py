"""Switches for what goes wrong at the API: which requests, how often, and in which way.

Decides only; the routes carry it out. Chance comes from a seed, so that a run can be had again.
"""

import re
from dataclasses import dataclass, fields
from random import Random
from typing import Any, Final, Literal, get_args

Kind = Literal["status", "html", "slow", "reset", "lost", "half"]
"""What goes wrong.

`status`: an error in Cloudflare's form. `html`: the same as a web page. `slow`: answers after `ms`. `reset`: breaks the
connection before anything is done. `lost`: does it, then breaks the connection. `half`: an upload leaves a Worker that
is listed and has no deployment, and 500 is answered.
"""

_UPLOAD: Final = re.compile(r"/accounts/[^/]+/workers/scripts/[^/]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong for requests whose path after /client/v4 holds the regular expression `path`."""

    kind: Kind
    path: str = ""
    method: str = "*"
    status: int = 500
    code: int | None = None
    retry_after: int | None = None
    ms: int = 0
    probability: float = 1.0
    count: int | None = None
    """How many times it strikes at most; None is without end."""
    after: int = 0
    """How many requests that fit it lets pass first."""

    def __post_init__(self) -> None:
        """Raise ValueError for a kind that there is not, or a path that is no regular expression."""
        if self.kind not in get_args(Kind):
            raise ValueError(f"{self.kind!r} is no kind of fault; there are {', '.join(get_args(Kind))}")
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"path {self.path!r} is no regular expression: {error}") from error

    def fits(self, method: str, path: str) -> bool:
        """Tell whether it is meant for such a request; `half` is for uploads alone."""
        if self.kind == "half" and not (method == "PUT" and _UPLOAD.fullmatch(path)):
            return False
        return self.method in ("*", method) and re.search(self.path, path) is not None

    @classmethod
    def of(cls, value: dict[str, Any]) -> "Fault":
        """Read one from JSON. Raises ValueError where it holds what no fault has."""
        names = {each.name for each in fields(cls)}
        if unknown := set(value) - names:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(names))}")
        if "kind" not in value:
            raise ValueError("a fault has a kind")
        return cls(**value)


_WORDS: Final = {
    401: (10000, "Authentication error"),
    403: (10000, "Authentication error"),
    429: (971, "Please wait and consider throttling your request speed"),
    500: (10013, "An unknown error has occurred. If this error persists, please report it to Cloudflare."),
    503: (7010, "Service unavailable"),
}


def words(fault: Fault) -> tuple[int, str]:
    """Return the code and the sentence that an error of this fault's status carries."""
    code, message = _WORDS.get(fault.status, _WORDS[500])
    return (code if fault.code is None else fault.code), message


class Faults:
    """All switches of one stand-in. `propagation_ms` is how long a new version takes until it answers at the edge."""

    def __init__(self, *faults: Fault, seed: int = 0, propagation_ms: int = 0) -> None:
        """Take the first faults."""
        self.propagation_ms = propagation_ms
        self.struck: list[Fault] = []
        """Each time that one struck, in order."""
        self._faults: list[Fault] = []
        self._fitted: dict[int, int] = {}
        self._strikes: dict[int, int] = {}
        self._chance = Random(seed)  # noqa: S311 - to be had again, not to be secret
        self.set(*faults)

    def set(self, *faults: Fault, seed: int | None = None) -> None:
        """Replace all faults; counting begins anew, and chance too where a seed is given."""
        if seed is not None:
            self._chance = Random(seed)  # noqa: S311
        self._fitted, self._strikes = {}, {}
        self._faults = list(faults)

    def clear(self) -> None:
        """Let nothing go wrong from now on, and nothing be late."""
        self.propagation_ms = 0
        self.set()

    def replace(self, value: dict[str, Any]) -> None:
        """Replace all by what a JSON object says: faults, seed, propagation_ms. Raises ValueError where it is wrong."""
        if unknown := set(value) - {"faults", "seed", "propagation_ms"}:
            raise ValueError(f"there is no switch {', '.join(sorted(unknown))}; there are faults, seed, propagation_ms")
        self.set(*map(Fault.of, value.get("faults", [])), seed=value.get("seed"))
        self.propagation_ms = int(value.get("propagation_ms", 0))

    def strike(self, method: str, path: str) -> Fault | None:
        """Return what goes wrong with this request, if anything: the first that fits and is due."""
        for number, fault in enumerate(self._faults):
            if not fault.fits(method, path):
                continue
            self._fitted[number] = self._fitted.get(number, 0) + 1
            spent = fault.count is not None and self._strikes.get(number, 0) >= fault.count
            if spent or self._fitted[number] <= fault.after or self._chance.random() >= fault.probability:
                continue
            self._strikes[number] = self._strikes.get(number, 0) + 1
            self.struck.append(fault)
            return fault
        return None
