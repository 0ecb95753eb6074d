// Reads the fields of a request, and throws a typed error if one is missing or has the wrong type.
// Pure: uses neither sockets nor storage.

export type ErrorCode =
  | "not_json"
  | "unknown_op"
  | "bad_field"
  | "failed"
  | "socket_only"
  | "api_not_configured"
  | "api_unreachable"
  | "api_timeout";

/** An invalid request: it becomes an error reply, and the socket stays open. */
export class BadRequest extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export type Fields = Record<string, unknown>;

export function text(fields: Fields, name: string, fallback?: string): string {
  const value = fields[name] ?? fallback;
  if (typeof value !== "string") throw new BadRequest("bad_field", `"${name}" must be a string`);
  return value;
}

export function whole(fields: Fields, name: string, fallback: number, most: number): number {
  const value = fields[name] ?? fallback;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > most) {
    throw new BadRequest("bad_field", `"${name}" must be a whole number from 0 to ${most}`);
  }
  return value;
}

/** Returns a number unchecked, for values that the runtime should check. */
export function number(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== "number") throw new BadRequest("bad_field", `"${name}" must be a number`);
  return value;
}

export function given(fields: Fields, name: string): unknown {
  if (!(name in fields)) throw new BadRequest("bad_field", `"${name}" is missing`);
  return fields[name];
}

/** Returns the one of `known` that a field names. */
export function oneOf<Name extends string>(
  fields: Fields,
  name: string,
  known: readonly Name[],
  fallback?: Name,
): Name {
  const value = fields[name] ?? fallback;
  const found = known.find((candidate) => candidate === value);
  if (found === undefined) throw new BadRequest("bad_field", `"${name}" must be one of ${known.join(", ")}`);
  return found;
}
