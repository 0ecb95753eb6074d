"""A worker that imports its pages when they are asked for, as those of Vite's frameworks do, is played to the end.

What such a module held once it was loaded is known if it is loaded before the confirming play, and if loading it
changes nothing else.
"""

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
export const handlers = new Map();
const page = async (name) => (name === "" ? await import("./lib.js") : await import("./other.js"));
export default {
  async fetch(request, env) {
    const name = new URL(request.url).pathname.slice(1);
    if (name === "" || name === "other") return new Response((await page(name)).text);
    return env.R.get(env.R.idFromName(name)).fetch(request);
  },
};
"""
_TEXT = 'export const text = "hello";\n'
PAGES = {
    "quiet": f"{_TEXT}export const topics = new Map();\n",
    # While it is evaluated it calls a function that sees a variable, which workerd must not be paused in.
    "counted": (
        'import { greeting } from "./index.js";\nexport const text = greeting();\nexport const topics = new Map();\n'
    ),
    "registered": (
        'import { handlers } from "./index.js";\n'
        f'{_TEXT}handlers.set("read", (state) => state.storage.get("topic"));\n'
    ),
    "private": (
        f"{_TEXT}let last;\nexport const topics = {{ set: (id, topic) => {{ last = topic; }}, get: () => last }};\n"
    ),
    "registry": f"{_TEXT}export const handlers = new Map();\n",
    "registering": (
        f'import {{ handlers }} from "./lib.js";\n{_TEXT}handlers.set("read", (state) => state.storage.get("topic"));\n'
    ),
    "waiting": 'export const text = await "hello";\nexport const topics = new Map();\n',
}

LATE = '(await import("./lib.js")).topics'
WRITE, STORED = 'await this.ctx.storage.put("topic", topic);', 'await this.ctx.storage.get("topic")'
HEALTHY = Worker("held", WRITE, STORED)
FORGETFUL = Worker("refuted", f"{LATE}.set(id, topic);", f"{LATE}.get(id)")
REGISTERED = Worker("unknown", WRITE, 'await handlers.get("read")?.(this.ctx)')
"""Its reader is there only because a page was loaded, which a process that wakes it has not done."""

REGISTERED_LATE = Worker("unknown", WRITE, 'await (await import("./lib.js")).handlers.get("read")?.(this.ctx)')
"""The same, where the module with the readers is loaded later too."""

CASES = {
    "healthy": (HEALTHY, "quiet", "/"),
    "forgetful": (FORGETFUL, "quiet", "/"),
    "forgetful-in-a-variable": (FORGETFUL, "private", "/"),
    "another-page": (HEALTHY, "quiet", "/other"),
    "waiting": (Worker("unknown", WRITE, STORED), "waiting", "/"),
    "healthy-counted": (Worker("unknown", WRITE, STORED), "counted", "/"),
    "forgetful-counted": (Worker("unknown", FORGETFUL.write, FORGETFUL.read), "counted", "/"),
    "registered": (REGISTERED, "registered", "/"),
    "registered-late": (REGISTERED_LATE, "registry registering", "/ /other"),
}


def _story(folder: Path, worker: Worker, page: str, visits: str) -> str:
    story = worker.assemble(folder)
    index, declaration = folder / "index.js", folder / "local.capnp"
    code = index.read_text("utf-8")
    index.write_text(code[: code.index("export default")] + FRONT, encoding="utf-8")
    for name, content in zip(("lib.js", "other.js"), (page.split() * 2)[:2], strict=True):
        (folder / name).write_text(PAGES[content], encoding="utf-8")
    modules = '(name = "lib.js", esModule = embed "lib.js")'
    text = declaration.read_text("utf-8")
    assert modules in text
    declaration.write_text(text.replace(modules, f"{modules}, {modules.replace('lib', 'other')}"), encoding="utf-8")
    text = STORY.format(name=folder.name)
    steps = [f'  {{ http = "{each}", method = "GET", status = 200, expect = "hello" }},\n' for each in visits.split()]
    story.write_text(text.replace("  { connect", f"{''.join(steps)}  {{ connect", 1), encoding="utf-8")
    return str(story)


QUICK = ("healthy", "forgetful", "registered")


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(QUICK, id="quick"),
        pytest.param(tuple(name for name in CASES if name not in QUICK), id="others", marks=pytest.mark.long),
    ],
)
def test_modules_that_are_loaded_later(poc: Poc, names: tuple[str, ...]) -> None:
    stories = [_story(poc.folder / name, *CASES[name]) for name in names]
    own = {"XDG_CACHE_HOME": str(poc.folder / "cache"), "POC_WORKERD": WORKERD}  # nothing is confirmed yet
    ran = poc.run("run", *stories, "--sleep", "evict", "--json", variables=own)
    found = {name.split("/")[0]: claim for name, claim in claims(ran.document()).items()}
    assert {name: found[name]["verdict"] for name in names} == {name: CASES[name][0].verdict for name in names}
    for name in names:
        worker, page, visits = CASES[name]
        module = "other.js" if visits.endswith("/other") else "lib.js"
        if worker.verdict == "unknown":
            assert f"the module {module}, loaded later" in found[name]["reason"]
        elif worker is FORGETFUL:
            assert f'"{"last" if page == "private" else "topics"}" (lib.js:2)' in found[name]["reason"]
