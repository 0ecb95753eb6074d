// Attachments of sockets: their sizes and types, and what a socket keeps without serializing it.
// Errors of the runtime are not caught, because their text is the reply.

import type { NextBoot } from "./boots.ts";
import { BadRequest, given, whole } from "./fields.ts";
import type { Trials } from "./trial.ts";
import { different, samples, type Samples } from "./types.ts";

export interface Attachment {
  readonly name: string;
  readonly data: unknown;
  /** One value of each type, for `attach_types_check`; separate from `data`, because JSON cannot hold them. */
  readonly types?: Samples;
  /** What the next constructor should do. */
  readonly next?: NextBoot;
}

/** Twice the platform's limit, so that both sides of it can be tested. */
const MOST_BYTES = 32_768;

/** The bytes of an integer in V8's format: seven bits each. */
function varint(value: number): number {
  return value < 128 ? 1 : 1 + varint(value >> 7);
}

/** The bytes of a string in V8's format at an offset: its tag, its length, and one or two per character. */
function stringBytes(value: string, place: number): number {
  if (/^[\u0000-\u00ff]*$/.test(value)) return 1 + varint(value.length) + value.length;
  const bytes = 2 * value.length;
  const head = 1 + varint(bytes);
  return ((place + head) & 1) + head + bytes; // two-byte characters begin at an even place
}

/** The bytes of `{ name, data }` as the runtime serializes it: "\xff\x0f" "o" name data "{" and the count. */
export function serializedBytes(name: string, data: string): number {
  let bytes = 3;
  for (const part of ["name", name, "data", data]) bytes += stringBytes(part, bytes);
  return bytes + 2;
}

/** Returns the text that makes an attachment of exactly so many bytes. Throws BadRequest if there is none. */
function textFor(name: string, bytes: number): string {
  // The estimate is off by at most the three bytes of the length.
  const estimate = bytes - serializedBytes(name, "");
  for (let length = Math.max(0, estimate - 3); length <= estimate; length += 1) {
    const data = "x".repeat(length);
    if (serializedBytes(name, data) === bytes) return data;
  }
  throw new BadRequest("bad_field", `no text makes an attachment of exactly ${bytes} bytes`);
}

export function attachmentOf(socket: WebSocket): Attachment | null {
  return socket.deserializeAttachment() as Attachment | null;
}

function nameOf(socket: WebSocket): string {
  return attachmentOf(socket)?.name ?? "";
}

export const ATTACHMENTS = {
  attach_bytes: (fields) => {
    const bytes = whole(fields, "bytes", 0, MOST_BYTES);
    return ({ socket }) => {
      const own = socket();
      const name = nameOf(own);
      const data = textFor(name, bytes);
      own.serializeAttachment({ name, data } satisfies Attachment);
      return { bytes, length: data.length };
    };
  },

  /** The length of the socket's text; null if it has no text. */
  attach_length: () => ({ socket }) => {
    const data = attachmentOf(socket())?.data;
    return { length: typeof data === "string" ? data.length : null };
  },

  attach_mutate: (fields) => {
    const data = given(fields, "data");
    return ({ socket }) => {
      const own: { data?: unknown } | null = attachmentOf(socket());
      if (own !== null) own.data = data;
      return { mutated: own?.data ?? null };
    };
  },

  attach_types: () => ({ socket }) => {
    const own = socket();
    own.serializeAttachment({ name: nameOf(own), data: "types", types: samples() } satisfies Attachment);
    return { types: Object.keys(samples()) };
  },

  attach_types_check: () => ({ socket }) => {
    const wrong = different(attachmentOf(socket())?.types);
    return { equal: Object.keys(samples()).filter((name) => !wrong.includes(name)), different: wrong };
  },

  attach_function: () => ({ socket }) => {
    const own = socket();
    own.serializeAttachment({ name: nameOf(own), data: () => {} } satisfies Attachment);
    return {};
  },
} satisfies Trials;
