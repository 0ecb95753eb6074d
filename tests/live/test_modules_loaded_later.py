"""A worker that imports its pages when they are asked for, as those of Vite's frameworks do, is played to the end."""

from pathlib import Path

import pytest

from poc_cli.targets.installation import locate
from tests.support.command import Poc
from tests.support.module_lab import STORY, Worker
from tests.support.record import claims

pytestmark = pytest.mark.live

WORKERD = str(locate(lambda _: None))

FRONT = """\
const counted = () => { let greetings = 0; return () => { greetings += 1; return "hello"; }; };
export const greeting = counted();
const page = async (name) => (name === "" ? await import("./lib.js") : await import("./other.js"));
export default {
  async fetch(request, env) {
    const name = new URL(request.url).pathname.slice(1);
    if (name === "" || name === "other") return new Response((await page(name)).text);
    return env.R.get(env.R.idFromName(name)).fetch(request);
  },
};
"""
PAGE = 'import { greeting } from "./index.js";\nexport const text = greeting();\nexport const topics = new Map();\n'
"""While it is evaluated it calls a function that sees a variable, which workerd must not be paused in."""

LATE = '(await import("./lib.js")).topics'
HEALTHY = Worker("held", 'await this.ctx.storage.put("topic", topic);', 'await this.ctx.storage.get("topic")')
FORGETFUL = Worker("unknown", f"{LATE}.set(id, topic);", f"{LATE}.get(id)")


def _story(folder: Path, worker: Worker, visits: str) -> str:
    story = worker.assemble(folder)
    index, declaration = folder / "index.js", folder / "local.capnp"
    code = index.read_text("utf-8")
    index.write_text(code[: code.index("export default")] + FRONT, encoding="utf-8")
    for name in ("lib.js", "other.js"):
        (folder / name).write_text(PAGE, encoding="utf-8")
    modules = '(name = "lib.js", esModule = embed "lib.js")'
    text = declaration.read_text("utf-8")
    assert modules in text
    declaration.write_text(text.replace(modules, f"{modules}, {modules.replace('lib', 'other')}"), encoding="utf-8")
    text = STORY.format(name=folder.name)
    visit = f'  {{ http = "{visits}", method = "GET", status = 200, expect = "hello" }},\n  {{ hibernate'
    story.write_text(text.replace("  { hibernate", visit), encoding="utf-8")
    return str(story)


def test_a_module_that_is_loaded_later_ends_no_play(poc: Poc) -> None:
    stories = [
        _story(poc.folder / "healthy", HEALTHY, "/"),
        _story(poc.folder / "forgetful", FORGETFUL, "/"),
        _story(poc.folder / "another-page", HEALTHY, "/other"),
    ]
    own = {"XDG_CACHE_HOME": str(poc.folder / "cache"), "POC_WORKERD": WORKERD}  # nothing is confirmed yet
    ran = poc.run("run", *stories, "--sleep", "evict", "--json", variables=own)
    found = {name.split("/")[0]: claim for name, claim in claims(ran.document()).items()}
    # What the modules held once they were loaded is not known, so none of this is held, and nothing is refuted.
    for name, module in {"healthy": "lib.js", "forgetful": "lib.js", "another-page": "other.js"}.items():
        assert found[name]["verdict"] == "unknown"
        assert f"the module {module}, loaded later" in found[name]["reason"]
