// The worker's protocol: what a client may ask, and the typed error it gets for anything else.
// Pure: parses and describes, touches neither sockets nor storage.

/** Where `put` writes and `get` reads: a SQL table, the synchronous KV API, or the asynchronous one. */
export const STORES = ["sql", "kv", "put"] as const;
export type Store = (typeof STORES)[number];

export type SqlValue = string | number | null;

export type Operation =
  | { readonly op: "who" }
  | { readonly op: "echo"; readonly text: unknown }
  | { readonly op: "count" }
  | { readonly op: "put"; readonly key: string; readonly value: unknown; readonly store: Store }
  | { readonly op: "get"; readonly key: string; readonly store: Store }
  | { readonly op: "attach"; readonly data: unknown }
  | { readonly op: "broadcast"; readonly text: unknown }
  | { readonly op: "say"; readonly text: unknown }
  | { readonly op: "sql"; readonly query: string; readonly values: readonly SqlValue[] }
  | { readonly op: "tagged"; readonly tag: string }
  | { readonly op: "alarm"; readonly in_ms: number }
  | { readonly op: "sleep"; readonly ms: number }
  | { readonly op: "flood"; readonly messages: number; readonly bytes: number }
  | { readonly op: "throw"; readonly text: string }
  | { readonly op: "abort"; readonly text: string }
  | { readonly op: "close"; readonly code: number; readonly reason: string };

/** Bounds that keep a slip in a scenario from stopping the whole runtime, whose objects share one thread. */
const LONGEST_SLEEP_MS = 120_000;
const LONGEST_ALARM_MS = 86_400_000;
const MOST_MESSAGES = 100_000;
const MOST_BYTES = 32 << 20;

export type ErrorCode = "not_json" | "unknown_op" | "bad_field" | "failed" | "socket_only";

/** A request that the worker refuses: it becomes an error reply and closes nothing. */
export class BadRequest extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

type Fields = Record<string, unknown>;

function text(fields: Fields, name: string, fallback?: string): string {
  const value = fields[name] ?? fallback;
  if (typeof value !== "string") throw new BadRequest("bad_field", `"${name}" must be a string`);
  return value;
}

function whole(fields: Fields, name: string, fallback: number, most: number): number {
  const value = fields[name] ?? fallback;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > most) {
    throw new BadRequest("bad_field", `"${name}" must be a whole number from 0 to ${most}`);
  }
  return value;
}

function sqlValues(fields: Fields): SqlValue[] {
  const values = fields["values"] ?? [];
  const simple = (value: unknown): value is SqlValue =>
    value === null || typeof value === "string" || typeof value === "number";
  if (!Array.isArray(values) || !values.every(simple)) {
    throw new BadRequest("bad_field", '"values" must be a list of strings, numbers and nulls');
  }
  return values;
}

function given(fields: Fields, name: string): unknown {
  if (!(name in fields)) throw new BadRequest("bad_field", `"${name}" is missing`);
  return fields[name];
}

function store(fields: Fields): Store {
  const name = fields["store"] ?? "sql";
  const known = STORES.find((candidate) => candidate === name);
  if (known === undefined) throw new BadRequest("bad_field", `"store" must be one of ${STORES.join(", ")}`);
  return known;
}

const READERS: { readonly [Name in Operation["op"]]: (fields: Fields) => Operation & { op: Name } } = {
  who: () => ({ op: "who" }),
  echo: (fields) => ({ op: "echo", text: given(fields, "text") }),
  count: () => ({ op: "count" }),
  put: (fields) => ({ op: "put", key: text(fields, "key"), value: given(fields, "value"), store: store(fields) }),
  get: (fields) => ({ op: "get", key: text(fields, "key"), store: store(fields) }),
  attach: (fields) => ({ op: "attach", data: given(fields, "data") }),
  broadcast: (fields) => ({ op: "broadcast", text: given(fields, "text") }),
  say: (fields) => ({ op: "say", text: given(fields, "text") }),
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
  close: (fields) => ({ op: "close", code: whole(fields, "code", 1000, 4999), reason: text(fields, "reason", "") }),
};

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isKnown(name: unknown): name is Operation["op"] {
  return typeof name === "string" && Object.hasOwn(READERS, name);
}

/** Gives what was asked together with the caller's `id` (echoed in the reply). Throws BadRequest. */
export function parseOperation(message: string | ArrayBuffer): { operation: Operation; id: unknown } {
  if (typeof message !== "string") throw new BadRequest("not_json", "a binary message is not an operation");
  let fields: unknown;
  try {
    fields = JSON.parse(message);
  } catch {
    throw new BadRequest("not_json", "the message is not JSON");
  }
  if (!isFields(fields)) throw new BadRequest("not_json", "the message is not a JSON object");
  const name = fields["op"];
  if (!isKnown(name)) {
    throw new BadRequest("unknown_op", `"op" must be one of ${Object.keys(READERS).join(", ")}`);
  }
  return { operation: READERS[name](fields), id: fields["id"] };
}

/**
 * The code a handler may answer a close with: 1005, 1006 and 1015 stand for "no code was sent" and may not be
 * sent themselves (RFC 6455, 7.4.1), so they are answered with 1000.
 */
export function legalCloseCode(code: number): number {
  return code === 1005 || code === 1006 || code === 1015 ? 1000 : code;
}
