"""Every verb has all its parts: its words and example in the language, its function in the engine."""

import pytest

from poc_cli.engine.step_handlers import HANDLERS
from poc_cli.scenario.model import VERBS, Repeat, Step


@pytest.mark.parametrize("model", VERBS.values(), ids=VERBS)
def test_a_verb_has_a_sentence_and_an_example_of_its_own(model: type[Step]) -> None:
    assert "sentence" in vars(model)
    assert f"{{ {model.verb} = " in model.example


def test_every_verb_but_repeat_is_carried_out() -> None:
    # The steps inside of a repeat are written out before they are played.
    assert set(HANDLERS) == set(VERBS.values()) - {Repeat}
