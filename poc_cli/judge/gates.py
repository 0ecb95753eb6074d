"""Check a judged run against its gates: a row for each requirement, with what was found and whether it is met."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from poc_cli.exit_codes import ExitCode
from poc_cli.judge import limits
from poc_cli.judge.claim_diff import Comparison
from poc_cli.judge.document_types import ClaimDocument, RunDocument
from poc_cli.judge.requirements import Chosen, Entry, Gates, Row

Document = dict[str, Any]
Named = tuple[str, str]

_CODES: Final = {
    "error": ExitCode.FAILED,
    "not met": ExitCode.REFUTED,
    "undecided": ExitCode.INCONCLUSIVE,
    "met": ExitCode.HELD,
    "left out": ExitCode.HELD,
}
_WORST_FIRST: Final = tuple(_CODES)

_BY_VERDICT: Final[dict[str, Literal["met", "not met", "undecided", "error"]]] = {
    "held": "met",
    "refuted": "not met",
    "unknown": "undecided",
    "error": "error",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """All rows, and the claims that did not hold and are accepted."""

    rows: tuple[Row, ...]
    accepted: frozenset[Named] = frozenset()

    @property
    def exit_code(self) -> ExitCode:
        """The exit code: failed before refuted before inconclusive before held."""
        verdicts = {row.verdict for row in self.rows}
        return next((_CODES[verdict] for verdict in _WORST_FIRST if verdict in verdicts), ExitCode.INCONCLUSIVE)

    @property
    def failing(self) -> tuple[Row, ...]:
        """The rows for which the exit code is not 0: first what is not met, then errors, then what is undecided."""
        order = ("not met", "error", "undecided")
        bad = [row for row in self.rows if row.verdict in order]
        return tuple(sorted(bad, key=lambda row: order.index(row.verdict)))


def check_gates(
    gates: Gates,
    document: RunDocument,
    chosen: Chosen,
    comparison: Comparison | None = None,
    cost: limits.MonthlyCost | None = None,
) -> Outcome:
    """Check a run document against the gates.

    `chosen` has the claims of all scenarios that should have been played. `comparison` compares the baseline, if the
    gates have one, with the document; `cost` is that of the configured profile, if any.
    """
    found = _Found(gates, document, chosen)
    rows = [*found.whole(), *found.required(), *found.allowed(), *found.others(), *found.left_out()]
    rows += limits.within(gates.limits, document, cost)
    if gates.regress is not None and comparison is not None:
        rows += limits.no_worse(gates.regress, comparison, chosen, found.may_fail)
    return Outcome(tuple(rows), frozenset(found.accepted()))


class _Found:
    """The results of one run by claim."""

    def __init__(self, gates: Gates, document: RunDocument, chosen: Chosen) -> None:
        self._gates = gates
        self._document = document
        self._chosen = chosen
        self._claims: dict[Named, ClaimDocument] = {
            (scenario["name"], claim["id"]): claim for scenario in document["scenarios"] for claim in scenario["claims"]
        }
        self._left_out = {each["name"]: str(each["left_out"]) for each in document["scenarios"] if each["left_out"]}
        self._left_out_claims: dict[Named, str] = {
            (each["name"], claim["id"]): str(claim["reason"])
            for each in document["scenarios"]
            for claim in each.get("left_out_claims", ())
        }
        self._broken = {each["name"]: str(each["error"]) for each in document["scenarios"] if each["error"]}

    def whole(self) -> Iterator[Row]:
        """Yield a row for everything that failed."""
        if self._document["error"]:
            yield Row("the record of the run is complete", str(self._document["error"]), "error")
        recorded = {scenario["name"] for scenario in self._document["scenarios"]}
        for scenario in self._chosen:
            if scenario not in recorded:
                yield Row(f"{scenario} is played", "it is not in the record of the run", "error")
        for scenario, reason in self._broken.items():
            yield Row(f"{scenario} is played to its end", reason, "error")
        for name, claim in self._claims.items():
            if claim["verdict"] == "error" and name[0] not in self._broken and not self._is_required(name):
                yield Row(f"{_describe(name)} can be judged", claim["reason"], "error", name)

    def required(self) -> Iterator[Row]:
        """Yield a row for each claim that must hold."""
        for each in self._gates.require or ():
            for name in self._meant(each):
                yield self._required(each, name)

    def _meant(self, each: Entry) -> list[Named]:
        names = [(scenario, claim) for scenario, claims in self._chosen.items() for claim in claims]
        return [name for name in names if each.means(*name)]

    def _required(self, each: Entry, name: Named) -> Row:
        wanted = f"{_describe(name)} is held" + ("" if each.k is None else f" {each.k} of {each.n} times")
        claim = self._claims.get(name)
        if claim is None:
            return Row(wanted, *self._absent(name), name)
        if each.k is None or each.n is None or claim["verdict"] == "error":
            return Row(wanted, _as_found(claim), _BY_VERDICT[claim["verdict"]], name)
        return _often_enough(wanted, claim, name, each.k, each.n)

    def _absent(self, name: Named) -> tuple[str, Literal["undecided", "error"]]:
        scenario, _ = name
        if name in self._left_out_claims:
            return f"left out: {self._left_out_claims[name]}", "undecided"
        if scenario in self._left_out:
            return f"left out: {self._left_out[scenario]}", "undecided"
        if scenario in self._broken:
            return f"not judged: {self._broken[scenario]}", "error"
        return "not judged: it is not in the run", "undecided"

    def allowed(self) -> Iterator[Row]:
        """Yield a row for each claim that may be refuted, unless it is an error."""
        for name, claim in self._claims.items():
            if self._is_allowed(name) and claim["verdict"] != "error":
                yield Row(f"{_describe(name)} may be refuted", _as_found(claim), "met", name)

    def others(self) -> Iterator[Row]:
        """Yield a row for each other claim that does not meet the gates, and one for all the rest."""
        everything = self._gates.require is None
        good: Counter[str] = Counter()
        bad = 0
        for name, claim in self._claims.items():
            if self._is_required(name) or self._is_allowed(name) or claim["verdict"] == "error":
                continue
            row = _other(name, claim, everything=everything)
            if row is None:
                good["refuted, as known" if claim["verdict"] == "refuted" else claim["verdict"]] += 1
            else:
                bad += 1
                yield row
        if good:
            wanted = "every claim is held" if everything else "no other claim is refuted"
            if everything and (bad or self._gates.allow):
                wanted = "every other claim is held"
            yield Row(wanted, ", ".join(f"{number} {verdict}" for verdict, number in good.items()), "met")
        elif not self._claims and not self._left_out:
            yield Row("a claim is judged", "none was", "undecided")
        if everything:
            for scenario in self._document["scenarios"]:
                if scenario["stopped"] and all(claim["verdict"] == "held" for claim in scenario["claims"]):
                    wanted = f"{scenario['name']} is played to its end"
                    yield Row(wanted, f"stopped: {scenario['stopped']}", "undecided")

    def left_out(self) -> Iterator[Row]:
        """Yield a row for each scenario or claim that was left out and is not required by name."""
        verdict: Literal["undecided", "left out"] = "undecided" if self._gates.require is None else "left out"
        for scenario, reason in self._left_out.items():
            if not any(self._is_required((scenario, claim)) for claim in self._chosen.get(scenario, ())):
                yield Row(f"{scenario} is played", f"left out: {reason}", verdict)
        for name, reason in self._left_out_claims.items():
            if not self._is_required(name) and not self._is_allowed(name):
                yield Row(f"{_describe(name)} is tested", f"left out: {reason}", verdict, name)

    def may_fail(self, scenario: str, claim: str) -> bool:
        """Return whether a claim need not hold: it is allowed to fail, or held as often as required."""
        return self._is_allowed((scenario, claim)) or (scenario, claim) in self.accepted()

    def accepted(self) -> Iterable[Named]:
        """Return the claims that are refuted or unknown and still meet their gate."""
        enough = {row.claim for row in self.required() if row.verdict == "met"}
        return {
            name
            for name, claim in self._claims.items()
            if claim["verdict"] in {"refuted", "unknown"} and (self._is_allowed(name) or name in enough)
        }

    def _is_required(self, name: Named) -> bool:
        return any(each.means(*name) for each in self._gates.require or ())

    def _is_allowed(self, name: Named) -> bool:
        return any(each.means(*name) for each in self._gates.allow)


def _other(name: Named, claim: ClaimDocument, *, everything: bool) -> Row | None:
    """Return the row of a claim that no gate names, None if nothing is wrong with it."""
    known, verdict = claim["known"] == "refuted", claim["verdict"]
    if known and verdict == "held":
        return Row(f"{_describe(name)} is refuted, as known here", "held: the known defect is gone", "not met", name)
    if verdict == "refuted" and not known:
        return Row(f"{_describe(name)} is not refuted", _as_found(claim), "not met", name)
    if verdict == "unknown" and everything:
        return Row(f"{_describe(name)} is held", _as_found(claim), "undecided", name)
    return None


def _often_enough(wanted: str, claim: ClaimDocument, name: Named, k: int, n: int) -> Row:
    held, played = claim["held_of"]["k"], claim["held_of"]["n"]
    if played < n:
        return Row(wanted, f"played {played} of {n} times: add --repeat {n}", "undecided", name)
    # With more rounds than required, it must hold in the same share of them.
    if held * n >= k * played:
        return Row(wanted, f"held {held} of {played}", "met", name)
    return Row(wanted, _as_found(claim), "not met" if claim["verdict"] == "refuted" else "undecided", name)


def _as_found(claim: ClaimDocument) -> str:
    held_of = claim["held_of"]
    often = f", held {held_of['k']} of {held_of['n']}" if held_of["n"] > 1 else ""
    reason = "" if claim["verdict"] == "held" else f": {claim['reason']}"
    return f"{claim['verdict']}{often}{reason}"


def _describe(name: Named) -> str:
    return "/".join(name)
