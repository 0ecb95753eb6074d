// The worker's protocol: what a client may ask, and the typed error it gets for anything else.
// Pure: parses and describes, touches neither sockets nor storage.

/** Where `put` writes and `get` reads: a SQL table, the synchronous KV API, or the asynchronous one. */
export const STORES = ["sql", "kv", "put"] as const;
export type Store = (typeof STORES)[number];

export type Operation =
  | { readonly op: "who" }
  | { readonly op: "echo"; readonly text: unknown }
  | { readonly op: "count" }
  | { readonly op: "put"; readonly key: string; readonly value: unknown; readonly store: Store }
  | { readonly op: "get"; readonly key: string; readonly store: Store }
  | { readonly op: "attach"; readonly data: unknown }
  | { readonly op: "broadcast"; readonly text: unknown }
  | { readonly op: "alarm"; readonly in_ms: number }
  | { readonly op: "close"; readonly code: number; readonly reason: string };

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

function whole(fields: Fields, name: string, fallback: number): number {
  const value = fields[name] ?? fallback;
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw new BadRequest("bad_field", `"${name}" must be a whole number`);
  }
  return value;
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
  alarm: (fields) => ({ op: "alarm", in_ms: whole(fields, "in_ms", 0) }),
  close: (fields) => ({ op: "close", code: whole(fields, "code", 1000), reason: text(fields, "reason", "") }),
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
