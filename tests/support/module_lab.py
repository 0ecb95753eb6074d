"""A laboratory of workers that keep a topic in every wrong place that JavaScript offers, and of healthy ones."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

_WORKER: Final = """\
import {{ DurableObject }} from "cloudflare:workers";
{module}
export class R extends DurableObject {{
  constructor(ctx, env) {{
    super(ctx, env);
    {constructor}
  }}
  async fetch() {{
    const {{ 0: client, 1: server }} = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, {{ status: 101, webSocket: client }});
  }}
  async webSocketMessage(ws, message) {{
    const {{ topic }} = JSON.parse(message);
    const id = this.ctx.id.toString();
    if (topic !== undefined) {{ {write} }}
    ws.send(JSON.stringify({{ topic: ({read}) ?? null }}));
  }}
}}
export default {{
  fetch(request, env) {{
    return env.R.get(env.R.idFromName(new URL(request.url).pathname.slice(1))).fetch(request);
  }},
}};
"""

_DECLARATION: Final = """\
using Workerd = import "/workerd/workerd.capnp";
const main :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "index.js"), (name = "lib.js", esModule = embed "lib.js")],
  compatibilityDate = "2026-09-01",
  compatibilityFlags = ["nodejs_compat"],
  durableObjectNamespaces = [(className = "R", uniqueKey = "r", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "R", durableObjectNamespace = "R")],
);
"""

STORY: Final = """\
name = "{name}"
title = "The topic survives a sleep."
worker = "."
object = {{ class = "R", name = "{{play}}" }}
clients = {{ ann = "/{{play}}" }}
steps = [
  {{ connect = "ann" }},
  {{ on = "ann", send = {{ topic = "cats" }}, expect = {{ topic = "cats" }} }},
  {{ on = "ann", send = {{}}, expect = {{ topic = "cats" }} }},
  {{ hibernate = "idle" }},
  {{ resume = "ann", send = {{}}, expect = {{ topic = "cats" }}, within = "700ms", claim = "topic-survives" }},
]
[[claim]]
id = "topic-survives"
says = "The topic is still there."
check = "storage-survives"
"""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker by the code that differs, and what must come out: the verdict and the variable that is named."""

    verdict: Literal["held", "refuted", "unknown"]
    write: str
    read: str
    module: str = ""
    lib: str = ""
    constructor: str = ""
    names: str = ""

    def assemble(self, folder: Path) -> Path:
        """Write the worker and its story into a new folder; return the story's file."""
        folder.mkdir(parents=True)
        parts = {"module": self.module, "constructor": self.constructor, "write": self.write, "read": self.read}
        (folder / "index.js").write_text(_WORKER.format(**parts), encoding="utf-8")
        (folder / "lib.js").write_text(self.lib or "export {};\n", encoding="utf-8")
        (folder / "local.capnp").write_text(_DECLARATION, encoding="utf-8")
        story = folder / "story.toml"
        story.write_text(STORY.format(name=folder.name), encoding="utf-8")
        return story


def _bad(module: str, write: str, read: str, names: str, lib: str = "") -> Worker:
    return Worker("refuted", write, read, module, lib, names=names)


_STORE: Final = "await this.ctx.storage.put('topic', topic);"
_STORED: Final = "await this.ctx.storage.get('topic')"

LAB: Final = {
    # --- state in modules
    "let": _bad("let last;", "last = topic;", "last", '"last" (index.js:2)'),
    "map": _bad("const topics = new Map();", "topics.set(id, topic);", "topics.get(id)", '"topics" (index.js:2)'),
    "set": _bad("const topics = new Set();", "topics.add(topic);", "[...topics][0]", '"topics" (index.js:2)'),
    "object": _bad("const topics = {};", "topics[id] = topic;", "topics[id]", '"topics" (index.js:2)'),
    "array": _bad("const topics = [];", "topics.push(topic);", "topics.at(-1)", '"topics" (index.js:2)'),
    "bare-object": _bad("const topics = Object.create(null);", "topics[id] = topic;", "topics[id]", '"topics"'),
    "nested": _bad(
        "const state = { rooms: { a: [] } };", "state.rooms.a.push(topic);", "state.rooms.a[0]", '"state.rooms.a"'
    ),
    "bytes": _bad(
        "const bytes = new Uint8Array(8);",
        "new TextEncoder().encodeInto(topic, bytes);",
        "bytes[0] === 0 ? null : new TextDecoder().decode(bytes.subarray(0, 4))",
        '"bytes" (index.js:2)',
    ),
    "date": _bad("const when = new Date(0);", "when.setTime(1);", "when.getTime() === 1 ? 'cats' : null", '"when"'),
    "headers": _bad("const kept = new Headers();", "kept.set('topic', topic);", "kept.get('topic')", '"kept"'),
    "search": _bad("const kept = new URLSearchParams();", "kept.set('topic', topic);", "kept.get('topic')", '"kept"'),
    "url": _bad("const kept = new URL('http://x/');", "kept.hash = topic;", "kept.hash.slice(1) || null", '"kept"'),
    "class-static": _bad(
        "class Kept { static topic; }", "Kept.topic = topic;", "Kept.topic", '"Kept.topic" (index.js:2)'
    ),
    "class-later": _bad("class Kept {}", "Kept.topic = topic;", "Kept.topic", '"Kept.topic" (index.js:2)'),
    "object-class": _bad("", "R.topic = topic;", "R.topic", '"R.topic"'),
    "prototype": _bad("", "R.prototype.topic = topic;", "this.topic", '"R.prototype'),
    "static-private": _bad(
        "class Kept { static #topic; static set(x) { Kept.#topic = x; } static get() { return Kept.#topic; } }",
        "Kept.set(topic);",
        "Kept.get()",
        '"Kept.#topic" (index.js:2)',
    ),
    "private-map": _bad(
        "class Store { #topics = new Map();\n"
        "  set(k, v) { this.#topics.set(k, v); } get(k) { return this.#topics.get(k); } }\n"
        "const store = new Store();",
        "store.set(id, topic);",
        "store.get(id)",
        '"store.#topics" (index.js:4)',
    ),
    "private-field": _bad(
        "class Store { #topic; set(v) { this.#topic = v; } get() { return this.#topic; } }\nconst store = new Store();",
        "store.set(topic);",
        "store.get()",
        '"store.#topic" (index.js:3)',
    ),
    "global": _bad("", "globalThis.topic = topic;", "globalThis.topic", '"globalThis.topic"'),
    "global-at-load": _bad(
        "globalThis.topic = null;", "globalThis.topic = topic;", "globalThis.topic", '"globalThis.topic"'
    ),
    "global-symbol": _bad(
        "const key = Symbol.for('topic');", "globalThis[key] = topic;", "globalThis[key]", '"globalThis"'
    ),
    "built-in": _bad("", "Math.topic = topic;", "Math.topic", '"globalThis.Math'),
    "built-in-prototype": _bad("", "Array.prototype.topic = topic;", "[].topic", "prototype"),
    "closure": _bad(
        "const kept = (() => { let topic; return { set(x) { topic = x; }, get: () => topic }; })();",
        "kept.set(topic);",
        "kept.get()",
        '"topic" (index.js:2)',
    ),
    "twin-closures": _bad(
        "const make = () => { let topic; return { set(x) { topic = x; }, get: () => topic }; };\n"
        "const other = make();\nconst kept = make();",
        "other.set('dogs'); kept.set(topic);",
        "kept.get()",
        '"topic" (index.js:2)',
    ),
    "commonjs": _bad(
        "const wrap = (made, module) =>"
        " () => (module || made((module = { exports: {} }).exports, module), module.exports);\n"
        "const first = wrap((exports) => { exports.n = 1; });\n"
        "const store = wrap((exports) =>"
        " { let topic; exports.set = (x) => { topic = x; }; exports.get = () => topic; });\n"
        "first();",
        "store().set(topic);",
        "store().get()",
        '"module" (index.js:2)',
    ),
    "imported-let": _bad(
        "import { set, topic as kept } from './lib.js';",
        "set(topic);",
        "kept",
        '"topic" (lib.js:1)',
        lib="export let topic;\nexport function set(x) { topic = x; }\n",
    ),
    "imported-cache": _bad(
        "import { cache } from './lib.js';",
        "cache.set(id, topic);",
        "cache.get(id)",
        '"cache" (lib.js:1)',
        lib="export const cache = new Map();\nexport const unused = () => cache.size;\n",
    ),
    "environment": _bad("", "this.env.topic = topic;", "this.env.topic", '"env.topic"'),
    "weak-map": _bad("const kept = new WeakMap();", "kept.set(R, topic);", "kept.get(R)", '"kept" (index.js:2)'),
    "proxy": _bad("const kept = new Proxy({}, {});", "kept.topic = topic;", "kept.topic", "topic"),
    "bound": _bad(
        "const put = function (x) { if (x) this.topic = x; return this.topic; }.bind({});",
        "put(topic);",
        "put()",
        "topic",
    ),
    "promise": _bad(
        "const ready = Promise.resolve({});", "(await ready).topic = topic;", "(await ready).topic", "topic"
    ),
    "function-property": _bad(
        "function handle() {}", "handle.topic = topic;", "handle.topic", '"handle.topic" (index.js:2)'
    ),
    "memory": _bad(
        "const memory = new WebAssembly.Memory({ initial: 1 });",
        "new Uint8Array(memory.buffer)[0] = 1;",
        "new Uint8Array(memory.buffer)[0] === 1 ? 'cats' : null",
        "memory",
    ),
    "imported-environment": _bad(
        "import { env as imported } from 'cloudflare:workers';", "imported.topic = topic;", "imported.topic", "topic"
    ),
    "binding": _bad("", "this.env.R.topic = topic;", "this.env.R.topic", "topic"),
    "socket-class": _bad("", "ws.constructor.topic = topic;", "ws.constructor.topic", "topic"),
    "socket-prototype": _bad(
        "", "Object.getPrototypeOf(ws).topic = topic;", "Object.getPrototypeOf(ws).topic", "topic"
    ),
    "process-environment": _bad("", "process.env.TOPIC = topic;", "process.env.TOPIC", "TOPIC"),
    "process": _bad("", "process.topic = topic;", "process.topic", "topic"),
    "emitter": _bad(
        "import { EventEmitter } from 'node:events';\nconst bus = new EventEmitter();\nconst answer = {};",
        "bus.on('ask', () => (answer.topic = topic));",
        "(answer.topic = null, bus.emit('ask'), answer.topic)",
        '"bus',
    ),
    "map-class": _bad(
        "class Topics extends Map {}\nconst topics = new Topics();",
        "topics.set(id, topic);",
        "topics.get(id)",
        '"topics"',
    ),
    "getter": _bad(
        "const kept = (() => { let topic; return { get topic() { return topic; }, set topic(x) { topic = x; } }; })();",
        "kept.topic = topic;",
        "kept.topic",
        '"topic" (index.js:2)',
    ),
    "template": _bad(
        "const kept = new WeakMap();\nconst key = (strings) => strings;\nconst at = () => key`a`;",
        "kept.set(at(), topic);",
        "kept.get(at())",
        '"kept" (index.js:2)',
    ),
    "shared-buffer": _bad(
        "const buffer = new SharedArrayBuffer(8);",
        "new Uint8Array(buffer)[0] = 1;",
        "new Uint8Array(buffer)[0] === 1 ? 'cats' : null",
        '"buffer" (index.js:2)',
    ),
    "bare-function": _bad(
        "let write, read; { let topic; write = (x) => { topic = x; }; read = () => topic; }",
        "write(topic);",
        "read()",
        '"topic" (index.js:2)',
    ),
    "default-parameter": _bad(
        "let count = 0;\nconst next = (n = ++count) => n;",
        "next();",
        "count > 0 ? 'cats' : null",
        '"count" (index.js:2)',
    ),
    "wasm-global": _bad(
        "const kept = new WebAssembly.Global({ value: 'i32', mutable: true }, 0);",
        "kept.value = 7;",
        "kept.value === 7 ? 'cats' : null",
        '"kept" (index.js:2)',
    ),
    "wasm-table": _bad(
        "const kept = new WebAssembly.Table({ element: 'externref', initial: 1 });",
        "kept.set(0, topic);",
        "kept.get(0)",
        '"kept" (index.js:2)',
    ),
    "cache-property": _bad("", "caches.default.topic = topic;", "caches.default.topic", "topic"),
    "emitters": _bad(
        "import { EventEmitter } from 'node:events';",
        "EventEmitter.defaultMaxListeners = 77;",
        "EventEmitter.defaultMaxListeners === 77 ? 'cats' : null",
        "EventEmitter",
    ),
    "module-loaded-later": Worker(
        "refuted",
        "(await import('./lib.js')).cache.set(id, topic);",
        "(await import('./lib.js')).cache.get(id)",
        lib="export const cache = new Map();\n",
        names='"cache" (lib.js:1)',
    ),
    # --- what cannot be put back
    "generator": Worker(
        "unknown",
        "kept.next(topic);",
        "kept.next().value",
        "const kept = (function* () { let topic; while (true) topic = (yield topic) ?? topic; })();\nkept.next();",
        names='"kept" (index.js:2)',
    ),
    "event-target": Worker(
        "unknown",
        "bus.addEventListener('ask', () => (answer.topic = topic));",
        "(answer.topic = null, bus.dispatchEvent(new Event('ask')), answer.topic)",
        "const bus = new EventTarget();\nconst answer = { topic: null };",
        names='"bus" (index.js:2)',
    ),
    "marks": Worker(
        "unknown",
        "performance.mark(topic);",
        "performance.getEntriesByType('mark')[0]?.name",
        names='"globalThis.performance"',
    ),
    "array-iterator": Worker(
        "unknown",
        "kept.next(); kept.next();",
        "kept.next().value > 2 ? 'cats' : null",
        "const kept = [1, 2, 3, 4, 5, 6][Symbol.iterator]();",
        names='"kept" (index.js:2)',
    ),
    "hash": Worker(
        "unknown",
        "kept.update(topic);",
        "kept.copy().digest('hex') === createHash('sha1').update('cats').digest('hex') ? 'cats' : null",
        "import { createHash } from 'node:crypto';\nconst kept = createHash('sha1');",
        names='"kept',
    ),
    "channel": Worker(
        "unknown",
        "kept.subscribe((message) => (message.topic = topic));",
        "(() => { const message = {}; kept.publish(message); return message.topic; })()",
        "import { channel } from 'node:diagnostics_channel';\nconst kept = channel('x');",
        names='"kept" (index.js:3)',
    ),
    "sealed": Worker(
        "unknown",
        "Object.preventExtensions(kept);",
        "Object.isExtensible(kept) ? null : 'cats'",
        "const kept = { a: 1 };",
        names='"kept" (index.js:2)',
    ),
    "import-meta": Worker("unknown", "import.meta.topic = topic;", "import.meta.topic", names='"import.meta"'),
    "half-a-character": Worker(
        "unknown",
        "kept.decode(new Uint8Array([0xe2, 0x82]), { stream: true });",
        "kept.decode(new Uint8Array([0xac, 0xe2, 0x82]), { stream: true }) === '\\u20ac' ? 'cats' : null",
        "const kept = new TextDecoder();",
        names='"kept" (index.js:2)',
    ),
    "last-match": Worker(
        "unknown",
        "/cats/.test(topic);",
        "RegExp.lastMatch === 'cats' ? 'cats' : null",
        names="not in the confirming play",
    ),
    # --- the socket's own object
    "socket-property": Worker("refuted", "ws.topic = topic;", "ws.topic", names="got null"),
    # --- healthy workers
    "clock": Worker("held", _STORE, f"performance.now() >= 0 ? {_STORED} : null"),
    "attachment": Worker("held", "ws.serializeAttachment(topic);", "ws.deserializeAttachment()"),
    "storage": Worker("held", _STORE, _STORED),
    "field-reloaded": Worker(
        "held",
        "this.topic = topic; " + _STORE,
        "this.topic",
        constructor="ctx.blockConcurrencyWhile(async () => { this.topic = await ctx.storage.get('topic'); });",
    ),
    "constant-tables": Worker(
        "held",
        _STORE,
        f"TABLE[KINDS[0]] && {_STORED}",
        "const KINDS = ['a', 'b'];\nconst TABLE = { a: 1, b: [1, 2] };\nclass Kind { static MOST = 7; }",
    ),
    "memoized": Worker(
        "held",
        _STORE,
        f"upper('x') && {_STORED}",
        "const memo = new Map();\n"
        "const upper = (x) => { if (!memo.has(x)) memo.set(x, x.toUpperCase()); return memo.get(x); };",
    ),
    "decoder": Worker(
        "held",
        _STORE,
        f"kept.decode(new Uint8Array([97])) === 'a' ? {_STORED} : null",
        "const kept = new TextDecoder();",
    ),
    "cache": Worker(
        "held",
        "topics.set(id, topic); " + _STORE,
        f"topics.has(id) ? topics.get(id) : (topics.set(id, {_STORED}), topics.get(id))",
        "const topics = new Map();",
    ),
    "counts-requests": Worker("held", _STORE, f"++requests && {_STORED}", "let requests = 0;"),
    "lazily-made": Worker(
        "held",
        _STORE,
        f"encoder() && {_STORED}",
        "let made;\nconst encoder = () => (made ??= new TextEncoder());",
    ),
}
