"""What every report says about the objects of a scenario: how long they were in memory and what woke them."""

from collections.abc import Iterator

from poc_cli.judge.document_types import ObjectUse, ScenarioDocument


def object_uses(scenario: ScenarioDocument) -> Iterator[str]:
    """Yield a sentence for each object of a scenario."""
    for each in scenario.get("objects", ()):
        yield f"{each['object']} {in_words(each)}"


def pins_on_cloudflare(scenario: ScenarioDocument) -> Iterator[str]:
    """Yield a sentence for each thing that kept an object in memory: how long it would on Cloudflare."""
    for each in scenario.get("pinned", ()):
        yield f"{each['object']}, {each['pin']}: {each['on_cloudflare']} ({each['source']})"


def in_words(use: ObjectUse) -> str:
    """Return what an object's memory was used for, without its name."""
    share = f"was in memory for {use['in_memory_share']:.0%} of {use['seconds']:.1f} s"
    number = use["wakes"]
    if not number:
        return f"{share}, never woken"
    by = ", ".join(f"{many} x {kind}" for kind, many in use["woken_by"].items())
    return f"{share}, woken {'once' if number == 1 else f'{number} times'}: {by}"
