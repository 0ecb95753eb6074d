// The messages of tRPC's WebSocket protocol, and the parser for those of a client.
// Pure functions: no sockets, no procedures.

import { isTrackedEnvelope, TRPCError } from "@trpc/server";
import { parseTRPCMessage, type TRPCResponseMessage } from "@trpc/server/rpc";

export type ConnectionParams = Readonly<Record<string, string>>;

/** A client's request: a procedure call, or the end of a subscription. */
export type Asked = ReturnType<typeof parseTRPCMessage>;
export type Call = Extract<Asked, { readonly params: unknown }>;
export type Id = Asked["id"];

export type Reply = TRPCResponseMessage;

/** Identifies the request being answered; `jsonrpc` is set if the client set it, which tRPC's own client does not. */
export interface Envelope {
  readonly id: Id;
  readonly jsonrpc?: "2.0";
}

export function envelopeOf({ id, jsonrpc }: Asked): Envelope {
  return jsonrpc === undefined ? { id } : { id, jsonrpc };
}

export function isCall(asked: Asked): asked is Call {
  return asked.method !== "subscription.stop";
}

/** Parses a message or a batch without validating its requests. Throws unless it is JSON in a text frame. */
export function batchOf(message: string | ArrayBuffer): { readonly messages: readonly unknown[]; readonly isBatch: boolean } {
  const parsed: unknown = JSON.parse(textOf(message));
  return Array.isArray(parsed) ? { messages: parsed, isBatch: true } : { messages: [parsed], isBatch: false };
}

/** Returns the envelopes for answering the calls of a batch that is rejected as a whole. */
export function callsIn(messages: readonly unknown[]): Envelope[] {
  return messages.flatMap((each) => {
    if (!isObject(each) || each["method"] === "subscription.stop") return [];
    const { id, jsonrpc } = each;
    if (typeof id !== "number" && typeof id !== "string") return [];
    return jsonrpc === "2.0" ? [{ id, jsonrpc }] : [{ id }];
  });
}

/** Parses the first message of a client whose URL has `connectionParams=1`. Throws a TRPCError for any other. */
export function connectionParams(message: string | ArrayBuffer): ConnectionParams | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(textOf(message));
    if (!isObject(parsed)) throw new TypeError("it is not an object");
  } catch (cause) {
    throw new TRPCError({ code: "PARSE_ERROR", message: "Malformed TRPCConnectionParamsMessage", cause });
  }
  const params = parsed["data"];
  if (params === null) return null;
  if (isObject(params) && Object.values(params).every((value) => typeof value === "string")) {
    return params as ConnectionParams;
  }
  throw new TRPCError({ code: "PARSE_ERROR", message: "Invalid connection params shape" });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An event or a result as tRPC wraps it; a tracked event carries its id twice, for the link and for the listener. */
export function data(value: unknown): { type: "data"; data: unknown; id?: string } {
  if (!isTrackedEnvelope(value)) return { type: "data", data: value };
  const [id, inner] = value;
  return { type: "data", id, data: { id, data: inner } };
}

/** A resuming client sends `lastEventId` next to the input; procedures expect it inside the input, as in tRPC. */
export function inputOf({ params: { input, lastEventId } }: Call): unknown {
  if (lastEventId === undefined) return input;
  if (input === undefined || input === null) return { lastEventId };
  return typeof input === "object" && !Array.isArray(input) ? { ...input, lastEventId } : input;
}

function textOf(message: string | ArrayBuffer): string {
  if (typeof message === "string") return message;
  throw new TypeError("tRPC's JSON comes in text frames, and this one is binary");
}
