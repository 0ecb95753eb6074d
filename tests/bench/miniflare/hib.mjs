// What one would write with Miniflare instead of poc: by_hand.py's story and assertions, with Miniflare's own evict.
// Never used by poc; it is a peer that the benchmarks compare with. Its arguments: the folder that Miniflare is
// installed in, and the worker's folder.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [, , installed, worker] = process.argv;
const { Miniflare } = createRequire(join(installed, "package.json"))("miniflare");

const TOKEN = "bench";

function modules() {
  const names = readdirSync(join(worker, "src")).filter((name) => name.endsWith(".ts") && name !== "index.ts");
  return ["index.ts", ...names].map((name) => ({
    type: "ESModule",
    path: name,
    contents: readFileSync(join(worker, "src", name), "utf8"),
  }));
}

const simulator = new Miniflare({
  name: "room",
  modules: modules(),
  compatibilityDate: "2026-10-01",
  compatibilityFlags: ["typescript_strip_types", "experimental"],
  bindings: { POC_TOKEN: TOKEN },
  durableObjects: { ROOM: { className: "Room", useSQLite: true } },
});

async function joined(url, name) {
  const address = new URL(`/room/bench?name=${name}`, url);
  address.protocol = "ws:";
  const socket = new WebSocket(address, [`poc.bearer.${TOKEN}`]);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", reject, { once: true });
  });
  return socket;
}

function ask(socket, operation) {
  return new Promise((resolve) => {
    socket.addEventListener("message", ({ data }) => resolve(JSON.parse(data)), { once: true });
    socket.send(JSON.stringify(operation));
  });
}

async function closed(socket) {
  await new Promise((resolve) => {
    socket.addEventListener("close", resolve, { once: true });
    socket.close(1000);
  });
}

try {
  const url = await simulator.ready;
  const [ann, bob] = await Promise.all([joined(url, "ann"), joined(url, "bob")]);
  await ask(ann, { op: "put", key: "color", value: "blue" });
  const before = await ask(bob, { op: "attach", data: 7 });
  await simulator.unsafeEvictDurableObject("room", "Room", { name: "bench", webSockets: "hibernate" });
  const after = await ask(bob, { op: "get", key: "color" });
  assert.equal(after.value, "blue");
  assert.notEqual(after.instance, before.instance);
  assert.equal(after.attachment, 7);
  assert.equal((await ask(ann, { op: "who" })).sockets, 2);
  await Promise.all([closed(ann), closed(bob)]);
} finally {
  await simulator.dispose();
}
