// The messages of tRPC's WebSocket protocol, and how to read those of a client.
// Pure: touches neither sockets nor procedures.

import { isTrackedEnvelope, TRPCError } from "@trpc/server";
import { parseTRPCMessage, type TRPCResponseMessage } from "@trpc/server/rpc";

export type ConnectionParams = Readonly<Record<string, string>>;

/** What a client asks: a call of a procedure, or the end of a subscription. */
export type Asked = ReturnType<typeof parseTRPCMessage>;
export type Call = Extract<Asked, { readonly params: unknown }>;
export type Id = Asked["id"];

export type Reply = TRPCResponseMessage;

/** By what a client knows what is answered; JSON-RPC's version is there where it named one, and tRPC's own does not. */
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

/** Reads one message or a batch of them. Throws where one of them is none. */
export function parse(message: string | ArrayBuffer, transformer: Parameters<typeof parseTRPCMessage>[1]): Asked[] {
  const parsed: unknown = JSON.parse(textOf(message));
  return (Array.isArray(parsed) ? parsed : [parsed]).map((each) => parseTRPCMessage(each, transformer));
}

/** Reads what a client whose address says `connectionParams=1` sends first. Throws a TRPCError where it is not that. */
export function connectionParams(message: string | ArrayBuffer): ConnectionParams | null {
  try {
    const { method, data: params } = JSON.parse(textOf(message)) as { method?: unknown; data?: unknown };
    if (method !== "connectionParams") throw new TypeError("the first message must be connectionParams");
    if (params === null) return null;
    if (typeof params !== "object" || Object.values(params as object).some((value) => typeof value !== "string")) {
      throw new TypeError("connectionParams must be texts");
    }
    return params as ConnectionParams;
  } catch (cause) {
    throw new TRPCError({ code: "PARSE_ERROR", message: "malformed connectionParams", cause });
  }
}

/** An event or a reply as tRPC wraps it: what is tracked carries its id twice, for the link and for the listener. */
export function data(value: unknown): { type: "data"; data: unknown; id?: string } {
  if (!isTrackedEnvelope(value)) return { type: "data", data: value };
  const [id, inner] = value;
  return { type: "data", id, data: { id, data: inner } };
}

/** A client that resumes says so beside the input; procedures find it in the input, as everywhere in tRPC. */
export function inputOf({ params: { input, lastEventId } }: Call): unknown {
  if (lastEventId === undefined) return input;
  if (input === undefined || input === null) return { lastEventId };
  return typeof input === "object" && !Array.isArray(input) ? { ...input, lastEventId } : input;
}

function textOf(message: string | ArrayBuffer): string {
  if (typeof message === "string") return message;
  throw new TypeError("tRPC's JSON comes in text frames, and this one is binary");
}
