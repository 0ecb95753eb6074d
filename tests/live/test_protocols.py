"""Projects whose messages are no plain JSON, but sentences, frames with a prefix, or bytes."""

import shutil
from pathlib import Path

import pytest

from tests.support.command import ROOT, Poc
from tests.support.record import claims, verdicts

pytestmark = pytest.mark.live

PROJECTS = ROOT / "tests" / "projects"


@pytest.mark.parametrize("story", ["hibernation/sessions.toml", "protocols/chat.toml", "protocols/doc.toml"])
def test_a_protocol_holds_and_each_of_its_steps_is_recomputed(poc: Poc, story: str) -> None:
    ran = poc.run("run", str(PROJECTS / story), "--json")
    assert ran.code == 0, ran
    found = claims(ran.document()).values()
    assert {claim["verdict"] for claim in found} == {"held"}
    assert all(claim["rechecked"] for claim in found)


RESTORED = "if (attachment) this.sessions.set(socket, attachment);"
RENAMED = "if (attachment) this.sessions.set(socket, { id: crypto.randomUUID() });"
KEPT = "    socket.serializeAttachment(session);\n"
STORED = "    await this.ctx.storage.put(session.sid, session);\n"
DOC = "class Doc extends DurableObject {\n"
FORGETS = """  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    void ctx.storage.deleteAll();
  }
"""


@pytest.mark.parametrize(
    ("story", "file", "right", "wrong", "claim"),
    [
        ("hibernation/sessions.toml", "index.ts", RESTORED, RENAMED, "sessions-survive"),
        ("protocols/chat.toml", "chat.ts", KEPT + STORED, KEPT, "session-is-resumed"),
        ("protocols/doc.toml", "doc.ts", DOC, DOC + FORGETS, "doc-survives"),
    ],
)
def test_what_a_broken_one_loses_is_refuted(  # noqa: PLR0913, PLR0917 - what is broken, and what that is to refute
    poc: Poc, story: str, file: str, right: str, wrong: str, claim: str
) -> None:
    project = Path(shutil.copytree(PROJECTS / Path(story).parent, poc.folder / "project"))
    source = project / "src" / file
    text = source.read_text(encoding="utf-8")
    assert text.count(right) == 1
    source.write_text(text.replace(right, wrong), encoding="utf-8")
    ran = poc.run("run", str(project / Path(story).name), "--json")
    assert ran.code == 1, ran
    assert verdicts(ran.document())[f"{Path(story).stem}/{claim}"] == "refuted"
