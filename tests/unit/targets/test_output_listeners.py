"""Which play is told what a worker put out."""

from poc_cli.targets.output_listeners import OutputListeners
from poc_cli.targets.worker_output import Output


class Plays:
    """Two plays in one runtime, each with an object and a nonce."""

    def __init__(self) -> None:
        """Add both."""
        self.listeners = OutputListeners()
        self.told: dict[str, list[Output]] = {"one": [], "two": []}
        self.listeners.add(("id-1", "story-1"), self.told["one"].append)
        self.listeners.add(("id-2", "story-2"), self.told["two"].append)

    def hearers(self, object_id: str | None, url: str | None) -> list[str]:
        """Return who is told of an output."""
        output = Output("Room", object_id, url, ())
        self.listeners.report(output)
        return [name for name, told in self.told.items() if told and told[-1] is output]


def test_an_output_goes_to_the_play_of_its_object_or_of_its_url() -> None:
    plays = Plays()
    assert plays.hearers("id-2", None) == ["two"]
    assert plays.hearers("id-3", "http://x/room/story-1?a") == ["one"]
    assert plays.hearers(None, "http://x/story-2") == ["two"]


def test_what_names_no_play_is_told_to_the_only_one() -> None:
    plays = Plays()
    assert plays.hearers("id-3", None) == []
    plays.listeners.remove(("id-1", "story-1"))
    assert plays.hearers("id-3", None) == ["two"]
    assert plays.hearers(None, "http://x/else") == ["two"]


def test_what_belongs_to_a_play_that_is_over_is_told_to_nobody() -> None:
    plays = Plays()
    plays.listeners.remove(("id-1", "story-1"))
    assert plays.hearers("id-1", None) == []
    assert plays.hearers(None, "http://x/story-1") == []
