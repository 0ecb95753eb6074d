"""A judged run for the terminal: every claim with its verdict and reason, then the matrix, then the answer.

Never shortens a refutation.
"""

from typing import Any

from poc_cli.report.spans import Line, span

STYLES = {"held": "green", "refuted": "bold red", "unknown": "yellow", "error": "bold magenta"}
"""The colour of each verdict; every verdict is also a word."""

ANSWERS = {
    "held": "feasible: every claim held",
    "refuted": "not feasible: a claim was refuted",
    "unknown": "inconclusive",
    "error": "the harness or the target failed",
}


def verdict_line(document: dict[str, Any]) -> Line:
    """Give the answer in one line."""
    counts = ", ".join(
        f"{number} {name.replace('_', ' ')}" for name, number in document["counts"].items() if number or name == "held"
    )
    seconds = document["seconds"]
    took = f" in {seconds:.1f} s" if seconds is not None else ""
    target = document["target"]
    versions = ", ".join(f"{name} {version}" for name, version in target.get("versions", {}).items())
    where = f" on {target.get('kind', 'no target')}" + (f" ({versions})" if versions else "")
    verdict = document["verdict"]
    return [span(ANSWERS[verdict], STYLES[verdict]), span(f": {counts}{where}{took}")]


def lines(document: dict[str, Any], folder: str) -> list[Line]:
    """Give the whole report."""
    found: list[Line] = []
    for scenario in document["scenarios"]:
        found += _scenario(scenario)
    found += _matrix(document["matrix"])
    found += _figures(document["figures"])
    found += [verdict_line(document), [span(f"evidence: {folder}")]]
    return found


def _scenario(scenario: dict[str, Any]) -> list[Line]:
    head: Line = [span(scenario["name"], "bold"), span(f"  {scenario['title']}")]
    if scenario["left_out"]:
        return [[*head, span("  left out: ", "yellow"), span(scenario["left_out"])], []]
    found = [head]
    if scenario["error"]:
        found.append([span("  error     ", STYLES["error"]), span(scenario["error"])])
    for claim in scenario["claims"]:
        found += _claim(claim)
    if scenario["stopped"]:
        found.append([span(f"  the story ended early: {scenario['stopped']}", "dim")])
    return [*found, []]


def _claim(claim: dict[str, Any]) -> list[Line]:
    known = " (known here)" if claim["known"] == claim["verdict"] else ""
    found: list[Line] = [
        [span(f"  {claim['verdict']:<9} ", STYLES[claim["verdict"]]), span(claim["id"]), span(known, "yellow")],
        [span(f"            {claim['reason']}", "" if claim["verdict"] != "held" else "dim")],
    ]
    control = claim["control"]
    if control is not None and control["verdict"] == "not run":
        found.append([span(f"            its control was not run: {control['reason']}", "yellow")])
    return found


def _matrix(cells: list[dict[str, Any]]) -> list[Line]:
    filled = [cell for cell in cells if cell["value"] != "not tested"]
    if not filled:
        return []
    columns = list(dict.fromkeys(cell["column"] for cell in filled))
    rows = list(dict.fromkeys(cell["row"] for cell in filled))
    by_place = {(cell["row"], cell["column"]): cell for cell in filled}
    width = max(len(row) for row in rows)
    found: list[Line] = [[span(" " * (width + 2)), *(span(f"{column:<18}", "bold") for column in columns)]]
    for row in rows:
        line: Line = [span(f"{row:<{width}}  ")]
        for column in columns:
            cell = by_place.get((row, column))
            if cell is None:
                line.append(span(f"{'not tested':<18}", "dim"))
            else:
                mark = "" if cell["as_documented"] else " !"
                line.append(span(f"{cell['value'] + mark:<18}", "green" if cell["as_documented"] else "bold red"))
        found.append(line)
    return [*found, []]


def _figures(figures: dict[str, Any]) -> list[Line]:
    idle = figures.get("asleep_after_ms")
    if idle is None:
        return []
    told = (
        f"idle sleep began {idle['median'] / 1000:.3f} s after the last event "
        f"(median of {idle['n']}, {idle['min'] / 1000:.3f} to {idle['max'] / 1000:.3f} s)"
    )
    return [[span(told)], []]
