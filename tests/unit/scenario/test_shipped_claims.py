"""Rule 3 for every shipped claim: something that is played turns it red."""

import pytest

from poc_cli.scenario.catalog import shipped_files
from poc_cli.scenario.loader import read
from poc_cli.scenario.model import Claim

CLAIMS = [
    pytest.param(claim, id=f"{name}/{claim.id}")
    for name, file in shipped_files().items()
    for claim in read(file).document.claim
]


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_control_or_a_mutant_refutes_it(claim: Claim) -> None:
    """A control that makes it unknown shows that rule 1 works, not that the claim can be refuted."""
    refuted_by_control = claim.control is not None and claim.control.expect == "refuted"
    assert refuted_by_control or claim.mutant is not None
