"""What is listed as harmless among the automatic mutants of the worker is still in the worker, with a reason."""

import pytest

from poc_cli.shipped import shipped
from tests.mutants.automatic.harmless import Entry, Harmless
from tests.mutants.automatic.instrumented import Mutant

ENTRIES = Harmless.read().entries


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.file} {entry.line}")
def test_each_entry_is_about_a_line_of_the_worker(entry: Entry) -> None:
    assert entry.because
    files = [shipped("worker") / "src" / entry.file] if entry.file else (shipped("worker") / "src").glob("*.ts")
    assert any(entry.line in line for file in files for line in file.read_text(encoding="utf-8").splitlines())


def test_what_an_entry_leaves_out_may_be_anything() -> None:
    mutant = Mutant("7", "auth.ts", 3, "StringLiteral", '"a"', '""', 'const a = "a";')
    assert Harmless((Entry("it is", line="const a"),)).reason_of(mutant) == "it is"
    assert Harmless((Entry("it is", file="room.ts"),)).reason_of(mutant) is None
    assert Harmless((Entry("it is", to='""'),)).unused([mutant]) == []
    assert Harmless((Entry("it is", mutator="Regex"),)).unused([mutant]) != []
