// The worker's protocol: the requests of clients, and the typed error for anything else.
// Pure: uses neither sockets nor storage.

import { STORES, type Store } from "./entries.ts";
import { BadRequest, given, oneOf, text, whole, type Fields } from "./fields.ts";
import type { Trial } from "./trial.ts";
import { isTrial, TRIALS, type TrialName } from "./trials.ts";

export type { Store };

export type SqlValue = string | number | null;

/** The operations of the room itself. */
type Core =
  | { readonly op: "who" }
  | { readonly op: "echo"; readonly text: unknown }
  | { readonly op: "count" }
  | { readonly op: "put"; readonly key: string; readonly value: unknown; readonly store: Store }
  | { readonly op: "get"; readonly key: string; readonly store: Store }
  | { readonly op: "attach"; readonly data: unknown }
  | { readonly op: "broadcast"; readonly text: unknown }
  | { readonly op: "say"; readonly text: unknown }
  | { readonly op: "publish"; readonly text: unknown; readonly again: boolean }
  | { readonly op: "sql"; readonly query: string; readonly values: readonly SqlValue[] }
  | { readonly op: "tagged"; readonly tag: string }
  | { readonly op: "alarm"; readonly in_ms: number }
  | { readonly op: "sleep"; readonly ms: number }
  | { readonly op: "flood"; readonly messages: number; readonly bytes: number }
  | { readonly op: "throw"; readonly text: string }
  | { readonly op: "abort"; readonly text: string }
  | { readonly op: "close"; readonly code: number; readonly reason: string };

export type Operation = Core | { readonly op: TrialName; readonly run: Trial };

/** Limits so that a mistake in a scenario does not block the whole runtime, whose objects share one thread. */
const LONGEST_SLEEP_MS = 120_000;
const LONGEST_ALARM_MS = 86_400_000;
const MOST_MESSAGES = 100_000;
const MOST_BYTES = 32 << 20;

/** The longest reason of a close frame (RFC 6455, 5.5.1); the runtime checks which ones are legal. */
const HIGHEST_CODE = 65_535;

function sqlValues(fields: Fields): SqlValue[] {
  const values = fields["values"] ?? [];
  const simple = (value: unknown): value is SqlValue =>
    value === null || typeof value === "string" || typeof value === "number";
  if (!Array.isArray(values) || !values.every(simple)) {
    throw new BadRequest("bad_field", '"values" must be a list of strings, numbers and nulls');
  }
  return values;
}

function store(fields: Fields): Store {
  return oneOf(fields, "store", STORES, "sql");
}

const READERS: { readonly [Name in Core["op"]]: (fields: Fields) => Core & { op: Name } } = {
  who: () => ({ op: "who" }),
  echo: (fields) => ({ op: "echo", text: given(fields, "text") }),
  count: () => ({ op: "count" }),
  put: (fields) => ({ op: "put", key: text(fields, "key"), value: given(fields, "value"), store: store(fields) }),
  get: (fields) => ({ op: "get", key: text(fields, "key"), store: store(fields) }),
  attach: (fields) => ({ op: "attach", data: given(fields, "data") }),
  broadcast: (fields) => ({ op: "broadcast", text: given(fields, "text") }),
  say: (fields) => ({ op: "say", text: given(fields, "text") }),
  publish: (fields) => ({ op: "publish", text: given(fields, "text"), again: fields["again"] === true }),
  sql: (fields) => ({ op: "sql", query: text(fields, "query"), values: sqlValues(fields) }),
  tagged: (fields) => ({ op: "tagged", tag: text(fields, "tag") }),
  sleep: (fields) => ({ op: "sleep", ms: whole(fields, "ms", 0, LONGEST_SLEEP_MS) }),
  flood: (fields) => ({
    op: "flood",
    messages: whole(fields, "messages", 1, MOST_MESSAGES),
    bytes: whole(fields, "bytes", 1, MOST_BYTES),
  }),
  throw: (fields) => ({ op: "throw", text: text(fields, "text", "thrown on request") }),
  abort: (fields) => ({ op: "abort", text: text(fields, "text", "aborted on request") }),
  alarm: (fields) => ({ op: "alarm", in_ms: whole(fields, "in_ms", 0, LONGEST_ALARM_MS) }),
  close: (fields) => ({
    op: "close",
    code: whole(fields, "code", 1000, HIGHEST_CODE),
    reason: text(fields, "reason", ""),
  }),
};

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isKnown(name: unknown): name is Core["op"] {
  return typeof name === "string" && Object.hasOwn(READERS, name);
}

/** Returns the fields of a message; its `id` is echoed in every reply. Throws BadRequest if it is invalid. */
export function parseFields(message: string | ArrayBuffer): Fields {
  if (typeof message !== "string") throw new BadRequest("not_json", "a binary message is not an operation");
  let fields: unknown;
  try {
    fields = JSON.parse(message);
  } catch {
    throw new BadRequest("not_json", "the message is not JSON");
  }
  if (!isFields(fields)) throw new BadRequest("not_json", "the message is not a JSON object");
  return fields;
}

/** Returns the operation of the fields. Throws BadRequest if it is invalid. */
export function operationOf(fields: Fields): Operation {
  const name = fields["op"];
  if (typeof name === "string" && isTrial(name)) return { op: name, run: TRIALS[name](fields) };
  if (!isKnown(name)) {
    const known = [...Object.keys(READERS), ...Object.keys(TRIALS)];
    throw new BadRequest("unknown_op", `"op" must be one of ${known.join(", ")}`);
  }
  return READERS[name](fields);
}

/**
 * The code with which a handler replies to a close: what the client sent, if a close frame may carry it (RFC 6455, 7.4:
 * 1000 to 1014 without 1004 to 1006, and 3000 to 4999), else 1000. For most others close() throws, so that the client
 * gets no close frame; those from 1016 to 2999 are sent, and clients take them for an error of the protocol.
 */
export function legalCloseCode(code: number): number {
  const isLegal = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
  return isLegal ? code : 1000;
}
