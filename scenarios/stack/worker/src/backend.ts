// The room's calls to the app, with the key from its environment.
// No timer is left running: it would keep the room in memory.

import { TRPCError } from "@trpc/server";

import type { Env } from "./env.ts";

const TIMEOUT_MS = 3_000;

/** Asks the app's bot and returns its answer. Throws BAD_GATEWAY, or GATEWAY_TIMEOUT if the app takes too long. */
export async function askBot({ APP_ORIGIN, APP_KEY }: Env, room: string, text: string): Promise<string> {
  if (!APP_ORIGIN || !APP_KEY) throw new TRPCError({ code: "BAD_GATEWAY", message: "no app is configured" });
  const url = new URL("/api/bot", APP_ORIGIN);
  url.search = new URLSearchParams({ room, text }).toString();
  const late = new AbortController();
  // Not AbortSignal.timeout: its timer keeps running after the answer and cannot be cleared.
  const timer = setTimeout(() => late.abort(), TIMEOUT_MS);
  try {
    const headers = { Authorization: `Bearer ${APP_KEY}` };
    const response = await fetch(url, { headers, redirect: "manual", signal: late.signal });
    const answer = (await response.json()) as { text?: unknown };
    if (!response.ok || typeof answer.text !== "string") throw new TypeError(`the app answered ${response.status}`);
    return answer.text;
  } catch (cause) {
    if (late.signal.aborted) throw new TRPCError({ code: "GATEWAY_TIMEOUT", message: "the app took too long", cause });
    throw new TRPCError({ code: "BAD_GATEWAY", message: "the app does not answer", cause });
  } finally {
    clearTimeout(timer);
  }
}
