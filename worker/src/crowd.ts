// Many sockets to another room, opened inside the runtime on request: this object holds the client ends, so that they
// need no ports and no file descriptors.

import { text, whole } from "./fields.ts";
import { ECHO } from "./frames.ts";
import { originOf } from "./pins.ts";
import type { Stage, Trials } from "./trial.ts";

/** Twice the runtime's limit per object, so that both sides of the limit can be tested. */
const MOST_SOCKETS = 65_536;

/** Concurrent connects; more are not faster. */
const AT_ONCE = 64;

/**
 * After so many the code yields, so that the runtime updates its clock and reads the network. Otherwise, after 13 s of
 * opening without a pause, its 10 s idle timer fired at once, because it had been set with an old clock value.
 */
const BREATH = 1_024;

const DEFAULT_WITHIN_MS = 5_000;
const LONGEST_WITHIN_MS = 120_000;

/** The request on every socket; its reply does not list all sockets, which would be quadratic. */
const ECHOED = Uint8Array.of(ECHO);

/** How often a wait checks whether all have received; it only decides how soon the wait ends. */
const LOOK_MS = 20;

/** One client end, and the number of messages since the last request. */
interface Member {
  readonly socket: WebSocket;
  heard: number;
}

/** The result of opening sockets, with the text of the first refusal. */
interface Opening {
  opened: number;
  refused: number;
  held: number;
  error: string | null;
}

/** The client ends of one object. They keep it in memory, like every outgoing connection. */
export class Crowd {
  readonly #members = new Set<Member>();

  async open(stage: Stage, room: string, sockets: number): Promise<Opening> {
    const stub = stage.env.ROOM.get(stage.env.ROOM.idFromName(room));
    const url = `${originOf(stage.state.storage)}/room/${encodeURIComponent(room)}`;
    const opening: Opening = { opened: 0, refused: 0, held: 0, error: null };
    for (let left = sockets; left > 0; left -= AT_ONCE) {
      if (left % BREATH < AT_ONCE) await scheduler.wait(1);
      await Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, () => this.#join(stub, url, opening)));
    }
    return { ...opening, held: this.#members.size };
  }

  async #join(stub: DurableObjectStub, url: string, opening: Opening): Promise<void> {
    const response = await stub.fetch(url, { headers: { Upgrade: "websocket" } });
    if (response.webSocket === null) {
      opening.refused += 1;
      const { message } = await response.json<{ readonly message: string }>();
      opening.error ??= message;
      return;
    }
    const member: Member = { socket: response.webSocket, heard: 0 };
    member.socket.addEventListener("message", () => (member.heard += 1));
    member.socket.addEventListener("close", () => this.#members.delete(member));
    member.socket.accept();
    this.#members.add(member);
    opening.opened += 1;
  }

  /** Closes some of them, the last first, and waits until the room has closed each. */
  async close(sockets: number): Promise<object> {
    const closing = [...this.#members].slice(Math.max(0, this.#members.size - sockets));
    for (const { socket } of closing) socket.close(1000, "makes room");
    const answered = await eventually(DEFAULT_WITHIN_MS, () => !closing.some((member) => this.#members.has(member)));
    return { closing: closing.length, answered, held: this.#members.size };
  }

  /** Sends a frame on each that the room echoes, and resets the counts. */
  async ask(): Promise<object> {
    let asked = 0;
    for (const member of [...this.#members]) {
      if (++asked % BREATH === 0) await scheduler.wait(1);
      member.heard = 0;
      member.socket.send(ECHOED);
    }
    return { asked };
  }

  /** Waits until each has received something since the last request, and returns the counts. */
  async heard(withinMs: number): Promise<object> {
    await eventually(withinMs, () => [...this.#members].every(({ heard }) => heard > 0));
    let [some, total, fewest, most] = [0, 0, this.#members.size === 0 ? 0 : Infinity, 0];
    for (const member of this.#members) {
      if (member.heard > 0) some += 1;
      total += member.heard;
      fewest = Math.min(fewest, member.heard);
      most = Math.max(most, member.heard);
      member.heard = 0;
    }
    return { held: this.#members.size, heard_by: some, messages: total, fewest, most };
  }
}

async function eventually(withinMs: number, done: () => boolean): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (!done()) {
    if (Date.now() >= deadline) return false;
    await scheduler.wait(LOOK_MS);
  }
  return true;
}

export const CROWD = {
  crowd: (fields) => {
    const room = text(fields, "room");
    const sockets = whole(fields, "sockets", 1, MOST_SOCKETS);
    return (stage) => stage.crowd.open(stage, room, sockets);
  },

  crowd_close: (fields) => {
    const sockets = whole(fields, "sockets", 1, MOST_SOCKETS);
    return ({ crowd }) => crowd.close(sockets);
  },

  crowd_ask: () => ({ crowd }) => crowd.ask(),

  crowd_heard: (fields) => {
    const withinMs = whole(fields, "within_ms", DEFAULT_WITHIN_MS, LONGEST_WITHIN_MS);
    return ({ crowd }) => crowd.heard(withinMs);
  },
} satisfies Trials;
