// Binary frames in both directions, and texts of which only the length is returned.
// A binary frame is never an operation.

import { text, whole } from "./fields.ts";
import type { Trials } from "./trial.ts";

/** The longest frame that the platform accepts: 32 MiB. */
const MOST_BYTES = 32 << 20;

/** A binary frame with this prefix is echoed. */
export const ECHO = 0x01;

export function isEcho(message: string | ArrayBuffer): message is ArrayBuffer {
  return typeof message !== "string" && message.byteLength > 0 && new Uint8Array(message, 0, 1)[0] === ECHO;
}

/** A binary frame with this prefix is answered with the class that it arrived as. */
export const KIND = 0x02;

/** Returns the answer to a frame that asks for its class, else null; a Blob is always answered, as it cannot be read now. */
export function kindOf(message: string | ArrayBuffer | Blob): object | null {
  if (typeof message === "string") return null;
  if (message instanceof Blob) return { op: "kind", ok: true, kind: "Blob" };
  if (message.byteLength === 0 || new Uint8Array(message, 0, 1)[0] !== KIND) return null;
  return { op: "kind", ok: true, kind: "ArrayBuffer" };
}

/** Sends a binary frame over a socket that this object opened itself, and returns the class of the frame that comes back. */
async function outgoingKind(stub: DurableObjectStub): Promise<object> {
  const { webSocket } = await stub.fetch("http://room/", { headers: { Upgrade: "websocket" } });
  if (webSocket === null) return { kind: null };
  webSocket.accept();
  const heard = new Promise<unknown>((resolve) => webSocket.addEventListener("message", ({ data }) => resolve(data)));
  webSocket.send(Uint8Array.of(ECHO));
  const data = await heard;
  webSocket.close(1000, "heard");
  return { kind: data instanceof Blob ? "Blob" : data instanceof ArrayBuffer ? "ArrayBuffer" : typeof data };
}

export const FRAMES = {
  outgoing_kind: (fields) => {
    const room = text(fields, "room");
    return ({ env }) => outgoingKind(env.ROOM.getByName(room));
  },

  binary: (fields) => {
    const bytes = whole(fields, "bytes", 1, MOST_BYTES);
    return ({ socket }) => {
      socket().send(Uint8Array.from({ length: bytes }, (_, place) => place & 0xff));
      return { bytes };
    };
  },

  length: (fields) => {
    const { length } = text(fields, "text");
    return () => ({ length });
  },
} satisfies Trials;
