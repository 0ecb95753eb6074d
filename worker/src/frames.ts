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

export const FRAMES = {
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
