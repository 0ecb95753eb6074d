// Calls the API of the environment with the key of the environment.
// The key is never in a reply, and no other host is called, not even by a redirect.

import type { Env } from "./env.ts";
import { BadRequest, oneOf, text, whole } from "./fields.ts";
import type { Trials } from "./trial.ts";

const MOST_BODY_BYTES = 64 << 10;
/** Longer than any step of a scenario waits for the reply. */
const DEFAULT_TIMEOUT_MS = 20_000;
const LONGEST_TIMEOUT_MS = 30_000;

interface Api {
  readonly origin: string;
  readonly key: string;
}

/** Which address is called: the API's, or one where nothing listens, to show the error. */
const APIS = { main: "POC_API_ORIGIN", deserted: "POC_API_DESERTED" } as const;
const API_NAMES = ["main", "deserted"] as const;

function apiOf(env: Env, name: keyof typeof APIS): Api {
  const variable = APIS[name];
  const origin = env[variable];
  if (!origin || !URL.canParse(origin)) {
    throw new BadRequest("api_not_configured", `${variable} must hold the API's address, as http://host:port`);
  }
  if (!env.POC_API_KEY) throw new BadRequest("api_not_configured", "POC_API_KEY must hold the API's key");
  return { origin: new URL(origin).origin, key: env.POC_API_KEY };
}

function pathOf(path: string): string {
  if (/^\/(?![/\\])/.test(path)) return path;
  throw new BadRequest("bad_field", '"path" must begin with one slash');
}

/** Returns the body as text, or null if it is longer than the limit. */
async function bodyOf(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BODY_BYTES) return null; // leaving the loop cancels the rest
    chunks.push(chunk);
  }
  return new TextDecoder().decode(await new Blob(chunks).arrayBuffer());
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** Returns the value without the key, in case the API echoes it. */
function without(key: string, value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(key, "[secret]");
  if (Array.isArray(value)) return value.map((item) => without(key, item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [without(key, name), without(key, item)]));
}

/** Returns the worker's error code if there is no response. */
function unanswered(error: unknown, key: string): BadRequest {
  const words = String(without(key, error instanceof Error ? error.message : String(error)));
  const late = error instanceof Error && error.name === "TimeoutError";
  return new BadRequest(late ? "api_timeout" : "api_unreachable", words);
}

async function call({ origin, key }: Api, path: string, timeoutMs: number): Promise<object> {
  const late = new AbortController();
  // Not AbortSignal.timeout: its timer continues after the response and keeps the object in memory.
  const timer = setTimeout(() => {
    late.abort(new DOMException("the API took too long to answer", "TimeoutError"));
  }, timeoutMs);
  try {
    const response = await fetch(origin + path, {
      headers: { Authorization: `Bearer ${key}` },
      redirect: "manual",
      signal: late.signal,
    });
    const body = await bodyOf(response);
    const told = body === null ? null : without(key, parsed(body));
    return { status: response.status, body: told, too_long: body === null };
  } catch (error) {
    throw unanswered(error, key);
  } finally {
    clearTimeout(timer);
  }
}

async function sha256(value: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(value));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const BACKEND = {
  call: (fields) => {
    const path = pathOf(text(fields, "path"));
    const timeoutMs = whole(fields, "timeout_ms", DEFAULT_TIMEOUT_MS, LONGEST_TIMEOUT_MS);
    const name = oneOf(fields, "api", API_NAMES, "main");
    return ({ env }) => call(apiOf(env, name), path, timeoutMs);
  },

  secret: () => async ({ env }) => {
    const key = env.POC_API_KEY ?? "";
    return { present: key !== "", length: key.length, sha256: key === "" ? null : await sha256(key) };
  },
} satisfies Trials;
